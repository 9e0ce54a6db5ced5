"""What the experiments on what a norm is for show: from their tables to what is drawn and said. No PyTorch here."""

import itertools
import json

import pandas as pd

from normviz.model.norms import COMPARED, NORMS
from normviz.studies import evidence, findings
from normviz.studies.findings import labelled
from normviz.training import runs
from normviz.words import questions

TOLERATED = 0.05  # how far below a norm's best accuracy a learning rate still counts as tolerated


def _setting(table: pd.DataFrame, name: str, usual: object = None) -> list:
    """Returns a choice of the recipe, run by run; `usual` for runs from before there was that choice."""
    return [json.loads(settings).get(name, usual) for settings in table["settings"]]


def _unless_diverged(accuracies: pd.Series) -> pd.Series:
    """Returns the accuracies, a run whose loss is not finite any more at chance."""
    return accuracies.fillna(1 / runs.load("controlled", "batch").predictions["label"].nunique())


def _of_whole_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the last epochs of the seeds of which most runs are finished; another would count in some of the means alone."""
    last = evidence.results(table)
    finished = last.groupby("seed")["seed"].transform("size")
    return last[finished == finished.max()]


def rates(table: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Returns, for each optimizer, test accuracy by learning rate: lines with intervals, and every seed (norm, x, value).

    Where one seed diverges and another does not, Student's interval would leave 0 to 1; it is cut there.
    """
    last = _of_whole_seeds(table)
    last = last.assign(optimizer=_setting(last, "optimizer"), x=_setting(last, "learning_rate"))
    last["value"] = _unless_diverged(last["test_accuracy"])
    found = {}
    for optimizer, rows in last.groupby("optimizer", sort=False):
        lines = evidence.by_model(rows, "value", ("norm", "x")).sort_values("x")
        lines = lines.assign(series=lines["norm"], label=lines["norm"].map(lambda norm: NORMS[norm].short), dashed=False)
        lines[["low", "high"]] = lines[["low", "high"]].clip(0.0, 1.0)
        found[optimizer] = lines, rows[["norm", "seed", "x", "value"]]
    return found


def tolerated(lines: pd.DataFrame) -> pd.DataFrame:
    """Returns the rates around its best at which each norm stays within `TOLERATED` of it: norm, best, lowest, highest, factor."""
    found = []
    for norm, rows in lines.sort_values("x").groupby("norm", sort=False):
        rows = rows.reset_index(drop=True)
        near = rows["mean"] >= rows["mean"].max() - TOLERATED
        best = rows["mean"].idxmax()
        first = max([place + 1 for place in rows.index[~near] if place < best], default=0)
        last = min([place - 1 for place in rows.index[~near] if place > best], default=len(rows) - 1)
        low, high = rows.loc[first, "x"], rows.loc[last, "x"]
        found.append({"norm": norm, "best": rows["mean"].max(), "lowest": low, "highest": high, "factor": high / low})
    return pd.DataFrame(found)


def rates_sentence(optimizer: str, lines: pd.DataFrame) -> str:
    """States for each norm the range of rates that it tolerates, and which norm is the most accurate at how many of them."""
    ranges = tolerated(lines).sort_values("norm", key=lambda norms: norms.map([*NORMS].index))
    said = [f"{NORMS[row.norm].short} {row.best:.0%} at best, {_range(row.lowest, row.highest)}" for row in ranges.itertuples()]
    by_rate = lines.pivot(index="x", columns="norm", values="mean")
    alone = by_rate[by_rate.eq(by_rate.max(axis=1), axis=0).sum(axis=1) == 1]
    first = ", ".join(
        f"{NORMS[norm].short} at {count} of {len(by_rate)}" for norm, count in alone.idxmax(axis=1).value_counts().items()
    )
    leads = f" Highest mean by rate: {first}." if first else ""
    return (
        f"**{questions.OPTIMIZERS[optimizer]}** Within {100 * TOLERATED:.0f} points of its own best accuracy, of the rates tried: "
        f"{'; '.join(said)}.{leads}"
    )


def _range(lowest: float, highest: float) -> str:
    return f"from {lowest:g} to {highest:g} ({highest / lowest:,.0f} times)" if lowest < highest else f"at {lowest:g} alone"


