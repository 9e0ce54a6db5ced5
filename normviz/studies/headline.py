"""How far the three networks lie apart: as the source reported them, and over the seeds of two studies. No PyTorch here."""

import math
from dataclasses import dataclass

import pandas as pd

from normviz.model.norms import COMPARED
from normviz.studies import evidence
from normviz.words import published

STUDIES = ("published", "controlled")  # of the source's gap, in the order in which it closes
CONCLUSION = ": most of what looked like the norm was the network around it"  # where equal networks take most of the gap


@dataclass(frozen=True)
class Gap:
    """What lies between the best and the worst of three networks, in percentage points.

    Attributes:
        points: difference of the two means.
        low, high: interval of the difference, paired by seed; with 95% it holds for all three pairs at once (Bonferroni),
            since which two are the best and the worst comes out of the same seeds.
        seeds: how many.
    """

    points: float
    low: float
    high: float
    seeds: int

    def __str__(self) -> str:
        return f"{self.points:.1f} points (95% interval {self.low:.1f} to {self.high:.1f})"


def has_all(table: pd.DataFrame | None) -> bool:
    """Returns whether a seeds table has an interval for each of the three networks of both of `STUDIES`."""
    if table is None or table.empty:
        return False
    seeds = (evidence.by_seed(table, study, norm) for study in STUDIES for norm in COMPARED)
    return all(len(values) > 1 for values in seeds)


def reported() -> float:
    """Returns how many percentage points the source's three figures lie apart."""
    figures = [published.reported(norm) for norm in COMPARED]
    return 100 * (max(figures) - min(figures))


def apart(table: pd.DataFrame, study: str) -> Gap:
    """Returns the gap between the best and the worst mean of a study's three networks."""
    by_norm = [evidence.by_seed(table, study, norm) for norm in COMPARED]
    best, worst = (choose(by_norm, key=pd.Series.mean) for choose in (max, min))
    found = evidence.mean_interval((best - worst).dropna(), evidence.at_once(math.comb(len(COMPARED), 2)))
    return Gap(*(100 * found[key] for key in ("mean", "low", "high")), found["count"])


def sentence(table: pd.DataFrame) -> str:
    """States the three gaps and what each step is worth, in Markdown."""
    theirs, ours, equal = reported(), apart(table, "published"), apart(table, "controlled")
    taken = equal.points - ours.points
    return (
        f"As the source reported them, the three networks lie **{theirs:.1f} points** apart, one run each. Trained here with a "
        f"repaired recipe, the best mean of {ours.seeds} seeds lies {ours} above the worst. With equal width and equal parameters "
        f"it is **{equal}**. Training again moves the gap by {ours.points - theirs:+.1f} points, equal networks by "
        f"{taken:+.1f}{CONCLUSION if equal.high < theirs / 2 < -taken else ''}. The intervals hold for all three pairs at once."
    )
