"""One cell worked by hand, written out with its numbers, and the numbers that a visitor types. No PyTorch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from normviz.explain import cells
from normviz.explain.cells import Cell, NormLayer, written
from normviz.model import norms

LISTED = 48  # values of a group are listed; the rest becomes a number
WIDEST = 26  # characters of two squares that fit beside each other on a phone
TERMS = 4  # of a sum are written out; the rest is dots


@dataclass(frozen=True)
class Worked:
    """What a norm layer does to one cell.

    Attributes:
        cell: picture, channel, row, column.
        value: what the cell holds.
        shared_by: the values that share its mean, in words.
        values: those values; None where running statistics are used.
        mean, variance: what is subtracted, and whose root divides (biased).
        normalized: (value - mean) / sqrt(variance + eps); missing where the variance is undefined.
        gamma, beta: learned scale and shift of the cell.
        learned_for: what they are learned for, in words.
        result: gamma * normalized + beta.
    """

    cell: Cell
    value: float
    shared_by: str
    values: np.ndarray | None
    mean: float
    variance: float
    normalized: float
    gamma: float
    beta: float
    learned_for: str
    result: float


def work(layer: NormLayer, cell: Cell) -> Worked:
    """Returns every number on the way from one cell's value to its result."""
    group = cells.group_numbers(layer)[cell]
    place = cell[1:] if layer.gamma.ndim == 3 else cell[1]
    (mean, variance), (normalized, result) = layer.statistics, layer.outputs
    return Worked(
        cell=cell,
        value=layer.x[cell],
        shared_by=cells.group_name(layer, cell),
        values=None if layer.running else norms.statistic_rows(layer.x, layer.norm, layer.groups)[group],
        mean=mean[group],
        variance=variance[group],
        normalized=normalized[cell],
        gamma=layer.gamma[place],
        beta=layer.beta[place],
        learned_for="this place of the map" if layer.gamma.ndim == 3 else f"channel {cell[1]}",
        result=result[cell],
    )


