"""Energy equations against arithmetic done by hand and the published table."""

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.energy import (
    EQUATIONS,
    assumed_vco2_mL_min,
    find_equation,
    metabolic_power_W,
)

# W per L/min of oxygen at a respiratory exchange ratio of .75, .85 and .95.
TABLE = {
    "brockway": (332.7, 340.2, 347.7),
    "brockway_rounded": (334.2, 341.8, 349.2),
    "weir": (332.7, 340.4, 348.1),
    "weir_rounded": (329.5, 337.2, 344.8),
    "elia_livesey": (328.3, 337.0, 345.6),
    "peronnet_massicotte": (342.0, 350.1, 358.1),
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize(("column", "rer"), [(0, 0.75), (1, 0.85), (2, 0.95)])
def test_equations_reproduce_the_table(name, column, rer):
    power = metabolic_power_W(1000, 1000 * rer, find_equation(name))
    # The table has one digit; .05 of it is the last half digit.
    assert float(power) == pytest.approx(TABLE[name][column], abs=0.0501)


def test_brockway_by_hand():
    # (16.58 * 1000 + 4.51 * 850) / 60 = (16580 + 3833.5) / 60 = 20413.5 / 60.
    assert float(metabolic_power_W(1000, 850, EQUATIONS["brockway"])) == pytest.approx(340.225)


def test_rounded_brockway_by_hand():
    # 0.278 * 1000 + 0.075 * 850 = 278 + 63.75.
    power = metabolic_power_W(1000, 850, EQUATIONS["brockway_rounded"])
    assert float(power) == pytest.approx(341.75)


def test_weir_by_hand():
    # 3.941 + 1.106 * .85 = 4.8811 kcal/min; * 4184 / 60 = 340.3754 W.
    assert float(metabolic_power_W(1000, 850, EQUATIONS["weir"])) == pytest.approx(
        340.3754, abs=5e-5
    )


def test_cosmed_columns_by_hand():
    # EEkc = 1.44 (3.9 * 1000 + 1.1 * 850) = 1.44 * 4835 = 6962.4 kcal/day = 337.16 W.
    rounded = metabolic_power_W(1000, 850, EQUATIONS["weir_rounded"])
    assert float(rounded) == pytest.approx(6962.4 * 4184 / 86400)
    # EEm = 3.781 + 1.237 * .85 = 4.83245 kcal/min.
    legacy = metabolic_power_W(1000, 850, EQUATIONS["cosmed_legacy"])
    assert float(legacy) == pytest.approx(4.83245 * 4184 / 60)


def test_equations_nearly_cancel_in_percentages_of_net_rate():
    # Standing 300, free 1000, exo 900 mL/min of oxygen; ratios .80, .86, .85.
    def reduction_pct(name):
        stand, free, exo = (
            float(metabolic_power_W(vo2, vo2 * rer, EQUATIONS[name]))
            for vo2, rer in ((300, 0.80), (1000, 0.86), (900, 0.85))
        )
        return 100 * (free - exo) / (free - stand)

    values = [reduction_pct(name) for name in TABLE]
    assert max(values) - min(values) < 0.1
    # Brockway: (20.4586 - 20.4135 * .9) / (20.4586 - 20.188 * .3) with kJ/L of oxygen.
    assert values[0] == pytest.approx(
        100 * (20.4586 - 0.9 * 20.4135) / (20.4586 - 0.3 * 20.188), abs=1e-9
    )


def test_unknown_equation_names_those_that_there_are():
    with pytest.raises(TrialDataError) as error:
        find_equation("brokway")
    assert str(error.value) == (
        "energy equation 'brokway' is unknown. Did you mean brockway? Allowed: brockway, "
        "brockway_rounded, cosmed_legacy, elia_livesey, peronnet_massicotte, weir, weir_rounded."
    )


def test_oxygen_alone_takes_the_assumed_ratio():
    assert float(assumed_vco2_mL_min(1000, 0.85)) == 850
