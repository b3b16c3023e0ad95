"""One controller for all conditions, told speed and slope: `teacher:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class TeacherSettings:
    """PPO on the walkers of all conditions at once; everything not here is `policy`'s."""

    enabled: bool = setting(
        False, doc="Train a teacher, which then teaches the student instead of the policies."
    )
    kind: str = setting(
        "mlp", doc="Network, as policy.kind.", choices=("lstm_window", "lstm_carried", "mlp")
    )
    hidden: int = setting(256, doc="As policy.hidden.", minimum=1, maximum=1024)
    width: int = setting(128, doc="As policy.width.", minimum=1, maximum=1024)
    steps: int = setting(
        2000000, doc="Control ticks simulated in training, all conditions together.", minimum=1
    )
    n_walkers: int = setting(
        128, doc="Walkers side by side, shared evenly by conditions and slopes.", minimum=1
    )
    buffer: int = setting(16384, doc="Ticks between two updates, all walkers together.", minimum=2)
    seed: int = setting(1, doc="Random seed of the training.", minimum=0)
