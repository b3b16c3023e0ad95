"""Muscle paths and forward kinematics against the check tables of the three model versions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exoflow.errors import ModelError
from exoflow.simulation import mechanics
from exoflow.simulation.geometry import model_geometry
from exoflow.simulation.model_data import VERSIONS, load_model

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("model", VERSIONS)
def test_lengths_and_moment_arms_match_the_check_table(model):
    table = pd.read_csv(GOLDEN / "h0918_geometry_checks.csv").query(
        "model_version == @VERSIONS[@model]"
    )
    assert len(table) == 54
    for pose, rows in table.groupby("pose"):
        first = rows.iloc[0]
        angles = {}
        for side in "rl":
            for dof, column in (
                ("hip_flexion", "hip_flex_deg"),
                ("knee_angle", "knee_angle_deg"),
                ("ankle_angle", "ankle_angle_deg"),
            ):
                angles[f"{dof}_{side}"] = np.radians([first[column]])
        out = model_geometry(model, angles)
        for row in rows.itertuples():
            got = [out[f"{row.muscle}.mtu_length"][0]]
            got += [out[f"{row.muscle}.moment_arm_{j}"][0] for j in ("hip", "knee", "ankle")]
            want = [row.l_mtu_m, row.r_hip_m, row.r_knee_m, row.r_ankle_m]
            np.testing.assert_allclose(got, want, atol=1e-6, err_msg=f"{pose} {row.muscle}")


@pytest.mark.parametrize(
    "angles_deg, com, calcn",
    [
        ((0, 0, 0, 0), (-0.02584, 0.03063), (0.05123, -0.90405)),
        ((-6, 30, -60, 10), (-0.00631, 0.03981), (-0.05778, -0.80858)),
        ((-6, -8, -40, -15), (-0.04137, 0.04044), (-0.44338, -0.75483)),
    ],
)
def test_forward_kinematics_matches_the_published_poses(make_walker, angles_deg, com, calcn):
    walker = make_walker()
    q = np.zeros(9)
    q[2:6] = np.radians(angles_deg)
    mechanics.place_bodies(walker.plant, q, walker.work)
    assert mechanics.center_of_mass(walker.plant, walker.work) == pytest.approx(com, abs=1e-5)
    assert walker.work.place[3] == pytest.approx(calcn, abs=1e-5)


def test_total_mass_is_that_of_the_model():
    assert load_model("h0918v3").body_mass == pytest.approx(74.5314, abs=1e-4)


def test_point_mass_moves_center_and_adds_inertia():
    body = load_model("h0918v3").bodies[1].with_point_mass(1.0, (0.0, 0.1))
    # 9.3014 kg at 0 and 1 kg at 0.1 m: center 0.1 / 10.3014, inertia + m1 m2 / (m1 + m2) d^2
    assert body.com[1] == pytest.approx(0.1 / 10.3014)
    assert body.inertia == pytest.approx(0.1412 + 9.3014 / 10.3014 * 0.01)


def test_unknown_model_lists_the_known_ones():
    with pytest.raises(
        ModelError, match=r"'h0918v9' is unknown. Models: h0918v1, h0918v2, h0918v3"
    ):
        load_model("h0918v9")


def test_mass_scale_changes_masses_and_inertias_and_nothing_else():
    model = load_model("h0918v3")
    heavy = model.with_mass_scale(1.1)
    assert heavy.body_mass == pytest.approx(1.1 * model.body_mass)
    assert heavy.body_mass == pytest.approx(sum(body.mass for body in heavy.bodies))
    for light_body, heavy_body in zip(model.bodies, heavy.bodies, strict=True):
        assert heavy_body.inertia == pytest.approx(1.1 * light_body.inertia)
        assert heavy_body.com == light_body.com
    assert heavy.muscles == model.muscles
    with pytest.raises(ModelError, match="mass scale 0 is not above 0"):
        model.with_mass_scale(0.0)
