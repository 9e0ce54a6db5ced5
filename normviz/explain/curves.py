"""Histories and layer statistics of runs as lines to draw."""

import pandas as pd

from normviz.training import runs
from normviz.training.runs import Run
from normviz.words import naming, published


def curves(runs_by_norm: dict[str, Run], column: str, study: str, with_source: bool) -> pd.DataFrame:
    """Returns one column of the histories as lines: norm, source, x (epoch), value, label.

    Args:
        runs_by_norm: the study's runs.
        column: of the history, or "gap" for train minus test accuracy.
        study: for the labels.
        with_source: adds the source's published curves, where it has that column.
    """
    tables = []
    for norm, run in runs_by_norm.items():
        tables.append(_line(run.history, column, norm, naming.LABELS[study][norm], False))
        source = published.curves(norm)
        if with_source and (column in source or column == "gap"):
            tables.append(_line(source, column, norm, f"source {naming.LABELS['published'][norm]}", True))
    return pd.concat(tables, ignore_index=True)


def _line(history: pd.DataFrame, column: str, norm: str, label: str, source: bool) -> pd.DataFrame:
    value = runs.history_column(history, column)
    return pd.DataFrame({"norm": norm, "source": source, "x": history["epoch"], "value": value, "label": label})


def statistic_lines(tables_by_norm: dict[str, pd.DataFrame], quantity: str, along: str, study: str) -> pd.DataFrame:
    """Averages a per-channel quantity over channels, along "layer" or "epoch": norm, source, x, value, label."""
    tables = []
    for norm, table in tables_by_norm.items():
        line = table.groupby(along, as_index=False)[quantity].mean()
        line = line.rename(columns={along: "x", quantity: "value"})
        tables.append(line.assign(norm=norm, source=False, label=naming.LABELS[study][norm]))
    return pd.concat(tables, ignore_index=True)


def last_values(lines: pd.DataFrame, percent: bool) -> str:
    """Returns the last value of each line as one sentence, for the alternative text of a chart."""
    ends = lines.sort_values("x").groupby("label", sort=False).last()["value"]
    shown = [f"{label} {value:.1%}" if percent else f"{label} {value:.3g}" for label, value in ends.items()]
    return f"Last values: {', '.join(shown)}."
