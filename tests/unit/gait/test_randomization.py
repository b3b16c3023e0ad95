"""Drawn walkers: what a variation changes, what the ranges hold, who is drawn again."""

import dataclasses

import numpy as np
import pytest

from exoflow.config import load_params, phase_settings
from exoflow.config.exo import ExoSettings
from exoflow.config.params import SECTIONS, build_params
from exoflow.config.policy import PolicySettings
from exoflow.config.randomization import RANGES, RandomizationSettings
from exoflow.errors import ParamsError, SimulationError
from exoflow.gait.randomization import draw, ranges_of, survivors
from exoflow.gait.training_walkers import training_subjects
from exoflow.simulation import NoExo, Variation, Walker, ZeroTorque
from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values

MODEL = {
    "id": "h0918v3", "activation": "opensim", "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.6,
}  # fmt: skip
GAIT = {
    "reflexes": "h0918_rs3",
    "parameters": load_start_values(DATA / "reflexes" / "start_level.csv"),
}


def _walker(**changes) -> Walker:
    return Walker.create(
        MODEL, reflexes="h0918_rs3", timestep_s=0.001, exo={"torque_limit_Nm": 8.0},
        variation=Variation(**changes),
    )  # fmt: skip


def test_each_part_of_a_variation_changes_its_own_part_of_the_walker():
    plain = _walker()
    heavy, strong = _walker(mass=1.1), _walker(strength=1.2)
    assert heavy.model.body_mass == pytest.approx(1.1 * plain.model.body_mass)
    assert strong.model.muscles[0].max_force == pytest.approx(
        1.2 * plain.model.muscles[0].max_force
    )
    assert strong.model.body_mass == plain.model.body_mass
    slippery = _walker(ground_friction=0.5).model.contacts[0].friction
    assert slippery == pytest.approx(0.5 * plain.model.contacts[0].friction)
    assert np.degrees(_walker(slope_deg=2.0).model.slope_rad) == pytest.approx(2.0)
    # The exo's 2.9 kg grow by a tenth, the body's mass does not.
    carried = [sum(b.mass for b in w.model.bodies) for w in (_walker(exo_mass=1.1), plain)]
    assert carried[0] - carried[1] == pytest.approx(0.29)
    gain = _walker(torque_gain=0.9).exo_arrays(ZeroTorque()).torque_gain
    assert gain == pytest.approx(0.9)
    # 10 ms of the settings; sensors and actuator delay one loop.
    assert plain.delay_steps == 10
    assert _walker(sensor_delay_s=0.004, actuator_delay_s=0.003).delay_steps == 17
    assert _walker(actuator_delay_s=-0.05).delay_steps == 0


def test_a_gain_scales_the_torque_and_a_soft_start_lets_it_grow():
    exo = {"torque_limit_Nm": 8.0, "lag_s": 0.0, "delay_s": 0.0, "slew_Nm_s": 1e4}

    def torques(**changes):
        walker = Walker.create(
            MODEL, reflexes="h0918_rs3", timestep_s=0.001, exo={**exo, **changes}
        )
        batch = walker.batch(GAIT["parameters"], 1)
        column, found = batch.index("torque_r"), []
        for _ in range(20):
            batch.step(np.array([[4.0, -4.0]]))
            found.append(batch.measures[0, column])
        return np.array(found)

    np.testing.assert_allclose(torques(soft_start_s=0.0), 4.0)
    np.testing.assert_allclose(torques(soft_start_s=0.0, torque_gain=1.5), 6.0)
    # The last step of a tick begins 1 ms before its end.
    ends = (np.arange(1, 21) * 0.01 - 0.001) / 0.1
    np.testing.assert_allclose(torques(soft_start_s=0.1), 4.0 * np.minimum(1.0, ends))


def test_draws_fill_their_ranges_and_equal_ends_switch_one_off():
    settings = RandomizationSettings(mass=(1.0, 1.0))
    rng = np.random.default_rng(0)
    drawn = [draw(ranges_of(settings), rng) for _ in range(500)]
    for name in RANGES:
        values = np.array([getattr(one, name) for one in drawn])
        low, high = getattr(settings, name)
        assert low <= values.min() and values.max() <= high
        assert values.std() == pytest.approx((high - low) / np.sqrt(12), rel=0.1)
    assert {one.mass for one in drawn} == {1.0}
    wide = ranges_of(settings, stretch=1.5)["strength"]
    assert wide == pytest.approx((0.85, 1.15))


@pytest.mark.parametrize("ends", [[1.2, 0.8], [1.0], [0.9, 1.0, 1.1]])
def test_a_range_needs_a_low_and_a_high_end(ends):
    sections = {name: {} for name in SECTIONS}
    data = {"conditions": {"level": {"speed_m_s": 1.3}}, **sections}
    with pytest.raises(ParamsError, match=r"policy.randomization.strength = .* is no range"):
        build_params({**data, "policy": {"randomization": {"strength": ends}}})


def test_drawn_subjects_differ_are_reproducible_and_fill_the_slopes():
    settings = phase_settings(load_params(DATA.parent / "params.yaml"), "policy", "level", 1)
    policy = PolicySettings(
        slopes_deg=(-1.0, 0.0),
        randomization=RandomizationSettings(humans=4, slope_deg=(0.0, 0.0)),
    )
    first, again = (training_subjects(GAIT, settings, policy, seed=1) for _ in range(2))
    other = training_subjects(GAIT, settings, policy, seed=2)

    def mass(subjects):
        return [one.walker.model.body_mass for one in subjects]

    assert mass(first) == mass(again) != mass(other)
    assert len(set(mass(first))) == 4
    assert [round(one.told["slope"], 6) for one in first] == [-1.0, 0.0, -1.0, 0.0]


def test_ranges_that_nobody_can_walk_in_are_refused():
    settings = phase_settings(load_params(DATA.parent / "params.yaml"), "policy", "level", 1)
    policy = PolicySettings(
        randomization=RandomizationSettings(humans=1, strength=(0.2, 0.2)), timestep_s=0.002
    )
    with pytest.raises(SimulationError, match=r"only 0 of 10 walkers drawn .* Narrow"):
        training_subjects(GAIT, settings, policy)


def test_survivors_do_not_depend_on_threads():
    exo = dataclasses.asdict(ExoSettings())

    def make(variation):
        return Walker.create(
            MODEL, reflexes="h0918_rs3", timestep_s=0.002, exo=exo, variation=variation
        )

    variations = [Variation(), Variation(strength=0.2), Variation(slope_deg=1.0)]
    stood = [
        survivors(make, GAIT["parameters"], {"off": NoExo()}, variations, 3.0, None, threads)
        for threads in (1, 2)
    ]
    assert stood[0] == stood[1]
    assert stood[0]["off"][0] and not stood[0]["off"][1]
