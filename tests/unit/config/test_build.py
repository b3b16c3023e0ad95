"""Strict building of settings: the exact one-line messages, and what passes."""

from dataclasses import dataclass

import pytest

from exoflow.config.build import build
from exoflow.config.setting import setting
from exoflow.errors import ParamsError


@dataclass(frozen=True)
class Inner:
    ratio: float = setting(0.5, doc="A share.", minimum=0, maximum=1)


@dataclass(frozen=True)
class Outer:
    count: int = setting(3, doc="How many.", minimum=1)
    step_s: float = setting(0.01, doc="A time.", above=0)
    kind: str = setting("slow", doc="Which.", choices=("slow", "fast"))
    speeds: tuple[float, ...] = setting((1.0,), doc="Speeds.", maximum=2, extend="walk.py")
    on: bool = setting(True, doc="Whether.")
    inner: Inner = setting(Inner, doc="Nested.")
    maybe: Inner | None = setting(None, doc="Nested or null.")


def message(values) -> str:
    with pytest.raises(ParamsError) as caught:
        build(Outer, values, "outer", "params.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_left_out_keys_have_their_defaults():
    assert build(Outer, {}, "outer", "x") == Outer()
    assert build(Outer, None, "outer", "x") == Outer()


def test_values_are_converted_to_their_type():
    made = build(Outer, {"count": 4e2, "speeds": [1, 2], "maybe": {"ratio": 1}}, "outer", "x")
    assert made.count == 400
    assert isinstance(made.count, int)
    assert made.speeds == (1.0, 2.0)
    assert made.maybe == Inner(1.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"cout": 1},
            "params.yaml: outer.cout is not a setting. Did you mean count? "
            "Allowed: count, step_s, kind, speeds, on, inner, maybe.",
        ),
        (
            {"inner": {"rato": 1}},
            "params.yaml: outer.inner.rato is not a setting. Did you mean ratio? Allowed: ratio.",
        ),
        ({"count": 0}, "params.yaml: outer.count = 0 is below 1. Raise it."),
        ({"step_s": 0}, "params.yaml: outer.step_s = 0 must be above 0. Raise it."),
        (
            {"inner": {"ratio": 1.5}},
            "params.yaml: outer.inner.ratio = 1.5 is outside 0..1. Lower it.",
        ),
        (
            {"speeds": [1, 25]},
            "params.yaml: outer.speeds[1] = 25 is above 2. Lower it, or extend walk.py.",
        ),
        (
            {"kind": "fats"},
            "params.yaml: outer.kind = fats is unknown. Did you mean fast? Allowed: slow, fast.",
        ),
        ({"count": 1.5}, "params.yaml: outer.count = 1.5 must be a whole number."),
        ({"count": True}, "params.yaml: outer.count = true must be a whole number."),
        ({"step_s": "fast"}, "params.yaml: outer.step_s = fast must be a number."),
        ({"step_s": float("nan")}, "params.yaml: outer.step_s = nan must be a number."),
        ({"on": "yes"}, "params.yaml: outer.on = yes must be true or false."),
        ({"kind": None}, "params.yaml: outer.kind = null must be text."),
        ({"speeds": 1.0}, "params.yaml: outer.speeds = 1.0 must be a list, such as [1, 2]."),
        (
            {"inner": 3},
            "params.yaml: outer.inner = 3 must be a section with keys. Allowed: ratio.",
        ),
    ],
)
def test_bad_values_are_named_with_what_is_allowed(values, expected):
    assert message(values) == expected
