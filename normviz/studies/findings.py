"""From the tables of the studies to what is drawn and what may be concluded. No PyTorch here."""

import itertools

import numpy as np
import pandas as pd

from normviz.model.norms import COMPARED, NORMS
from normviz.studies import evidence
from normviz.training import evaluation, runs
from normviz.words import naming, published, questions

NO_INTERVAL = {"low": np.nan, "high": np.nan}


def of_network(table: pd.DataFrame, study: str, norm: str) -> pd.DataFrame:
    """Returns the rows of one network; the batch network of both studies is one."""
    network, norm = runs.SHARED_RUNS.get((study, norm), (study, norm))
    return table[(table["network"] == network) & (table["norm"] == norm)]


def covers(table: pd.DataFrame, study: str) -> bool:
    """Returns whether a table has rows of each of a study's three networks."""
    return not table.empty and all(len(of_network(table, study, norm)) for norm in COMPARED)


def batch_statistics(table: pd.DataFrame, study: str) -> pd.DataFrame:
    """Returns accuracy by evaluation batch size as lines: batch norm by the batch's own statistics, the others flat."""
    sizes = sorted(size for size in table["evaluation_batch"].unique() if size)
    lines = []
    for norm in COMPARED:
        whole = of_network(table, study, norm).query("layer == 0")
        label = f"{naming.LABELS[study][norm]}{', running' if norm == 'batch' else ''}"
        lines += [_point(f"{norm} shipped", norm, size, whole["accuracy"].iloc[0], label, norm == "batch") for size in sizes]
    by_batch = of_network(table, study, "batch").query("layer == 1")
    label = f"{naming.LABELS[study]['batch']}, its batch"
    lines += [_point("batch", "batch", row.evaluation_batch, row.accuracy, label) for row in by_batch.itertuples()]
    return pd.DataFrame(lines)


def _point(series: str, norm: str, x: float, mean: float, label: str, dashed: bool = False, **interval) -> dict:
    point = {"series": series, "norm": norm, "x": x, "mean": mean, "label": label, "dashed": dashed}
    return point | NO_INTERVAL | interval


def batch_statistics_sentence(lines: pd.DataFrame) -> str:
    """States what the batch's own statistics cost at the smallest and at the largest evaluation batch."""
    by_batch = lines[lines["series"] == "batch"].sort_values("x")
    running = lines[lines["series"] == "batch shipped"]["mean"].iloc[0]
    small, large = by_batch.iloc[0], by_batch.iloc[-1]
    return (
        f"With its running statistics batch norm is right on {running:.1%} of the test pictures at every batch size. With the "
        f"statistics of a batch of {large['x']} it is right on {large['mean']:.1%}, with those of a batch of {small['x']} on "
        f"{small['mean']:.1%}."
    )


def distances(table: pd.DataFrame, column: str, study: str) -> pd.DataFrame:
    """Returns how far batch statistics lie from the running ones: layer, x (evaluation batch size), value."""
    rows = of_network(table, study, "batch").query("layer > 0")
    return rows.rename(columns={"evaluation_batch": "x", column: "value"})[["layer", "x", "value"]]


def bands(table: pd.DataFrame, column: str, study: str) -> pd.DataFrame:
    """Returns, by epoch, between what a column of the histories lay over the seeds: norm, x (epoch), low, high, count."""
    found = []
    for norm in COMPARED:
        rows = of_network(table, study, norm)
        by_epoch = runs.history_column(rows, column).groupby(rows["epoch"]).agg(low="min", high="max", count="size")
        found.append(by_epoch.reset_index().rename(columns={"epoch": "x"}).assign(norm=norm))
    return pd.concat(found, ignore_index=True)


