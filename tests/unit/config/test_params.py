"""The shipped parameter files, and what the whole file must hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exoflow.config import build_params, check_files, load_params, read_yaml, to_plain
from exoflow.config.params import SECTIONS
from exoflow.errors import ParamsError

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))
SMALL = {"conditions": {"level": {"speed_m_s": 1.3}}, **{name: {} for name in SECTIONS}}


def message(changes, source="params.yaml") -> str:
    with pytest.raises(ParamsError) as caught:
        build_params({**SMALL, **changes}, source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_valid_and_their_data_is_there(path):
    check_files(load_params(path), ROOT)


def test_params_yaml_is_the_default_file():
    assert (ROOT / "params.yaml").read_text() == (ROOT / "config/default.yaml").read_text()


def test_params_yaml_spells_out_every_setting_with_its_default():
    written = read_yaml(ROOT / "params.yaml")
    for name, settings_type in SECTIONS.items():
        defaults = to_plain(settings_type())
        if name == "export":  # an empty list is the only default that fits every file
            defaults["policies"] = written["export"]["policies"]
        assert list(flat(written[name])) == list(flat(defaults)), f"params.yaml: section {name}"


def flat(section, path="") -> Iterator[str]:
    """Lines such as `objective.gait: 100.0`, which a failing test shows one by one."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}: {value}"


def test_full_matrix_is_that_of_a_paper():
    params = load_params(ROOT / "config/full.yaml")
    assert len(params.conditions) == 5 * 5 * 3
    assert all(condition.seeds == (1, 2, 3) for condition in params.conditions.values())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"reflx": {}},
            "params.yaml: reflx is not a setting. Did you mean reflex? Allowed: conditions, model, "
            "exo, reflex, wearer, policy, metabolics, teacher, student, export, trial, report.",
        ),
        (
            {"exo": {"torque_limit_Nm": 16}},
            "params.yaml: exo.torque_limit_Nm = 16 Nm is more than the device barati gives, 15 Nm. "
            "Lower it, or choose another exo.name.",
        ),
        (
            {"exo": {"name": "hip"}},
            "params.yaml: exo.name = hip is unknown. Allowed: barati, qdd, luo, or extend "
            "config/exo.py.",
        ),
        (
            {"policy": {"buffer": 1000, "n_walkers": 32}},
            "params.yaml: policy.buffer = 1000 is not a multiple of policy.n_walkers = 32.",
        ),
        (
            {"policy": {"slopes_deg": [0, 0]}},
            "params.yaml: policy.slopes_deg = [0.0, 0.0] names a value twice. "
            "List each value once, one at least.",
        ),
        (
            {"policy": {"n_walkers": 2, "buffer": 1024}},
            "params.yaml: policy.n_walkers = 2 is less than the 3 slopes of policy.slopes_deg. "
            "Each needs a walker.",
        ),
        (
            {"metabolics": {"slopes_deg": []}},
            "params.yaml: metabolics.slopes_deg = [] is empty. List each value once, one at least.",
        ),
        (
            {"metabolics": {"noise_seeds": [1, 2, 1]}},
            "params.yaml: metabolics.noise_seeds = [1, 2, 1] names a value twice. "
            "List each value once, one at least.",
        ),
        (
            {"policy": {"told": ["speed"]}},
            "params.yaml: policy.told = ['speed'], but a policy runs on a device, which measures "
            "neither. Leave it empty, and set teacher.enabled.",
        ),
        (
            {"teacher": {"enabled": True, "buffer": 1000, "n_walkers": 100}},
            "params.yaml: teacher.buffer = 1000 is not a multiple of policy.batch = 1024.",
        ),
        (
            {"export": {"policies": ["level/seed2"]}},
            "params.yaml: export.policies: level/seed2 is not trained here. "
            "Did you mean level/seed1? Known: level/seed1, student.",
        ),
        (
            {"export": {"policies": ["student"]}, "student": {"enabled": False}},
            "params.yaml: export.policies lists student, but student.enabled = false. "
            "Enable it, or take student off the list.",
        ),
    ],
)
def test_bad_files_are_named(changes, expected):
    assert message(changes) == expected


@pytest.mark.parametrize(("name", "most"), [("barati", 15.0), ("qdd", 42.0), ("luo", 36.0)])
def test_a_device_may_give_all_it_can(name, most):
    params = build_params({**SMALL, "exo": {"name": name, "torque_limit_Nm": most}})
    assert params.exo.torque_limit_Nm == most


def test_every_section_must_be_written_because_dvc_tracks_it():
    with pytest.raises(ParamsError, match=r"the section report is missing. Write report: \{\}\."):
        build_params({name: value for name, value in SMALL.items() if name != "report"})


def test_missing_tables_and_studies_are_named(tmp_path):
    (tmp_path / "data/reflexes").mkdir(parents=True)
    (tmp_path / "data/reflexes/other.csv").touch()
    params = build_params(SMALL)
    with pytest.raises(ParamsError, match=r"reflex\.reflexes = h0918_rs3: no such table"):
        check_files(params, tmp_path)
    (tmp_path / "data/reflexes/h0918_rs3.csv").write_text("active_states,reflex_type\n")
    with pytest.raises(
        ParamsError, match=r"level\.warm_start = .*: no such file\. There are: data/r"
    ):
        check_files(params, tmp_path)
    cold = {"conditions": {"level": {"speed_m_s": 1.3, "warm_start": "cold"}}}
    with pytest.raises(
        ParamsError, match=r"trial\.studies: barati has no data/trials/barati/study"
    ):
        check_files(build_params({**SMALL, **cold}), tmp_path)


def test_a_misspelt_reflex_set_is_answered_with_the_ones_there_are():
    params = build_params({**SMALL, "reflex": {"reflexes": "h0918_rs2v4"}})
    with pytest.raises(ParamsError) as caught:
        check_files(params, ROOT)
    assert str(caught.value) == (
        "params.yaml: reflex.reflexes = h0918_rs2v4: no such table in data/reflexes. Did you mean "
        "h0918_rs2v3? Reflex sets there: gh2010_m18v8, gh2010_v12, h0918_rs2v3, "
        "h0918_rs3."
    )


def test_a_misspelt_table_of_feelings_is_answered_with_the_ones_there_are():
    params = build_params({**SMALL, "wearer": {"enabled": True, "feels": "exo_hib"}})
    with pytest.raises(ParamsError) as caught:
        check_files(params, ROOT)
    assert str(caught.value) == (
        "params.yaml: wearer.feels = exo_hib: no such table in data/reflexes/added. Did you mean "
        "exo_hip? Tables there: exo_hip. Write null for none."
    )


def test_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ParamsError, match=r"no such file.*exoflow params use default"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reflex: {a: 1", "line 1: not valid YAML"),
        ("reflex: 1\nreflex: 2\n", "line 2: not valid YAML: found duplicate key"),
        ("- 1\n", "must hold the sections conditions, model"),
    ],
)
def test_what_is_not_yaml_is_named_with_its_line(tmp_path, text, expected):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_yaml_is_read_as_dvc_reads_it(tmp_path):
    from dvc.utils.serialize import load_yaml

    path = tmp_path / "values.yaml"
    path.write_text("a: 3e-4\nb: off\nc: 4e5\nd: 1_000\ne: 010\nf: yes\ng: 1:30\n")
    assert read_yaml(path) == load_yaml(str(path))
    assert read_yaml(path)["a"] == 3e-4
