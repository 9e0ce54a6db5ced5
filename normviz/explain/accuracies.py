"""The accuracies that the overview compares. No PyTorch here: the first view needs none."""

import pandas as pd

from normviz.model.norms import COMPARED
from normviz.studies import evidence
from normviz.training import runs
from normviz.training.runs import Run
from normviz.words import naming, published

SERIES = {"published": "its networks,|our recipe", "controlled": "equal networks,|our recipe"}


def of_shipped(runs_by_study: dict[str, dict[str, Run]]) -> pd.DataFrame:
    """Returns series, norm, label, accuracy, low, high: what the source reported, then the shipped networks.

    Args:
        runs_by_study: of the studies in `SERIES`, in their order.
    """
    found = {
        (study, norm): runs.final_figures(run) for study, by_norm in runs_by_study.items() for norm, run in by_norm.items()
    }
    return _table(found)


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the same as `of_shipped`, with means and their 95% intervals over the seeds of the seeds table."""
    keys = [(study, norm) for study in SERIES for norm in COMPARED]
    means = {key: evidence.mean_interval(evidence.by_seed(table, *key)) for key in keys}
    return _table(
        {key: {"accuracy": found["mean"], "low": found["low"], "high": found["high"]} for key, found in means.items()}
    )


def _table(found: dict[tuple[str, str], dict[str, float]]) -> pd.DataFrame:
    """Returns what the source reported, then `found`: the figures by study and norm."""
    rows = [
        {"series": "reported|by the source", "norm": norm, "accuracy": published.reported(norm), "study": "published"}
        for norm in COMPARED
    ]
    for (study, norm), figures in found.items():
        rows.append({"series": SERIES[study], "norm": norm, "study": study, **figures})
    table = pd.DataFrame(rows)
    for edge in ("low", "high"):
        table[edge] = table[edge].fillna(table["accuracy"])
    table["label"] = [f"{naming.LABELS[r.study][r.norm]} {r.accuracy:.1%}" for r in table.itertuples()]
    return table


def spread(accuracy_by_norm) -> float:
    """Returns the gap between the best and the worst, in percentage points."""
    return 100 * (max(accuracy_by_norm) - min(accuracy_by_norm))