def models(table: pd.DataFrame, study: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the models of one study in the seeds table: means (name, norm, mean, low, high, count, label), and seeds."""
    means, seeds = [], []
    for norm in _norms_of(study):
        values = evidence.by_seed(table, study, norm)
        if len(values):
            name = model_name(study, norm)
            means.append({"name": name, "norm": norm, **evidence.mean_interval(values)})
            seeds += [{"name": name, "norm": norm, "seed": seed, "value": value} for seed, value in values.items()]
    return labelled(pd.DataFrame(means), "{:.1%}"), pd.DataFrame(seeds)


def _norms_of(study: str) -> tuple[str, ...]:
    return tuple(NORMS) if study == "controlled" else COMPARED


def model_name(study: str, norm: str) -> str:
    """Returns how a model is called on screen, those included that are not among the three compared."""
    return naming.MODEL_NAMES[study].get(norm) or NORMS[norm].label


def labelled(means: pd.DataFrame, pattern: str, scale: float = 1) -> pd.DataFrame:
    """Adds the text beside each mark, and `end`, where it begins; nothing where there is no mark."""
    if means.empty:
        return means
    labels = [pattern.format(scale * mean) for mean in means["mean"]]
    return means.assign(label=labels, end=means["high"].fillna(means["mean"]))


def pairs(table: pd.DataFrame, study: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the paired difference of each two models: (name, norm, other, mean, low, high, count, label, said), and seeds."""
    found = {norm: evidence.by_seed(table, study, norm) for norm in _norms_of(study)}
    means, seeds = [], []
    for one, other in itertools.combinations([norm for norm, values in found.items() if len(values)], 2):
        one_name, other_name = model_name(study, one), model_name(study, other)
        difference = evidence.difference(found[one], found[other])
        row = {"name": f"{one_name} − {_lower(other_name)}", "norm": one, "other": other}
        means.append(row | difference | {"said": evidence.conclusion(one_name, _lower(other_name), difference)})
        seeds += [row | {"seed": seed, "value": value} for seed, value in (found[one] - found[other]).dropna().items()]
    by_seed = pd.DataFrame(seeds, columns=["name", "norm", "other", "seed", "value"])
    return labelled(pd.DataFrame(means), "{:+.1f}", scale=100), by_seed


def among_compared(pairs: pd.DataFrame) -> pd.DataFrame:
    """Returns the pairs of two of the three compared norms."""
    return pairs[pairs["norm"].isin(COMPARED) & pairs["other"].isin(COMPARED)]


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def gap(table: pd.DataFrame, norm: str) -> pd.DataFrame:
    """Returns the waterfall from the source's reported gap between batch and `norm` to what the norm alone is worth.

    Each change is measured with everything before it in place, and its interval is that of the paired difference.

    Returns:
        step, kind ("level" or "change"), start, end, low, high (of the change, drawn at `end`), top, label, seeds (of the
        last level); empty where a step has not been run.
    """
    reported = published.reported("batch") - published.reported(norm)
    batch = {recipe: evidence.by_seed(table, "published", "batch", recipe=recipe) for recipe in ("source", "repaired")}
    levels = [
        batch["source"] - evidence.by_seed(table, "published", norm, recipe="source"),
        batch["repaired"] - evidence.by_seed(table, "published", norm, recipe="repaired"),
        batch["repaired"] - evidence.by_seed(table, "controlled", "layer_elementwise"),
        batch["repaired"] - evidence.by_seed(table, "controlled", norm),
    ]
    levels = [level.dropna() for level in levels]
    if not all(len(level) for level in levels):
        return pd.DataFrame()
    steps, before = [_level("the|source|reported", {"mean": reported, **NO_INTERVAL})], reported
    for name, level, last in zip(questions.GAP_STEPS[norm], levels, [None, *levels]):
        change = evidence.mean_interval(level - (reported if last is None else last))
        steps.append(_change(name, before, change))
        before += change["mean"]
    return pd.DataFrame([*steps, _level("the norm|alone", evidence.mean_interval(levels[-1]))])


def _level(step: str, found: dict) -> dict:
    top = np.nanmax([found["mean"], found["high"], 0])
    interval = {"low": found["low"], "high": found["high"], "top": top, "seeds": found.get("count", np.nan)}
    return {
        "step": step,
        "kind": "level",
        "start": 0.0,
        "end": found["mean"],
        "label": f"{100 * found['mean']:.1f}",
        **interval,
    }


def _change(step: str, before: float, found: dict) -> dict:
    low, high = before + found["low"], before + found["high"]
    drawn = {"start": before, "end": before + found["mean"], "low": low, "high": high}
    top = np.nanmax([drawn["start"], drawn["end"], high])
    return {"step": step, "kind": "change", "label": f"{100 * found['mean']:+.1f}", "top": top, **drawn}


def gap_sentence(steps: pd.DataFrame, name: str) -> str:
    """States how much of the reported gap is left, and which step took most of it."""
    changes = steps[steps["kind"] == "change"]
    steps_down = changes["end"] - changes["start"]
    most = changes.loc[steps_down.idxmin()]
    fall = (
        f" The largest step down in this order, {-100 * steps_down.min():.1f} points, comes with {most['step'].replace('|', ' ')}."
        if steps_down.min() < 0
        else ""
    )
    first, last = steps.iloc[0], steps.iloc[-1]
    interval = f"95% interval {100 * last['low']:.1f} to {100 * last['high']:.1f}, {last['seeds']:.0f} seeds"
    known = "one seed, so no interval" if np.isnan(last["low"]) else interval
    return (
        f"Between its BN and {_lower(name)} the source reported {100 * first['end']:.1f} points; {100 * last['end']:.1f} "
        f"({known}) are left when only the norm differs.{fall}"
    )


def reproduced(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the source's three figures beside its recipe repeated here: name, reported, mean, low, high, count."""
    rows = []
    for norm in COMPARED:
        again = evidence.by_seed(table, "published", norm, recipe="source")
        if len(again):
            name = naming.MODEL_NAMES["published"][norm]
            rows.append({"name": name, "reported": published.reported(norm), **evidence.mean_interval(again)})
    return pd.DataFrame(rows)


def reproduced_sentence(table: pd.DataFrame) -> str:
    """States how far from the source's figures its recipe ends here, and how long it trains at its full rate, here and there."""
    found = reproduced(table)
    off = [f"{100 * (row.mean - row.reported):+.1f}" for row in found.itertuples()]
    here = [_epochs_at_full_rate(run) for _, run in table[table["recipe"] == "source"].groupby("plan")]
    there = [str(_epochs_at_full_rate(published.curves(norm))) for norm in COMPARED]
    return (
        f"Against what it reported, its own recipe comes out at {_listed(off)} points. Its scheduler, stepped here on the loss of an "
        f"epoch's last batch, first cuts the rate after {min(here)} to {max(here)} epochs, by luck of that batch; in the source "
        f"after {_listed(there)}."
    )


def _epochs_at_full_rate(history: pd.DataFrame) -> int:
    return int(np.isclose(history["learning_rate"], history["learning_rate"].max()).sum())


def _listed(texts: list[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def group_counts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns accuracy by number of groups: means (name, norm, mean, low, high, count, label), and seeds."""
    last = evidence.results(table)
    last = last.assign(name=last["groups"].map(questions.GROUP_COUNTS), value=last["test_accuracy"])
    order = {name: place for place, name in enumerate(questions.GROUP_COUNTS.values())}
    last = last.sort_values("name", key=lambda names: names.map(order), kind="stable")
    means = evidence.by_model(last, "value", ("name", "norm"))
    return labelled(means, "{:.1%}"), last[["name", "norm", "seed", "value"]]


def group_count_sentence(seeds: pd.DataFrame) -> str:
    """States whether the best number of groups can be told from the worst; instance norm stays out, it cannot learn here."""
    learning = seeds[seeds["norm"] != "instance"]
    by_name = {name: rows.set_index("seed")["value"] for name, rows in learning.groupby("name", sort=False)}
    if len(by_name) < 2:
        return questions.TOO_FEW
    worst, *_, best = sorted(by_name, key=lambda name: by_name[name].mean())
    one, other = (name.partition(":")[0] for name in (best, worst))
    found = evidence.difference(by_name[best], by_name[worst])
    return f"Best and worst: {evidence.conclusion(f'Group norm with {one}', f'group norm with {other}', found)}"


def shifts(table: pd.DataFrame, study: str) -> dict[str, pd.DataFrame]:
    """Returns, for each kind of shift, accuracy by severity as lines with Wilson intervals over the test pictures.

    Batch norm is there once with each kind of statistics.
    """
    rows = pd.concat([of_network(table, study, norm) for norm in COMPARED])
    lines = rows.rename(columns={"severity": "x", "accuracy": "mean"}).reset_index(drop=True)
    lines["series"] = lines["norm"] + " " + lines["statistics"]
    lines["label"] = [naming.LABELS[study][r.norm] + questions.STATISTICS_USED[r.statistics] for r in lines.itertuples()]
    lines["dashed"] = lines["statistics"] == "batch"
    pictures = len(runs.load(study, "group").predictions)
    lines[["low", "high"]] = [evaluation.wilson_interval(round(mean * pictures), pictures) for mean in lines["mean"]]
    lines = lines[["shift", "series", "norm", "x", "mean", "low", "high", "label", "dashed", "amount"]]
    kinds = [name for name in lines["shift"].unique() if name != "none"]
    return {kind: lines[lines["shift"].isin(("none", kind))].drop(columns="shift") for kind in kinds}


def amounts(lines: pd.DataFrame) -> str:
    """Returns the amounts behind severity 1 and up of one shift, in order."""
    return ", ".join(f"{amount:g}" for amount in lines.sort_values("x")["amount"].dropna().unique())


def _hardest(by_shift: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns accuracy at the highest severity: one row a shift, one column a network."""
    last = {shift: lines[lines["x"] == lines["x"].max()].set_index("label")["mean"] for shift, lines in by_shift.items()}
    return pd.DataFrame(last).T


def shifts_as_text(by_shift: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns accuracy at the highest severity for reading."""
    return _hardest(by_shift).map("{:.1%}".format).rename_axis(index="at the highest severity", columns=None).reset_index()


def shift_sentence(by_shift: dict[str, pd.DataFrame]) -> str:
    """States who stands the highest severity best, in the mean and shift by shift, and how far that goes."""
    table = _hardest(by_shift)
    means = "; ".join(f"{label} {mean:.1%}" for label, mean in table.mean().items())
    alone = table.drop(columns=[label for label in table if label.endswith(questions.STATISTICS_USED["batch"])])
    best = "; ".join(f"{label} in {count}" for label, count in alone.idxmax(axis=1).value_counts().items())
    return (
        f"Mean accuracy over the {len(table)} shifts at the highest severity: {means}. Without the statistics of the shifted batch "
        f"the best is {best}. This is one network each, so it tells of these networks and not yet of the norms."
    )
