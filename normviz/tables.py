"""From runs to the tidy tables that the charts draw. No PyTorch here: the first view needs none."""

import pandas as pd

from normviz import lessons, published
from normviz.classes import CLASS_NAMES
from normviz.norms import COMPARED
from normviz.runs import Run

NORM_TYPES = ("BatchNorm2d", "GroupNorm", "LayerNorm")
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


def accuracies(runs_by_study: dict[str, dict[str, Run]]) -> pd.DataFrame:
    """Returns series, norm, label, accuracy, low, high: what the source reported, then both studies measured here."""
    rows = [
        {"series": "reported|by the source", "norm": norm, "accuracy": published.reported(norm), "study": "published"}
        for norm in COMPARED
    ]
    names = {"published": "its networks,|our recipe", "controlled": "equal networks,|our recipe"}
    for study, name in names.items():
        for norm, run in runs_by_study[study].items():
            rows.append({"series": name, "norm": norm, "study": study, **final_figures(run)})
    table = pd.DataFrame(rows)
    for edge in ("low", "high"):
        table[edge] = table[edge].fillna(table["accuracy"])
    table["label"] = [f"{lessons.LABELS[r.study][r.norm]} {r.accuracy:.1%}" for r in table.itertuples()]
    return table


def final_figures(run: Run) -> dict[str, float]:
    """Returns a run's test accuracy after its last epoch and its 95 % interval: accuracy, low, high (fractions)."""
    return {key: run.info["final"][key] for key in ("accuracy", "low", "high")}


def spread(accuracy_by_norm) -> float:
    """Returns the gap between the best and the worst, in percentage points."""
    return 100 * (max(accuracy_by_norm) - min(accuracy_by_norm))


def parameter_parts(layers: list[dict]) -> pd.DataFrame:
    """Splits a layer table's parameters by convolution.

    Args:
        layers: rows of index, type, output_shape, parameters.

    Returns:
        layer ("1" to "10", then "head"), part ("convolution" or "norm"), parameters; a norm belongs to the convolution
        before it.
    """
    rows, names = [], iter([*(str(number) for number in range(1, 11)), "head"])
    for layer in layers:
        if layer["type"] == "Conv2d":
            name = next(names)
            rows.append({"layer": name, "part": "convolution", "parameters": layer["parameters"]})
        elif layer["type"] in NORM_TYPES:
            rows.append({"layer": name, "part": "norm", "parameters": layer["parameters"]})
    return pd.DataFrame(rows)


def totals(parts_by_norm: dict[str, pd.DataFrame], names: dict[str, str]) -> pd.DataFrame:
    """Sums `parameter_parts` by model for the budget chart: norm, name, part, parameters, total, label."""
    tables = []
    for norm, parts in parts_by_norm.items():
        table = parts.groupby("part", as_index=False)["parameters"].sum()
        total = int(table["parameters"].sum())
        tables.append(table.assign(norm=norm, name=names[norm], total=total, label=f"{total:,}"))
    return pd.concat(tables, ignore_index=True)


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
        tables.append(_line(run.history, column, norm, lessons.LABELS[study][norm], False))
        source = published.curves(norm)
        if with_source and (column in source or column == "gap"):
            tables.append(_line(source, column, norm, f"source {lessons.LABELS['published'][norm]}", True))
    return pd.concat(tables, ignore_index=True)


def _line(history: pd.DataFrame, column: str, norm: str, label: str, source: bool) -> pd.DataFrame:
    value = history_column(history, column)
    return pd.DataFrame({"norm": norm, "source": source, "x": history["epoch"], "value": value, "label": label})


def history_column(history: pd.DataFrame, column: str) -> pd.Series:
    """Returns a column of a history, or "gap": training minus test accuracy."""
    return history["train_accuracy"] - history["test_accuracy"] if column == "gap" else history[column]


def statistic_lines(tables_by_norm: dict[str, pd.DataFrame], quantity: str, along: str, study: str) -> pd.DataFrame:
    """Averages a per-channel quantity over channels, along "layer" or "epoch": norm, source, x, value, label."""
    tables = []
    for norm, table in tables_by_norm.items():
        line = table.groupby(along, as_index=False)[quantity].mean()
        line = line.rename(columns={along: "x", quantity: "value"})
        tables.append(line.assign(norm=norm, source=False, label=lessons.LABELS[study][norm]))
    return pd.concat(tables, ignore_index=True)


