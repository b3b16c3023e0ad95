"""Start values from tables and from SCONE, against the reflex set they are for."""

import pytest

from exoflow.config import to_plain
from exoflow.config.conditions import Condition
from exoflow.config.model import ModelSettings
from exoflow.config.reflex import ReflexSettings
from exoflow.errors import ModelError
from exoflow.records.json_io import read_json, write_json
from exoflow.simulation import Walker
from exoflow.simulation.model_data import DATA
from exoflow.simulation.start_values import OFFSET_NAMES, fit_start_values
from exoflow.simulation.walker import load_start_values, reflex_table
from exoflow.stages import reflex as stage

REFLEXES = DATA / "reflexes"
RS3, GH12 = reflex_table("h0918_rs3"), reflex_table("gh2010_v12")
START_FILES = {
    **{path.stem: RS3 for path in sorted(REFLEXES.glob("start_*.csv"))},
    "gh2010_v12_published": GH12,
}


def write_par(path, values):
    path.write_text("".join(f"{n:<34}\t{v!r}\t{v!r}\t0.01\t\n" for n, v in values.items()))
    return path


def settings(**changes):
    condition = to_plain(Condition(speed_m_s=1.3))
    reflex = to_plain(ReflexSettings())
    reflex |= {
        "evaluations": 4, "population": 4, "duration_s": 1.0, "timestep_s": 0.002,
        "slopes_deg": [0.0], "payload_pelvis_kg": 0.0, "payload_thigh_kg": 0.0, "threads": 1,
    }  # fmt: skip
    reflex["reflexes"] = changes.pop("reflexes", reflex["reflexes"])
    model = to_plain(ModelSettings())
    return {"condition": condition | changes, "model": model, "reflex": reflex}


@pytest.mark.parametrize("name, table", START_FILES.items())
def test_shipped_start_values_fit_their_set_without_a_notice(name, table):
    path = REFLEXES / f"{name}.csv"
    fitted = fit_start_values(load_start_values(path), table, path.name)
    assert fitted.notices(path.name, table.name) == []
    assert fitted.values == load_start_values(path)


def test_a_par_file_gives_the_same_values_as_the_table(gait, tmp_path):
    path = write_par(tmp_path / "gait.par", gait)
    assert load_start_values(path) == gait


def test_what_differs_a_little_is_used_and_told(gait):
    values = {**gait, "S00011.psoas.KF": 1.0, "S11111.soleus.KF": 50.0}
    del values["S11111.tib_ant.KL"], values["ankle_angle_l.offset"]
    fitted = fit_start_values(values, RS3, "x.par")
    bounds = {parameter.name: parameter for parameter in RS3.parameters}
    assert fitted.values["S11111.tib_ant.KL"] == bounds["S11111.tib_ant.KL"].mean
    assert fitted.values["ankle_angle_l.offset"] == 0.0
    assert fitted.values["S11111.soleus.KF"] == bounds["S11111.soleus.KF"].high
    assert set(fitted.values) == {*RS3.parameter_names, *OFFSET_NAMES}
    assert fitted.notices("x.par", RS3.name) == [
        "x.par: not used, h0918_rs3 does not have 1 name (S00011.psoas.KF).",
        "x.par: does not have 2 names (S11111.tib_ant.KL, ankle_angle_l.offset); started at the "
        "value of h0918_rs3, offsets of the pose at 0.",
        "x.par: outside the bounds of h0918_rs3, moved to them: 1 name (S11111.soleus.KF).",
    ]


def test_values_of_another_set_are_refused_with_the_difference_and_the_set_they_fit(gait):
    with pytest.raises(ModelError) as caught:
        fit_start_values(gait, GH12, "walk.par")
    message = str(caught.value)
    assert message.startswith(
        "walk.par: is of another reflex set than gh2010_v12: that does not have 56 names ("
    )
    assert "and it lacks 18 names (S00111.soleus.KF, S00111.gastroc.KF, " in message
    assert message.endswith("It fits h0918_rs3: set reflex.reflexes to that, or warm_start: cold.")


def test_values_of_no_known_set_are_refused():
    with pytest.raises(ModelError, match=r"It fits no table in data/reflexes: add one, or set"):
        fit_start_values({"VES_0.pelvis_tilt.DV": 1.0}, RS3, "old.par")


def test_an_empty_table_is_refused(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("parameter,value\n")
    with pytest.raises(ModelError, match=r"empty\.csv: holds no `parameter,value` rows"):
        load_start_values(path)


def test_published_values_of_another_engine_walk_here_at_their_speed():
    # Found with SCONE and Hyfydy on the 14-muscle H0914 for 1.0 m/s; no search with this engine.
    walker = Walker.create(to_plain(ModelSettings()), reflexes="gh2010_v12", timestep_s=0.001)
    walk = walker.rollout(load_start_values(REFLEXES / "gh2010_v12_published.csv"), 5.0)
    assert not walk.measures.fell
    assert walk.measures.speed_m_s == pytest.approx(1.0, abs=0.1)


def test_a_search_starts_from_a_par_file_and_says_what_it_did(gait, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = {**gait, "S00011.psoas.KF": 1.0}
    write_par(tmp_path / "gait.par", values)
    stage.run("level", settings(warm_start="gait.par"), tmp_path / "level.json")
    assert "exoflow: gait.par: not used, h0918_rs3 does not have 1 name (S00011.psoas.KF)." in (
        capsys.readouterr().out
    )
    result = read_json(tmp_path / "level.json")
    assert result["start_values"] == "gait.par"
    name = "S11111.soleus.KL"
    assert result["parameters"][name] == pytest.approx(gait[name], rel=0.3)


def test_a_search_from_another_sets_gait_is_refused(gait, tmp_path):
    earlier = tmp_path / "earlier.json"
    write_json(earlier, {"parameters": gait})
    with pytest.raises(ModelError, match=r"earlier\.json: is of another reflex set than gh2010"):
        stage.run(
            "level",
            settings(start_from="earlier", reflexes="gh2010_v12"),
            tmp_path / "level.json",
            start_from=earlier,
        )
