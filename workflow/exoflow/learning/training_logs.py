"""Files to watch a training with: TensorBoard's events and DVCLive's metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat


class DvcliveWriter(KVWriter):
    """Metrics as DVCLive keeps them: one tsv per metric and a summary, without Git or DVC."""

    def __init__(self, folder: Path, resume: bool):
        from dvclive import Live

        self.live = Live(
            str(folder),
            resume=resume,
            report=None,
            save_dvc_exp=False,
            dvcyaml=None,
            monitor_system=False,
        )

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, Any], step: int = 0
    ) -> None:
        """One row of every number."""
        self.live.step = step
        for name, value in sorted(key_values.items()):
            if isinstance(value, int | float):
                self.live.log_metric(name, value)
        self.live.make_summary()

    def close(self) -> None:
        """Write what is left."""
        self.live.end()


def training_logger(folder: Path | None, resume: bool) -> Logger:
    """Stable-Baselines3's logger writing to `folder`/tensorboard and /dvclive; none: nowhere."""
    if folder is None:
        return Logger(None, [])
    outputs = [TensorBoardOutputFormat(str(folder / "tensorboard"))]
    return Logger(str(folder), [*outputs, DvcliveWriter(folder / "dvclive", resume)])
