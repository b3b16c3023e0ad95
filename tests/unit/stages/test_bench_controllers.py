"""The experiment with all controllers: its table by hand, and all of it at its smallest."""

import json
from pathlib import Path

import pytest
import yaml

from exoflow.config.params import SECTIONS
from exoflow.gait.comparison import mean_change, relative_changes
from exoflow.stages.bench_ablations import VARIANTS, ablation_table
from exoflow.stages.bench_controllers import Experiment, comparison_table, run

ROOT = Path(__file__).parents[3]


def _member(costs: dict[float, float], fell: bool = False) -> dict:
    walks = [
        {
            "slope_change_deg": slope,
            "fell": False,
            "speed_m_s": 1.25,
            "cot_effort_J_kg_m": cost,
            "metabolic_power_W_kg": 1.25 * cost,
        }
        for slope, cost in costs.items()
    ]
    return {"walks": walks + ([{"slope_change_deg": 5.0, "fell": True}] if fell else [])}


def test_each_walk_is_compared_on_its_own_slope():
    reference = _member({-1.0: 5.0, 1.0: 10.0})
    # -10 % downhill and -20 % uphill, twice: -15 %; the walk without a reference does not count.
    member = _member({-1.0: 4.5, 1.0: 8.0, 2.0: 1.0}, fell=True)
    walks = member["walks"]
    changes = relative_changes(walks, reference["walks"], "cot_effort_J_kg_m")
    assert changes == [pytest.approx(-10.0), pytest.approx(-20.0), None, None]
    mean = mean_change(walks, reference["walks"], "cot_effort_J_kg_m")
    assert mean == pytest.approx(-15.0)
    assert mean_change([], reference["walks"], "cot_effort_J_kg_m") is None


def test_table_groups_seeds_and_shows_both_references():
    compared = {
        "none": _member({0.0: 6.0}),
        "mlp_round1_seed1": _member({0.0: 5.7}) | {"peak_torque_Nm": 8.0, "rms_torque_Nm": 4.0},
        "mlp_round1_seed2": _member({0.0: 5.4}, fell=True)
        | {"peak_torque_Nm": 6.0, "rms_torque_Nm": 3.0},
        "control_round1_seed1": _member({0.0: 4.9}),
        "control_round1_seed2": _member({0.0: 5.1}),
        "control_round2_seed1": _member({0.0: 1.0}),
        "mlp_round0_seed1": _member({0.0: 5.7}),
    }
    lines = comparison_table({"limits": {"8 Nm": compared}}).splitlines()
    row = next(line for line in lines if line.startswith("| mlp_round1 "))
    # Against the first human -5 and -10 %, against the mean of its round's controls +14 and +8 %.
    # The control of a human who was not searched again is the first human.
    assert "| mlp_round0 | 1 | 0/1 | 1.250 | -5.0 | -5.0 | -5.0 |  |" in lines
    assert row == (
        "| mlp_round1 | 2 | 1/3 | 1.250 | -7.5 (-10.0, -5.0) | -7.5 (-10.0, -5.0) "
        "| +11.0 (+8.0, +14.0) | 7.0 / 3.5 |"
    )


def test_ablations_pool_the_walkers_of_all_seeds():
    compared = {"none": _member({0.0: 6.0})} | {
        f"{name}_seed{seed}": _member({0.0: 5.4 if seed == 1 else 5.7})
        for name in VARIANTS
        for seed in (1, 2)
    }
    # 90 of 100 and 100 of 100: 190 of 200, Wilson's 95 % interval 91.0 to 97.3 %.
    stood = {
        "1": {f"{name}_seed{seed}": [80 + 10 * seed, 100] for name in VARIANTS for seed in (1, 2)}
        | {"off_adapted_seed1": [50, 100], "off_adapted_seed2": [50, 100]}
        | {"off_frozen_human_seed1": [60, 100]}
    }
    lines = ablation_table(compared, stood).splitlines()
    assert lines[2] == (
        "| full | 2 | 0/2 | -7.5 (-10.0, -5.0) | -7.5 (-10.0, -5.0) | 190/200 (91..97 %) |"
    )
    assert lines[-2:] == [
        "| off_adapted | | | | | 100/200 (43..57 %) |",
        "| off_frozen_human | | | | | 60/100 (50..69 %) |",
    ]


@pytest.mark.slow
def test_smallest_experiment_runs_and_a_second_run_has_nothing_to_do(tmp_path, monkeypatch, capsys):
    tiny = {
        "reflex": {"timestep_s": 0.002, "slopes_deg": [0.0]},
        "wearer": {"duration_s": 1.0, "gain_shares": [0.5], "delays_s": [0.15]},
        "policy": {
            "hidden": 8, "width": 8, "critic_widths": [8],
            "n_walkers": 4, "buffer": 128, "batch": 64, "evaluation_walkers": 2,
            "evaluation_s": 1.0, "slopes_deg": [0.0], "timestep_s": 0.002,
        },
        "metabolics": {
            "duration_s": 6.0, "last_strides": 2, "slopes_deg": [0.0],
            "dofc": {"evaluations": 2, "duration_s": 2.0, "slopes_deg": [0.0]},
        },
    }  # fmt: skip
    params = {"conditions": {"level": {"speed_m_s": 1.27}}, **{name: {} for name in SECTIONS}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params | tiny))
    printed = yaml.safe_load((ROOT / "config/barati_as_printed.yaml").read_text())
    printed["policy"] |= {"hidden": 8, "width": 8, "n_walkers": 4, "buffer": 128, "batch": 64}
    printed["policy"]["epochs"] = 1
    (tmp_path / "config").mkdir()
    (tmp_path / "config/barati_as_printed.yaml").write_text(yaml.safe_dump(printed))
    monkeypatch.chdir(tmp_path)
    experiment = Experiment(
        folder=Path("out"), gait=ROOT / "data/reference/level.json", limits_Nm=(8.0,), seeds=(1,),
        printed_seeds=(1,), rounds=1, evaluations=2, steps=128, pupil_steps=128,
        copy_steps=128, printed_steps=128,
    )  # fmt: skip
    run(experiment)
    result = json.loads(Path("out/comparison.json").read_text())
    compared = result["limits"]["8 Nm"]
    assert set(compared) == {
        "none", "off", "zero_torque", "dofc_round0", "dofc_round1_seed1", "phantom_round1_seed1",
        "barati_as_printed_seed1",
        "mlp_round0_seed1", "lstm_window_round0_seed1", "mlp_round1_seed1",
        "lstm_window_round1_seed1", "control_round1_seed1",
    }  # fmt: skip
    assert "| control_round1 | 1 | 0/1 |" in Path("out/comparison.md").read_text()
    capsys.readouterr()
    run(experiment)
    assert "exoflow bench: " not in capsys.readouterr().err
