"""Statistics for few subjects: t tests with intervals, exact tests, power.

Everything is two-sided. Inputs are one number per subject: a reduction in per
cent, or a difference of two reductions in percentage points. A one-sample t
test of differences is the paired t test.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

# 2**20 sign patterns are 8 MB of sums and run in milliseconds.
MAX_ENUMERATED = 20


@dataclass(frozen=True)
class OneSampleTest:
    """Is the mean of one number per subject different from zero?

    Attributes
    ----------
    n : int
        Number of subjects.
    mean, sd : float
        In the unit of the input; `sd` divides by n - 1.
    ci95 : tuple of float
        95 % confidence interval of the mean, from Student's t.
    t, p : float
        Student's t statistic and its two-sided p.
    df : int
        Degrees of freedom, n - 1.
    d_z : float
        Effect size mean / sd.
    hedges_g : float
        d_z with the small-sample correction.
    wilcoxon_p, sign_flip_p : float or None
        Exact two-sided p; None for more than `MAX_ENUMERATED` subjects.
    """

    n: int
    mean: float
    sd: float
    ci95: tuple[float, float]
    t: float
    df: int
    p: float
    d_z: float
    hedges_g: float
    wilcoxon_p: float | None
    sign_flip_p: float | None


def one_sample_test(values: ArrayLike) -> OneSampleTest:
    """Summarise and test one number per subject against zero.

    Parameters
    ----------
    values : array_like, shape (n,), n >= 2
        Reductions (%) or paired differences (percentage points).

    Raises
    ------
    ValueError
        If there are fewer than two values, one is not finite, or all are equal
        (no spread, so t does not exist).
    """
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or x.size < 2:
        raise ValueError(f"a t test needs at least 2 values, got {x.size}")
    if not np.isfinite(x).all():
        raise ValueError(f"value {int(np.flatnonzero(~np.isfinite(x))[0]) + 1} is not finite")
    n = x.size
    mean = float(x.mean())
    sd = float(x.std(ddof=1))
    # Equal decimal numbers can leave a spread of rounding size.
    if sd <= 1e-12 * float(np.abs(x).max()):
        raise ValueError(f"all {n} values equal {x[0]:g}: no spread, t does not exist")
    df = n - 1
    standard_error = sd / np.sqrt(n)
    t = float(mean / standard_error)
    half_width = float(stats.t.ppf(0.975, df) * standard_error)
    enumerable = n <= MAX_ENUMERATED
    return OneSampleTest(
        n=n,
        mean=mean,
        sd=sd,
        ci95=(mean - half_width, mean + half_width),
        t=t,
        df=df,
        p=float(2 * stats.t.sf(abs(t), df)),
        d_z=mean / sd,
        hedges_g=mean / sd * hedges_correction(df),
        wilcoxon_p=wilcoxon_p(x) if enumerable else None,
        sign_flip_p=sign_flip_p(x) if enumerable else None,
    )


def hedges_correction(df: int) -> float:
    """Small-sample factor that turns d_z into Hedges g.

    References
    ----------
    Hedges (1981): J = 1 - 3 / (4 df - 1), the usual approximation.
    """
    return 1 - 3 / (4 * df - 1)


def sign_flip_p(values: ArrayLike) -> float:
    """Exact two-sided sign-flip (randomisation) p of the mean.

    All 2^n sign patterns are enumerated; p is the share whose sum is at least
    as far from zero as the observed one. Assumes symmetry about zero under the
    null, no normal distribution.

    Raises
    ------
    ValueError
        For more than `MAX_ENUMERATED` values.
    """
    x = np.asarray(values, dtype=float)
    if x.size > MAX_ENUMERATED:
        raise ValueError(f"{x.size} values: sign patterns are enumerated up to {MAX_ENUMERATED}")
    sums = np.zeros(1)
    for value in x:
        sums = np.concatenate([sums + value, sums - value])
    # A pattern equal to the observed one may differ by rounding.
    tolerance = 1e-9 * np.abs(x).sum()
    return float(np.mean(np.abs(sums) >= abs(x.sum()) - tolerance))


def wilcoxon_p(values: ArrayLike) -> float:
    """Exact two-sided Wilcoxon signed-rank p, also with ties.

    Zeros are dropped, tied magnitudes share their mean rank, and the null
    distribution is enumerated over the signs of those ranks.

    Raises
    ------
    ValueError
        For more than `MAX_ENUMERATED` values.

    References
    ----------
    Wilcoxon (1945), zeros dropped as he did.
    """
    # Decimal inputs tie after subtraction only up to rounding (6.7 - 3.4, 5.9 - 2.6).
    x = np.round(np.asarray(values, dtype=float), 9)
    x = x[x != 0]
    if x.size == 0:
        return 1.0
    return sign_flip_p(np.sign(x) * stats.rankdata(np.abs(x)))


def smallest_exact_p(n: int) -> float:
    """Smallest two-sided p an exact sign-flip or rank test of n subjects can give.

    All subjects on one side is one pattern of 2^n; its mirror counts too.
    """
    return 2.0 ** (1 - n)


def subjects_for_exact_p(alpha: float) -> int:
    """Fewest subjects with which an exact two-sided test can fall below `alpha`."""
    n = 1
    while smallest_exact_p(n) >= alpha:
        n += 1
    return n


def holm_sidak(p_values: Mapping[str, float]) -> dict[str, float]:
    """Step-down p values that keep the family-wise error of all tests together.

    Parameters
    ----------
    p_values : mapping of str to float
        Uncorrected p per test.

    Returns
    -------
    dict of str to float
        Corrected p, in the order given.

    References
    ----------
    Holm (1979) with Sidak's factor: the i-th smallest of m becomes
    1 - (1 - p)^(m - i), i from 0, and never less than the one before it.
    """
    m = len(p_values)
    corrected: dict[str, float] = {}
    largest = 0.0
    for i, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, 1 - (1 - p_values[name]) ** (m - i))
        corrected[name] = largest
    return {name: corrected[name] for name in p_values}


def t_test_power(d_z: float, n: int, alpha: float = 0.05) -> float:
    """Power of the two-sided one-sample or paired t test.

    Parameters
    ----------
    d_z : float
        True mean divided by the true standard deviation.
    n : int
        Number of subjects, at least 2.
    alpha : float
        Two-sided level.

    Notes
    -----
    t^2 follows a noncentral F with 1 and n - 1 degrees of freedom and
    noncentrality n d_z^2. scipy's noncentral t would do the same, but is NaN
    for large effects.
    """
    if d_z == 0:
        return alpha  # scipy's noncentral F is wrong at noncentrality 0
    df = n - 1
    critical = stats.t.ppf(1 - alpha / 2, df)
    return float(stats.ncf.sf(critical**2, 1, df, n * d_z**2))


def effect_for_power(n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """Smallest true d_z that the t test of n subjects finds with the given power."""
    high = 1.0
    while t_test_power(high, n, alpha) < power:
        high *= 2
    return float(optimize.brentq(lambda d: t_test_power(d, n, alpha) - power, 0.0, high))