def latex(value: float) -> str:
    """Returns a number as LaTeX."""
    mantissa, _, exponent = written(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _bracketed(value: float) -> str:
    return f"({latex(value)})" if value < 0 else latex(value)


def _minus(value: float) -> str:
    return f" + {latex(-value)}" if value < 0 else f" - {latex(value)}"


def _plus(value: float) -> str:
    return f" - {latex(-value)}" if value < 0 else f" + {latex(value)}"


def _sum(terms: list[str]) -> str:
    shown = terms if len(terms) <= TERMS else [*terms[: TERMS - 2], r"\dots", terms[-1]]
    return " + ".join(shown)


def _lines(first: str, *others: str) -> str:
    """Returns an equation over several lines, which fits a phone; the first holds the left side."""
    lines = [first.replace("=", "&=", 1), *(f"&= {other}" for other in others)]
    room = r"\rule{0pt}{1.7em}"  # without which a browser cuts the top of the first line
    return rf"\begin{{aligned}} {room}" + r" \\[0.9em] ".join(lines) + r" \end{aligned}"


def mean_formula(worked: Worked) -> str:
    """Returns how the mean comes about, in LaTeX."""
    if worked.values is None:
        return rf"\mu = {latex(worked.mean)}"
    count, total = len(worked.values), worked.values.sum()
    terms = _sum([_bracketed(value) if place else latex(value) for place, value in enumerate(worked.values)])
    return _lines(rf"\mu = \frac{{{terms}}}{{{count}}}", rf"\frac{{{latex(total)}}}{{{count}}} = {latex(worked.mean)}")


def variance_formula(worked: Worked) -> str:
    """Returns how the biased variance comes about, in LaTeX."""
    if worked.values is None:
        return rf"\sigma^2 = {latex(worked.variance)}"
    count, mean = len(worked.values), _minus(worked.mean)
    terms = [f"({latex(value)}{mean})^2" for value in worked.values]
    ends = [terms[0], r"\dots", terms[-1]] if len(terms[0] + terms[-1]) < WIDEST else [terms[0], r"\dots"]
    shown = terms[0] if count == 1 else " + ".join(ends)
    total = latex(((worked.values - worked.mean) ** 2).sum())
    return _lines(rf"\sigma^2 = \frac{{{shown}}}{{{count}}}", rf"\frac{{{total}}}{{{count}}} = {latex(worked.variance)}")


def normalize_formula(worked: Worked) -> str:
    """Returns how the normalized value comes about, in LaTeX."""
    difference = f"{latex(worked.value)}{_minus(worked.mean)}"
    root = rf"\sqrt{{{latex(worked.variance)} + {norms.EPSILON:.5f}}}"
    formula = r"\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}"
    return _lines(formula, rf"\frac{{{difference}}}{{{root}}} = {latex(worked.normalized)}")


def result_formula(worked: Worked) -> str:
    """Returns how gamma and beta are applied, in LaTeX."""
    numbers = rf"{latex(worked.gamma)} \cdot {_bracketed(worked.normalized)}{_plus(worked.beta)}"
    return _lines(r"y = \gamma\,\hat x + \beta", numbers, latex(worked.result))


def steps(worked: Worked) -> list[tuple[str, str, str]]:
    """Returns the four steps from value to result, each as (title, LaTeX, what it means in words)."""
    own = worked.values is not None
    averaged = f"Over {_values(worked.values)}" if own else f"The running mean of {worked.shared_by}, after the batches fed."
    spread = "The same values, divided by their number: the biased variance." if own else "The running variance beside it."
    return [
        ("1. Mean", mean_formula(worked), averaged),
        ("2. Variance", variance_formula(worked), spread),
        ("3. Normalize", normalize_formula(worked), _meaning(worked)),
        ("4. Scale and shift", result_formula(worked), f"Gamma and beta are learned; here {_affine(worked)}."),
    ]


def _values(values: np.ndarray) -> str:
    shown = ", ".join(written(value) for value in values[:LISTED])
    more = f" and {len(values) - LISTED:,} more" if len(values) > LISTED else ""
    return f"{len(values):,} value{'s' * (len(values) != 1)}: {shown}{more}."


def _meaning(worked: Worked) -> str:
    if worked.values is not None and len(worked.values) == 1:
        return "The value is alone in its group, so it is its own mean: any other value would give the same."
    if worked.normalized == 0:
        return "The value is its group's mean."
    side = "above" if worked.normalized > 0 else "below"
    return f"The value lies {written(abs(worked.normalized))} standard deviations {side} the mean."


def _affine(worked: Worked) -> str:
    return f"gamma {written(worked.gamma)} and beta {written(worked.beta)} for {worked.learned_for}"


def why_undefined(layer: NormLayer) -> str:
    """Says why batch norm cannot train where each channel holds one value."""
    count, (pictures, _, height, width) = cells.values_per_channel(layer.x), layer.x.shape
    return (
        f"Batch norm cannot be trained on this tensor: N H W = {pictures} x {height} x {width} = {count}, one value a channel. "
        f"A value alone is its own mean, so its variance is 0 whatever it is, and the unbiased variance that the running "
        f"estimate needs divides by N H W - 1 = {count - 1}: it is undefined, and torch.nn.BatchNorm2d raises an error. "
        "Raise N, H or W, or switch batch norm to evaluation."
    )


def update_formulas(fed: pd.DataFrame, channel: int) -> dict[str, str]:
    """Returns the last update of a channel's running mean and variance, {statistic: LaTeX}; `fed` is of `cells.feed`."""
    last = fed["batch"].max()
    rows = fed[(fed["channel"] == channel) & (fed["batch"] >= last - 1)].sort_values("batch")
    symbols = {"mean": r"\mu_\text{run}", "variance": r"\sigma^2_\text{run}"}
    formulas = {}
    for statistic, (before, after) in ((name, rows[rows["statistic"] == name].itertuples()) for name in symbols):
        old = rf"{1 - cells.MOMENTUM:g} \cdot {_bracketed(before.running)}"
        new = rf"{cells.MOMENTUM:g} \cdot {_bracketed(after.own)}"
        formulas[statistic] = rf"{symbols[statistic]} = {old} + {new} = {latex(after.running)}"
    return formulas


def as_text(x: np.ndarray) -> pd.DataFrame:
    """Lays out a tensor as the editor shows it: one row a picture and channel, one column a pixel, numbers as text."""
    pictures, channels, height, width = x.shape
    rows = [f"picture {n}, channel {c}" for n in range(pictures) for c in range(channels)]
    columns = [f"{h}, {w}" for h in range(height) for w in range(width)]
    texts = [[repr(float(value)).removesuffix(".0") for value in row] for row in x.reshape(len(rows), -1)]
    return pd.DataFrame(texts, index=rows, columns=columns)


@dataclass(frozen=True)
class Typed:
    """What a table of typed texts holds.

    Attributes:
        numbers: its numbers; NaN where a text is none.
        problems: one sentence for each text that is no number: the cell, what stands there, the rule.
    """

    numbers: np.ndarray
    problems: list[str]


def read_numbers(table: pd.DataFrame) -> Typed:
    """Reads the texts of an editor; numbers beyond +-`cells.LIMIT`, infinite ones and empty cells are problems."""
    numbers, problems = np.full(table.shape, np.nan), []
    for place in np.ndindex(table.shape):
        text = table.iat[place]
        value = _number(text)
        if value is None:
            where = f"{table.index[place[0]]}, {_column_name(table.columns[place[1]])}"
            problems.append(f"{where}: {_shown(text)}")
        else:
            numbers[place] = value
    return Typed(numbers, problems)


def _column_name(column: str) -> str:
    return "row {}, column {}".format(*column.split(", ")) if "," in column else column


def _shown(text: object) -> str:
    return "empty" if _is_empty(text) else f"“{text}”"


def _is_empty(text: object) -> bool:
    return pd.isna(text) or not str(text).strip()


def _number(text: object) -> float | None:
    """Returns the number that a text stands for, None if it is none or beyond the limit."""
    try:
        value = float(str(text).strip().replace("−", "-"))
    except ValueError:
        return None
    return value if not _is_empty(text) and abs(value) <= cells.LIMIT else None
