"""The tables of the studies for reading: everything in them is text. No PyTorch here."""

import pandas as pd

from normviz.model.norms import NORMS


def as_text(means: pd.DataFrame, name: str, points: bool = False) -> pd.DataFrame:
    """Returns a table of means for reading: the model or pair, its mean, 95% interval and number of seeds, all text.

    Args:
        means: name, mean, low, high (fractions), count.
        name: heading of the first column.
        points: differences, in percentage points; else percentages.
    """
    scale, pattern = (100, "{:+.2f}") if points else (1, "{:.2%}")
    written = {column: (scale * means[column]).map(pattern.format) for column in ("mean", "low", "high")}
    several = means["count"] > 1
    return pd.DataFrame(
        {
            name: means["name"],
            f"mean{', points' if points else ''}": written["mean"],
            "95% interval": (written["low"] + " to " + written["high"]).where(several, ""),
            "seeds": means["count"].astype(str),
        }
    )


def lines_as_text(lines: pd.DataFrame, heading: str) -> pd.DataFrame:
    """Returns the means of lines for reading, all text: one row a value of x, one column a norm.

    Args:
        lines: norm, x, mean, high (fractions), count.
        heading: of the column of x.
    """
    half = (lines["high"] - lines["mean"]).map("{:.1%}".format)
    texts = lines["mean"].map("{:.1%}".format) + (" ± " + half).where(lines["count"] > 1, "")
    table = lines.assign(text=texts).pivot(index="x", columns="norm", values="text").fillna("")
    table = table[[norm for norm in NORMS if norm in table]].rename(columns=lambda norm: NORMS[norm].short)
    return table.set_axis(table.index.map("{:g}".format)).rename_axis(index=heading, columns=None).reset_index()
