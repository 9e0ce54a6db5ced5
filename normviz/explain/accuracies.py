"""The accuracies that the overview compares. No PyTorch here: the first view needs none."""

import pandas as pd

from normviz.model.norms import COMPARED
from normviz.training import runs
from normviz.training.runs import Run
from normviz.words import naming, published


def accuracies(runs_by_study: dict[str, dict[str, Run]]) -> pd.DataFrame:
    """Returns series, norm, label, accuracy, low, high: what the source reported, then both studies measured here."""
    rows = [
        {"series": "reported|by the source", "norm": norm, "accuracy": published.reported(norm), "study": "published"}
        for norm in COMPARED
    ]
    names = {"published": "its networks,|our recipe", "controlled": "equal networks,|our recipe"}
    for study, name in names.items():
        for norm, run in runs_by_study[study].items():
            rows.append({"series": name, "norm": norm, "study": study, **runs.final_figures(run)})
    table = pd.DataFrame(rows)
    for edge in ("low", "high"):
        table[edge] = table[edge].fillna(table["accuracy"])
    table["label"] = [f"{naming.LABELS[r.study][r.norm]} {r.accuracy:.1%}" for r in table.itertuples()]
    return table


def spread(accuracy_by_norm) -> float:
    """Returns the gap between the best and the worst, in percentage points."""
    return 100 * (max(accuracy_by_norm) - min(accuracy_by_norm))
