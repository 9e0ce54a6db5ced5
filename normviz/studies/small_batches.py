"""What the study of batch sizes shows, beside the paper's figures. No PyTorch here."""

import numpy as np
import pandas as pd

from normviz.model.norms import NORMS
from normviz.studies import evidence
from normviz.words import naming, papers


def errors(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns test error by training batch size: lines with intervals, and every seed (norm, x, value)."""
    last = evidence.results(table)
    seeds = last[["norm", "seed"]].assign(x=last["batch_size"], value=1 - last["test_accuracy"])
    lines = evidence.by_model(seeds, "value", ("norm", "x")).sort_values("x")
    return lines.assign(series=lines["norm"], label=lines["norm"].map(naming.LABELS["controlled"]), dashed=False), seeds


def shape_sentence(seeds: pd.DataFrame, small: int = 2, large: int = 32) -> str:
    """States whether batch norm falls away at a small batch as in the paper, and whether group norm loses too."""
    by_size = seeds.pivot(index="seed", columns=["norm", "x"], values="value")
    if not {(norm, size) for norm in ("batch", "group") for size in (small, large)} <= set(by_size.columns):
        return "Not every batch size has been run."
    growth = {norm: by_size[norm, small] - by_size[norm, large] for norm in ("batch", "group")}
    found, theirs = evidence.difference(growth["batch"], growth["group"]), papers.imagenet_errors()
    theirs = theirs.pivot(index="x", columns="norm", values="value")
    extra = 100 * ((theirs["batch"] - theirs["group"])[small] - (theirs["batch"] - theirs["group"])[large])
    if found["count"] < 2:
        verdict = "One seed allows no interval"
    else:
        group = evidence.mean_interval(growth["group"].dropna())
        verdict = _verdict(falls=found["low"] > 0, loses_too=group["low"] > 0)
    return (
        f"{verdict}: from batch size {large} to {small} the error of batch norm changes by {_with_interval(found)} against that "
        f"of group norm (in the paper by {extra:+.1f})."
    )


def _verdict(falls: bool, loses_too: bool) -> str:
    if not falls:
        return "The paper's shape does not show in these seeds"
    group = "though group norm loses too" if loses_too else "and these seeds do not show group norm losing"
    return f"Batch norm falls away as in the paper, {group}"


def growth_sentences(seeds: pd.DataFrame, small: int = 2, large: int = 32) -> list[str]:
    """States how much the error grows from batch size `large` to `small`, here and in the paper, a sentence a norm."""
    said, paper = [], papers.imagenet_errors()
    for norm in [each for each in NORMS if each in set(seeds["norm"])]:
        rows = seeds[seeds["norm"] == norm]
        by_size = rows.pivot(index="seed", columns="x", values="value")
        if not {small, large} <= set(by_size.columns):
            continue
        growth = evidence.difference(by_size[small], by_size[large])
        sentence = f"{NORMS[norm].label}: from batch size {large} to {small} the error changes by {_with_interval(growth)}"
        theirs = paper[paper["norm"] == norm].set_index("x")["value"]
        if len(theirs):
            sentence += f" (in the paper {100 * (theirs[small] - theirs[large]):+.1f})"
        said.append(f"{sentence}.")
    return said


def _with_interval(found: dict) -> str:
    half = 100 * (found["high"] - found["mean"])
    return f"{100 * found['mean']:+.1f}{'' if np.isnan(half) else f' ± {half:.1f}'} points"
