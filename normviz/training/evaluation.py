"""From stored logits to what is shown: accuracy with its interval, confusion, calibration, mistakes. No PyTorch here."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from normviz.words.classes import CLASS_NAMES

NAMED = 10  # classes that a message names


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Returns the softmax over the last axis, as float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the Wilson score interval of a share of correct answers (Wilson 1927), as fractions."""
    interval = binomtest(int(correct), int(total)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def check_classes(known: tuple[str, ...], classes: tuple[str, ...], whose: str) -> None:
    """Checks that networks can be judged on pictures.

    Args:
        known: the classes of the networks, in the order of their answers.
        classes: of the pictures.
        whose: what the networks are called.

    Raises:
        ValueError: they are not the same.
    """
    if known != classes:
        raise ValueError(
            f"classes must be those that the networks know: {whose} know {_listed(known)}, the pictures are of "
            f"{_listed(classes)}; name runs that were trained on such pictures, or other pictures"
        )


def _listed(classes: tuple[str, ...]) -> str:
    more = len(classes) - NAMED
    return f"{len(classes)} classes ({', '.join(classes[:NAMED])}{f' and {more} more' if more > 0 else ''})"


def logit_columns(classes: tuple[str, ...]) -> list[str]:
    """Returns the columns of the logits in a table of predictions; a class may be called as another column of it is."""
    return [_column(name, {"index", "label", *classes} - ({name} - {"index", "label"})) for name in classes]


def _column(name: str, taken: set[str]) -> str:
    return _column(f"class {name}", taken) if name in taken else name


def verdicts(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns what a network says of each test picture.

    Args:
        predictions: index, label (from 0) and one column of logits a class, as stored by a run.

    Returns:
        index, label, predicted, confidence (probability of `predicted`, a fraction), correct.
    """
    logits = predictions.drop(columns=["index", "label"]).to_numpy()
    chosen = logits.argmax(axis=1)
    return pd.DataFrame(
        {
            "index": predictions["index"],
            "label": predictions["label"],
            "predicted": chosen,
            "confidence": probabilities(logits)[np.arange(len(chosen)), chosen],
            "correct": chosen == predictions["label"],
        }
    )


def accuracy(predictions: pd.DataFrame) -> dict[str, float]:
    """Returns accuracy with its 95% Wilson interval: accuracy, low, high (fractions)."""
    correct = verdicts(predictions)["correct"]
    low, high = wilson_interval(correct.sum(), len(correct))
    return {"accuracy": float(correct.mean()), "low": low, "high": high}


def agreement(stored: pd.DataFrame, again: pd.DataFrame) -> float:
    """Returns the share of equal answers in two sets of predictions, over the pictures (by index) that both have.

    Raises:
        ValueError: they have no picture in common.
    """
    answers = [verdicts(predictions).set_index("index")["predicted"] for predictions in (stored, again)]
    both = pd.concat(answers, axis="columns", join="inner", keys=["stored", "again"])
    if both.empty:
        raise ValueError(
            f"pictures must be among the stored predictions, by index: {_index_range(again)} now, {_index_range(stored)} "
            "stored; name a data folder whose pictures carry their index in the original files"
        )
    return float((both["stored"] == both["again"]).mean())


def _index_range(predictions: pd.DataFrame) -> str:
    return f"{predictions['index'].min()} to {predictions['index'].max()}"


def confusion(verdict: pd.DataFrame, classes: int = len(CLASS_NAMES)) -> pd.DataFrame:
    """Returns the confusion matrix as rows label, predicted, count, share (of the pictures of that label, a fraction)."""
    cells = pd.MultiIndex.from_product([range(classes)] * 2, names=["label", "predicted"])
    table = verdict.groupby(["label", "predicted"]).size().reindex(cells, fill_value=0).rename("count").reset_index()
    table["share"] = table["count"] / table.groupby("label")["count"].transform("sum").clip(lower=1)
    return table


def calibration(verdict: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Returns, by confidence bin, the mean confidence and the accuracy met there: confidence, accuracy, count."""
    bin_of = np.minimum((verdict["confidence"] * bins).astype(int), bins - 1).rename("bin")
    rows = verdict.groupby(bin_of).agg(
        confidence=("confidence", "mean"), accuracy=("correct", "mean"), count=("correct", "size")
    )
    return rows.reset_index(drop=True)


def side_by_side(verdict_by_norm: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Joins the verdicts of several networks on the pictures they share.

    Returns:
        index, label, then predicted_<norm>, confidence_<norm> and correct_<norm> for each network, and `wrong`, how many
        of them are wrong.
    """
    joined = None
    for norm, verdict in verdict_by_norm.items():
        named = verdict.rename(columns={c: f"{c}_{norm}" for c in ("predicted", "confidence", "correct")})
        joined = named if joined is None else joined.merge(named, on=["index", "label"])
    joined["wrong"] = sum(~joined[f"correct_{norm}"] for norm in verdict_by_norm)
    return joined
