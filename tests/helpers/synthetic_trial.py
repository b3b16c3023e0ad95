"""Synthetic raw studies with a known truth: invented walkers, invented breaths.

Run `python tests/helpers/synthetic_trial.py FOLDER` to write one and look at it.

A study is drawn in two steps. `draw_walkers` draws the truth of every subject: body mass,
standing and net walking rate, time constant, respiratory exchange ratio and the reduction of
every controller. `write_study` plays the protocol of every subject: metabolic power follows
each change of activity as a first-order step, oxygen and carbon dioxide follow power by
Brockway's equation, breaths come at irregular times with correlated noise, the whole session
drifts, and the result is written as the exports of a cart with a study.yaml beside them.

What the analysis should find is the truth of `Walker.reduction_pct`; the estimand of the
study is their population mean.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml
from scipy.signal import lfilter

# kJ/L of oxygen and carbon dioxide: Brockway 1987.
BROCKWAY_KJ_L = (16.58, 4.51)
COLUMN_MAP = {
    "header_row": 1,
    "columns": {
        "time": {"name": "time_s", "unit": "s"},
        "vo2": {"name": "vo2_mL_min", "unit": "mL/min"},
        "vco2": {"name": "vco2_mL_min", "unit": "mL/min"},
        "marker": {"name": "marker"},
    },
}
LAYOUTS = ("csv", "omnia")
PHASES = ("markers", "times", "files")


@dataclass(frozen=True)
class Population:
    """What walkers are drawn from; means and standard deviations.

    Attributes
    ----------
    reduction_pct : dict of controller to (mean, sd)
        Of the net rate of free walking.
    breath_cv : tuple of float
        Range of the breath noise, share of the mean.
    noise_memory : float
        Correlation of the noise of neighbouring breaths.
    drift_pct_h : tuple of float
        Mean and SD of the drift of the gross rate, % per hour.
    short_breath_gain : float
        Short breaths read high: a breath 10 % shorter reads this share of 10 % higher. A plain
        mean over breaths is then high, a time-weighted one is not.
    """

    reduction_pct: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"fast": (9.0, 4.0), "slow": (5.0, 3.5)}
    )
    stand_W_kg: tuple[float, float] = (1.45, 0.12)
    free_net_W_kg: tuple[float, float] = (3.2, 0.35)
    time_constant_s: tuple[float, float] = (42.0, 8.0)
    rer: tuple[float, float] = (0.83, 0.03)
    breath_cv: tuple[float, float] = (0.07, 0.12)
    noise_memory: float = 0.2
    drift_pct_h: tuple[float, float] = (1.0, 1.0)
    breath_duration_cv: float = 0.15
    short_breath_gain: float = 0.2


@dataclass(frozen=True)
class Walker:
    """The truth of one subject."""

    id: str
    body_mass_kg: float
    stand_W_kg: float
    free_net_W_kg: float
    time_constant_s: float
    rer: float
    breath_cv: float
    drift_pct_h: float
    reduction_pct: dict[str, float]
    order: tuple[str, ...]

    def target_W_kg(self, activity: str) -> float:
        """Gross steady-state rate of an activity."""
        if activity in ("stand", "rest"):
            return self.stand_W_kg
        reduction = self.reduction_pct.get(activity, 0.0)
        return self.stand_W_kg + self.free_net_W_kg * (1 - reduction / 100)

    def bouts(self) -> list[tuple[str, float, float]]:
        """Activity, start and end (s) of everything this subject does."""
        clock, found = 0.0, []
        for activity, minutes in protocol(self.order):
            found.append((activity, clock, clock + 60 * minutes))
            clock += 60 * minutes
        return found


def protocol(controllers: tuple[str, ...]) -> list[tuple[str, float]]:
    """Activities and their minutes: baselines at both ends, controllers between, rests."""
    walks = [("free", 6.0), *((c, 6.0) for c in controllers), ("free", 6.0)]
    rested = [entry for walk in walks for entry in (walk, ("rest", 3.0))]
    return [("stand", 5.0), *rested, ("stand", 5.0)]


def rotated(controllers: tuple[str, ...], places: int) -> tuple[str, ...]:
    """The order of the next subject: every controller comes equally often at every place."""
    k = places % len(controllers)
    return controllers[k:] + controllers[:k]


def draw_walkers(
    n: int, rng: np.random.Generator, population: Population | None = None
) -> list[Walker]:
    """Subjects of one study, the order of controllers counterbalanced."""
    p = population or Population()

    def drawn(mean_sd: tuple[float, float], low: float, high: float) -> float:
        return float(np.clip(rng.normal(*mean_sd), low, high))

    return [
        Walker(
            id=str(i + 1),
            body_mass_kg=round(float(rng.uniform(52, 92)), 1),
            stand_W_kg=drawn(p.stand_W_kg, 1.1, 1.8),
            free_net_W_kg=drawn(p.free_net_W_kg, 2.2, 4.2),
            time_constant_s=drawn(p.time_constant_s, 25, 60),
            rer=drawn(p.rer, 0.75, 0.92),
            breath_cv=float(rng.uniform(*p.breath_cv)),
            drift_pct_h=float(rng.normal(*p.drift_pct_h)),
            reduction_pct={c: float(rng.normal(*spread)) for c, spread in p.reduction_pct.items()},
            order=rotated(tuple(p.reduction_pct), i),
        )
        for i in range(n)
    ]


def power_W_kg(walker: Walker, time_s: np.ndarray) -> np.ndarray:
    """True gross rate at times of the session: first-order steps between activities, and drift."""
    power = np.empty_like(time_s)
    level = walker.stand_W_kg
    for activity, start, end in walker.bouts():
        target = walker.target_W_kg(activity)
        inside = (time_s > start) & (time_s <= end)
        decay = np.exp(-(time_s[inside] - start) / walker.time_constant_s)
        power[inside] = target + (level - target) * decay
        level = target + (level - target) * np.exp(-(end - start) / walker.time_constant_s)
    return power * (1 + walker.drift_pct_h / 100 * time_s / 3600)


def breathe(
    walker: Walker, rng: np.random.Generator, population: Population | None = None
) -> dict[str, np.ndarray]:
    """Breaths of one session.

    Returns
    -------
    dict
        `time_s` (end of each breath), `vo2_mL_min`, `vco2_mL_min`, shape (n_breaths,).
    """
    p = population or Population()
    durations = rng.normal(1, p.breath_duration_cv, 4000).clip(0.4, 1.8)
    ends: list[float] = []
    clock = 0.0
    for activity, _, end in walker.bouts():
        mean_s = 4.0 if activity in ("stand", "rest") else 2.9
        while clock < end:
            clock += float(durations[len(ends)]) * mean_s
            ends.append(clock)
    time = np.array(ends[:-1])
    relative = durations[: time.size] - 1
    noise = _correlated(rng, time.size, p.noise_memory) * walker.breath_cv
    gain = p.short_breath_gain
    vo2_noise = noise - gain * relative + gain * p.breath_duration_cv**2
    vco2_noise = vo2_noise + rng.normal(0, 0.03, time.size)
    power = power_W_kg(walker, time) * walker.body_mass_kg
    # Walking burns a little more carbohydrate than standing.
    rer = walker.rer + 0.01 * (power / walker.body_mass_kg - walker.stand_W_kg)
    vo2 = 60 * power / (BROCKWAY_KJ_L[0] + BROCKWAY_KJ_L[1] * rer)
    return {
        "time_s": time,
        "vo2_mL_min": vo2 * (1 + vo2_noise),
        "vco2_mL_min": vo2 * rer * (1 + vco2_noise),
    }


def _correlated(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """Noise of unit variance whose neighbours correlate by `memory`."""
    fresh = np.sqrt(1 - memory**2)
    noise = rng.normal(0, 1, n)
    noise[0] /= fresh
    return lfilter([fresh], [1, -memory], noise)


def write_study(
    folder: Path,
    walkers: list[Walker],
    rng: np.random.Generator,
    *,
    layout: str = "csv",
    phases: str = "markers",
    population: Population | None = None,
    measurement: dict | None = None,
) -> Path:
    """Write the recordings and study.yaml of one study.

    Parameters
    ----------
    layout : str
        "csv" (a custom cart) or "omnia" (xlsx like COSMED OMNIA's).
    phases : str
        "markers", "times" or "files".
    measurement : dict, optional
        Keys of `measurement:` that differ from the default.

    Returns
    -------
    Path
        study.yaml.
    """
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    suffix = {"csv": ".csv", "omnia": ".xlsx"}[layout]
    sessions = []
    for walker in walkers:
        breaths = breathe(walker, rng, population)
        bouts = [bout for bout in walker.bouts() if bout[0] != "rest"]
        order = [activity for activity, _, _ in bouts]
        if phases == "files":
            entries = []
            for k, (activity, start, end) in enumerate(bouts, start=1):
                name = f"s{walker.id}_{k}_{activity}{suffix}"
                inside = (breaths["time_s"] > start) & (breaths["time_s"] <= end)
                part = {key: values[inside] for key, values in breaths.items()}
                part["time_s"] = part["time_s"] - start
                write_recording(recordings / name, part, [], layout, walker)
                entries.append({"activity": activity, "file": f"recordings/{name}"})
            sessions.append({"subject": walker.id, "bouts": entries})
            continue
        name = f"s{walker.id}{suffix}"
        markers = [(s, a) for a, s, _ in bouts] + [(e, "end") for _, _, e in bouts]
        write_recording(recordings / name, breaths, sorted(markers), layout, walker)
        sessions.append({"subject": walker.id, "file": f"recordings/{name}", "order": order})
    study = study_description(walkers, phases, sessions, layout, measurement or {})
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return file


def write_recording(
    file: Path,
    breaths: dict[str, np.ndarray],
    markers: list[tuple[float, str]],
    layout: str,
    walker: Walker,
) -> None:
    """Write one recording; a marker stands in the row of the first breath after it."""
    rows = marker_rows(breaths["time_s"], markers)
    writers = {"csv": write_csv, "omnia": write_omnia}
    writers[layout](file, breaths, rows, walker)


def marker_rows(time_s: np.ndarray, markers: list[tuple[float, str]]) -> dict[int, str]:
    """Text of the marker by row; two that share a row are moved apart."""
    rows: dict[int, str] = {}
    for at, text in markers:
        row = min(int(np.searchsorted(time_s, at)), time_s.size - 1)
        while row in rows:
            row += 1
        rows[row] = text
    return rows


def write_csv(
    file: Path, breaths: dict[str, np.ndarray], markers: dict[int, str], walker: Walker
) -> None:
    """A custom cart: one header line with units in the names."""
    lines = ["time_s,vo2_mL_min,vco2_mL_min,marker"]
    columns = zip(*(breaths[name] for name in list(breaths)), strict=True)
    for k, (time, vo2, vco2) in enumerate(columns):
        lines.append(f"{time:.2f},{vo2:.2f},{vco2:.2f},{markers.get(k, '')}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_omnia(
    file: Path, breaths: dict[str, np.ndarray], markers: dict[int, str], walker: Walker
) -> None:
    """The layout of COSMED OMNIA: blocks in A:H, the table from J, units in row 2."""
    from openpyxl import Workbook

    names = ["t", "VO2", "VCO2", "R", "EEkc", "Phase", "Marker"]
    units = ["s", "mL/min", "mL/min", "---", "kcal/day", "---", "---"]
    block = [
        ["ID1", "S" + walker.id, None, "Test", "breath by breath", None, "PB [mmHg]", 760],
        ["Weight [kg]", walker.body_mass_kg, None, None, None, None, None, None],
        [None] * 8,
    ]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    sheet.append([*block[0], None, *names])
    sheet.append([*block[1], None, *units])
    sheet.append([None])
    columns = zip(*(breaths[name] for name in list(breaths)), strict=True)
    for k, (time, vo2, vco2) in enumerate(columns):
        energy_kcal_day = 1.44 * (3.9 * vo2 + 1.1 * vco2)
        cells = [time / 86400, vo2, vco2, vco2 / vo2, energy_kcal_day, "EXERCISE"]
        sheet.append([*[None] * 9, *map(_plain, cells), markers.get(k)])
    book.save(file)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, np.floating) else value


def study_description(
    walkers: list[Walker], phases: str, sessions: list[dict], layout: str, measurement: dict
) -> dict:
    """study.yaml as a mapping."""
    controllers = tuple(walkers[0].reduction_pct)
    data: dict = {"phases": phases}
    if phases == "markers":
        data["markers"] = {name: name for name in ("stand", "free", *controllers, "end")}
    if layout == "csv":
        data["column_map"] = COLUMN_MAP
    data["sessions"] = sessions
    return {
        "title": "Synthetic study with a known truth",
        "source": {
            "citation": "generated by tests/helpers/synthetic_trial.py; nobody walked",
            "tables": "none",
            "licence": "none needed",
        },
        "subjects": [{"id": walker.id, "body_mass_kg": walker.body_mass_kg} for walker in walkers],
        "device": {
            "name": "synthetic exo",
            "mass_kg": 3.0,
            "joints": "both hips",
            "torque_capacity_Nm": 15,
            "control_rate_Hz": 100,
        },
        "controllers": [
            {"id": name, "label": name.capitalize(), "description": "an invented law"}
            for name in controllers
        ],
        "protocol": {
            "speed_m_s": 1.25,
            "controller_order": "counterbalanced",
            "bouts": [
                {"activity": activity, "duration_min": minutes}
                for activity, minutes in protocol(controllers)
            ],
        },
        "measurement": {
            "cart": "synthetic",
            "energy_equation": "brockway",
            "net_rate": "walking minus standing, per body mass",
            **measurement,
        },
        "analysis": {
            "primary": {
                "controller": controllers[0],
                "against": "free",
                "measure": "net_metabolic_rate_reduction_pct",
                "test": "one_sample_t",
                "declared": "before_data",
            },
            "difference": list(controllers[:2]),
        },
        "data": data,
    }


def main() -> None:
    """Write one study."""
    parser = argparse.ArgumentParser(description="Write a synthetic raw study.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=LAYOUTS, default="csv")
    parser.add_argument("--phases", choices=PHASES, default="markers")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    walkers = draw_walkers(options.subjects, rng)
    file = write_study(options.folder, walkers, rng, layout=options.layout, phases=options.phases)
    print(f"{file}: {len(walkers)} synthetic subjects. True reductions of this sample, %:")
    for controller in walkers[0].reduction_pct:
        values = [walker.reduction_pct[controller] for walker in walkers]
        print(f"  {controller}: mean {np.mean(values):.2f}, SD {np.std(values, ddof=1):.2f}")


if __name__ == "__main__":
    main()