def seeds_sentence(table: pd.DataFrame) -> str:
    """States over how many seeds the rates were tried, and how many runs diverged, where any did."""
    last = _of_whole_seeds(table)
    count, lost = last["seed"].nunique(), last[last["test_accuracy"].isna()]
    said = f"Means over {count} seeds." if count > 1 else "One seed: without an interval, which takes two at least."
    if lost.empty:
        return said
    counts = []
    for optimizer, norms in lost["norm"].groupby(_setting(lost, "optimizer"), sort=False):
        found = norms.value_counts()
        of_norms = ", ".join(f"{NORMS[norm].short} {found[norm]}" for norm in NORMS if norm in found)
        counts.append(f"with {questions.OPTIMIZERS[optimizer].removesuffix('.')} {of_norms}")
    return f"{said} A run whose loss was not finite any more counts as chance: {'; '.join(counts)}."


def layer_norms(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns accuracy of the three layers that are called layer norm: means, as `findings.models` has them, and seeds."""
    last = evidence.results(table)
    last = last.assign(name=last["norm"].map(questions.LAYER_NORMS), value=last["test_accuracy"])
    order = list(questions.LAYER_NORMS.values())
    last = last.sort_values("name", key=lambda names: names.map(order.index), kind="stable").assign(norm="layer")
    means = evidence.by_model(last, "value", ("name", "norm"))
    return labelled(means, "{:.1%}"), last[["name", "norm", "seed", "value"]]


def pair_sentences(seeds: pd.DataFrame) -> list[str]:
    """States of each two models what their paired difference allows one to say, then of all; seeds: name, seed, value."""
    by_name = {name: rows.set_index("seed")["value"] for name, rows in seeds.groupby("name", sort=False)}
    pairs = list(itertools.combinations(by_name, 2))
    said = [evidence.conclusion(one, other, evidence.difference(by_name[one], by_name[other])) for one, other in pairs]
    differences = [(by_name[one] - by_name[other]).to_frame("value").assign(name=f"{one} − {other}") for one, other in pairs]
    return evidence.together(said, pd.concat([seeds.head(0), *differences]).dropna(subset="value"))


def sorted_batches(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns accuracy by what shares a training batch: means (name, norm, order, mean, low, high, count, label), and seeds."""
    last = evidence.results(table)
    last = last.assign(order=_setting(last, "order", "mixed"), value=last["test_accuracy"])
    last["name"] = [f"{row.order}: {NORMS[row.norm].short}" for row in last.itertuples()]
    ranks = [(questions.ORDERS.index(row.order), COMPARED.index(row.norm)) for row in last.itertuples()]
    last = last.assign(rank=ranks).sort_values("rank", kind="stable")
    means = evidence.by_model(last, "value", ("name", "norm", "order"))
    return labelled(means, "{:.1%}"), last[["name", "norm", "seed", "value"]]


def sorted_sentence(means: pd.DataFrame) -> str:
    """States what each norm loses from mixed batches to batches of one class."""
    by_norm = means.pivot(index="norm", columns="order", values="mean")
    if not {"mixed", "one class"} <= set(by_norm):
        return "Not every order has been run."
    said = [f"{NORMS[norm].short} from {row['mixed']:.1%} to {row['one class']:.1%}" for norm, row in by_norm.iterrows()]
    return f"From mixed batches to batches of one class, test accuracy goes: {', '.join(said)}."


def adapted(shifts: pd.DataFrame, sorted_shifts: pd.DataFrame) -> pd.DataFrame:
    """Returns the mean accuracy over all shifts by severity, as lines: batch norm with three kinds of statistics.

    Args:
        shifts: the study `shift`.
        sorted_shifts: the study `sorted-shift`.
    """
    both = pd.concat([findings.of_network(table, "controlled", "batch") for table in (shifts, sorted_shifts)])
    shifted = both[both["severity"] > 0].groupby(["statistics", "severity"], as_index=False)["accuracy"].mean()
    as_they_are = both[both["severity"] == 0][["statistics", "severity", "accuracy"]]
    lines = pd.concat([as_they_are, shifted]).rename(columns={"severity": "x", "accuracy": "mean", "statistics": "series"})
    lines = lines.assign(norm="batch", dashed=lines["series"] != "running", **findings.NO_INTERVAL)
    return lines.assign(label=lines["series"].map(questions.ADAPTED)).sort_values(["series", "x"], ignore_index=True)


def adapted_sentence(lines: pd.DataFrame) -> str:
    """States what the batch's own statistics give or take, by who shares the batch, at the highest severity."""
    last = lines[lines["x"] == lines["x"].max()].set_index("series")["mean"]
    mixed, alone = (100 * (last[kind] - last["running"]) for kind in ("batch", "one class"))
    return (
        f"At the highest severity the running statistics are right on {last['running']:.1%}. Those of a mixed batch change that "
        f"by {mixed:+.1f} points, those of a batch of one class by {alone:+.1f}."
    )


def affine(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns accuracy with everything learned, and with gamma and beta alone, of norms with both: means and seeds."""
    last = _of_whole_seeds(table)
    last = last.assign(trained=_setting(last, "trained", "all"), value=last["test_accuracy"])
    last = last[last["norm"].isin(last.loc[last["trained"] == "norms", "norm"])]
    last["name"] = [f"{NORMS[row.norm].short}, {questions.TRAINED[row.trained]}" for row in last.itertuples()]
    ranks = [(list(questions.TRAINED).index(row.trained), COMPARED.index(row.norm)) for row in last.itertuples()]
    last = last.assign(rank=ranks).sort_values("rank", kind="stable")
    means = evidence.by_model(last, "value", ("name", "norm", "trained"))
    return labelled(means, "{:.1%}"), last[["name", "norm", "seed", "value", "trained"]]


def affine_sentence(means: pd.DataFrame) -> str:
    """States how far gamma and beta alone get, and how many values that is."""
    run = runs.load("controlled", "batch")
    learned = 2 * int((run.layer_stats["epoch"] == 0).sum())
    reached = [f"{NORMS[row.norm].short} {row.mean:.1%}" for row in means[means["trained"] == "norms"].itertuples()]
    return (
        f"With {learned} of {run.info['parameters']:,} values learned and every filter left as it was drawn: "
        f"{', '.join(reached)}."
    )


def standardized(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns what weight standardization adds to each norm, paired by seed: means, as `findings.pairs` has them, and seeds."""
    last = evidence.results(table)
    means, seeds = [], []
    for norm, rows in last.groupby("norm", sort=False):
        on = rows["weight_standardization"].fillna(False).astype(bool)
        one, other = (rows[chosen].set_index("seed")["test_accuracy"] for chosen in (on, ~on))
        difference = (one - other).dropna()
        if difference.empty:
            continue
        name = NORMS[norm].label
        said = evidence.conclusion(f"{name} with it", "without", evidence.mean_interval(difference))
        reached = {"with": one[difference.index].mean(), "without": other[difference.index].mean()}
        means.append({"name": name, "norm": norm, **evidence.mean_interval(difference), **reached, "said": said})
        seeds += [{"name": name, "norm": norm, "seed": seed, "value": value} for seed, value in difference.items()]
    return labelled(pd.DataFrame(means), "{:+.1f}", scale=100), pd.DataFrame(seeds)


def standardized_sentence(means: pd.DataFrame) -> str:
    """States each norm's accuracy without and with weight standardization."""
    said = [f"{row['name']} from {row['without']:.1%} to {row['with']:.1%}" for row in means.to_dict("records")]
    return f"{'; '.join(said)}."


def networks(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns batch norm's lead over each other norm, network by network: means, as `findings.pairs` has them, and seeds."""
    means, seeds = [], []
    for network in [each for each in questions.NETWORKS if each in set(table["network"])]:
        batch = evidence.by_seed(table, network, "batch")
        for norm in COMPARED[1:]:
            differences = (batch - evidence.by_seed(table, network, norm)).dropna()
            if differences.empty:
                continue
            row = {
                "name": f"{questions.NETWORKS[network]}: batch − {NORMS[norm].short.lower()}",
                "norm": norm,
                "network": network,
            }
            said = evidence.conclusion("Batch norm", NORMS[norm].label.lower(), evidence.mean_interval(differences))
            means.append(row | evidence.mean_interval(differences) | {"said": f"{questions.NETWORKS[network]}: {said}"})
            seeds += [row | {"seed": seed, "value": value} for seed, value in differences.items()]
    return labelled(pd.DataFrame(means), "{:+.1f}", scale=100), pd.DataFrame(seeds)