def named_confusion(confusion: pd.DataFrame) -> pd.DataFrame:
    """Replaces the class numbers of a confusion matrix by names."""
    return confusion.assign(**{side: confusion[side].map(CLASS_NAMES.__getitem__) for side in ("label", "predicted")})


def choose(table: pd.DataFrame, show: str, true: str | None, predicted: str | None, confidence) -> pd.DataFrame:
    """Filters the pictures of `evaluation.side_by_side`, most confident verdict first.

    Args:
        table: with predicted_, confidence_ and correct_ columns of the three networks.
        show: a key of `SHOW`.
        true: class name, or None for all.
        predicted: class name that at least one network gives, or None.
        confidence: (low, high), fractions, for the most confident network.
    """
    chosen = SHOW[show](table)
    if true:
        chosen &= table["label"] == CLASS_NAMES.index(true)
    if predicted:
        chosen &= (table[[f"predicted_{norm}" for norm in COMPARED]] == CLASS_NAMES.index(predicted)).any(axis=1)
    highest = table[[f"confidence_{norm}" for norm in COMPARED]].max(axis=1)
    chosen &= highest.between(*confidence)
    return table.loc[highest[chosen].sort_values(ascending=False, kind="stable").index]


def in_cells(table: pd.DataFrame, cells: dict[str, dict]) -> pd.DataFrame:
    """Keeps the pictures in the chosen confusion cell of each network: {norm: {"label", "predicted"}} by class name."""
    for norm, cell in cells.items():
        label, predicted = (CLASS_NAMES.index(cell[side]) for side in ("label", "predicted"))
        table = table[(table["label"] == label) & (table[f"predicted_{norm}"] == predicted)]
    return table


def most_confident_mistakes(table: pd.DataFrame, norm: str, count: int = 10) -> pd.DataFrame:
    """Returns one network's mistakes of highest confidence."""
    return table[~table[f"correct_{norm}"]].nlargest(count, f"confidence_{norm}")


def last_values(lines: pd.DataFrame, percent: bool) -> str:
    """Returns the last value of each line as one sentence, for the alternative text of a chart."""
    ends = lines.sort_values("x").groupby("label", sort=False).last()["value"]
    shown = [f"{label} {value:.1%}" if percent else f"{label} {value:.3g}" for label, value in ends.items()]
    return f"Last values: {', '.join(shown)}."


def total_sentence(totals: pd.DataFrame, norm: str | None = None) -> str:
    """Returns total and norm parameters of each model as one sentence."""
    rows = totals[(totals["part"] == "norm") & ((totals["norm"] == norm) if norm else True)]
    return "; ".join(f"{r.name}: {r.total:,}, of them {r.parameters:,} in norms" for r in rows.itertuples(index=False)) + "."


def group_problems(widths: tuple[int, ...], groups: int = 4) -> list[str]:
    """Returns why group norm cannot be built on these widths, a sentence a convolution; empty where it can."""
    return [
        f"GroupNorm({groups}, C) cannot be built here: {groups} groups do not divide the {width} channels of convolution {place}."
        for place, width in enumerate(widths, start=1)
        if place not in lessons.SQUEEZES and width % groups
    ]


def cost_table(parts_by_kind: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns one row a convolution: its own parameters, and those of its norm for each kind of norm."""
    table = next(iter(parts_by_kind.values()))
    table = table[table["part"] == "convolution"][["layer", "parameters"]].rename(columns={"parameters": "convolution"})
    for kind, parts in parts_by_kind.items():
        norm = parts[parts["part"] == "norm"].set_index("layer")["parameters"]
        table[lessons.COST_NAMES[kind]] = table["layer"].map(norm).fillna(0).astype(int)
    return table


def top_sentence(answers: pd.DataFrame) -> str:
    """Returns the first answer of a classification as a sentence."""
    return f"Most probable: {answers['class'][0]}, {answers['probability'][0]:.1%}."


def worst_sentence(confusion: pd.DataFrame) -> str:
    """Returns the most frequent mistake of a confusion matrix as a sentence."""
    worst = confusion[confusion["label"] != confusion["predicted"]].nlargest(1, "count").iloc[0]
    return f"Most frequent mistake: {worst['label']} taken for {worst['predicted']}, {worst['count']} times."


def by_norm(table_by_norm: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Stacks one table a model into one, with its key in the column `norm`."""
    return pd.concat([table.assign(norm=norm) for norm, table in table_by_norm.items()], ignore_index=True)
