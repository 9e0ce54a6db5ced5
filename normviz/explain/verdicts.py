"""Which verdicts of the networks a page shows, and what it says of them."""

import pandas as pd

from normviz.model.norms import COMPARED
from normviz.words.classes import CLASS_NAMES

SHOW = {
    "any mistake": lambda t: t["wrong"] > 0,
    "wrong in one": lambda t: t["wrong"] == 1,
    "wrong in all": lambda t: t["wrong"] == 3,
    "only batch wrong": lambda t: (t["wrong"] == 1) & ~t["correct_batch"],
    "only group wrong": lambda t: (t["wrong"] == 1) & ~t["correct_group"],
    "only layer wrong": lambda t: (t["wrong"] == 1) & ~t["correct_layer"],
    "only batch right": lambda t: (t["wrong"] == 2) & t["correct_batch"],
    "only group right": lambda t: (t["wrong"] == 2) & t["correct_group"],
    "only layer right": lambda t: (t["wrong"] == 2) & t["correct_layer"],
    "right in all": lambda t: t["wrong"] == 0,
    "everything": lambda t: t["wrong"] >= 0,
}


def named_confusion(confusion: pd.DataFrame, names: tuple[str, ...] = CLASS_NAMES) -> pd.DataFrame:
    """Replaces the class numbers of a confusion matrix by names."""
    return confusion.assign(**{side: confusion[side].map(names.__getitem__) for side in ("label", "predicted")})


def choose(table: pd.DataFrame, show: str, true: int | None, predicted: int | None, confidence) -> pd.DataFrame:
    """Filters the pictures of `evaluation.side_by_side`, most confident verdict first.

    Args:
        table: with predicted_, confidence_ and correct_ columns of the three networks.
        show: a key of `SHOW`.
        true: class, or None for all.
        predicted: class that at least one network gives, or None.
        confidence: (low, high), fractions, for the most confident network.
    """
    chosen = SHOW[show](table)
    if true is not None:
        chosen &= table["label"] == true
    if predicted is not None:
        chosen &= (table[[f"predicted_{norm}" for norm in COMPARED]] == predicted).any(axis=1)
    highest = table[[f"confidence_{norm}" for norm in COMPARED]].max(axis=1)
    chosen &= highest.between(*confidence)
    return table.loc[highest[chosen].sort_values(ascending=False, kind="stable").index]


def in_cells(table: pd.DataFrame, cells: dict[str, dict], names: tuple[str, ...] = CLASS_NAMES) -> pd.DataFrame:
    """Keeps the pictures in the chosen confusion cell of each network: {norm: {"label", "predicted"}} by class name."""
    for norm, cell in cells.items():
        label, predicted = (names.index(cell[side]) for side in ("label", "predicted"))
        table = table[(table["label"] == label) & (table[f"predicted_{norm}"] == predicted)]
    return table


def most_confident_mistakes(table: pd.DataFrame, norm: str, count: int = 10) -> pd.DataFrame:
    """Returns one network's mistakes of highest confidence."""
    return table[~table[f"correct_{norm}"]].nlargest(count, f"confidence_{norm}")


def top_sentence(answers: pd.DataFrame) -> str:
    """Returns the first answer of a classification as a sentence."""
    return f"Most probable: {answers['class'][0]}, {answers['probability'][0]:.1%}."


def worst_sentence(confusion: pd.DataFrame) -> str:
    """Returns the most frequent mistake of a confusion matrix as a sentence."""
    worst = confusion[confusion["label"] != confusion["predicted"]].nlargest(1, "count").iloc[0]
    if not worst["count"]:
        return "No mistake."
    return f"Most frequent mistake: {worst['label']} taken for {worst['predicted']}, {worst['count']} times."


def by_norm(table_by_norm: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Stacks one table a model into one, with its key in the column `norm`."""
    return pd.concat([table.assign(norm=norm) for norm, table in table_by_norm.items()], ignore_index=True)
