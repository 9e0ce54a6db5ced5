"""Where the parameters of a network sit, and what other widths would cost."""

import pandas as pd

from normviz.words import captions

WEIGHT_TYPES = ("Conv2d", "StandardizedConv2d", "Linear")
NORM_TYPES = ("BatchNorm2d", "GroupNorm", "LayerNorm", "PlaceNorm")


def parameter_parts(layers: list[dict]) -> pd.DataFrame:
    """Splits a layer table's parameters by convolution; a linear layer counts as one, over the whole map.

    Args:
        layers: rows of index, type, output_shape, parameters.

    Returns:
        layer ("1" and so on, then "head"), part ("convolution" or "norm"), parameters; a norm belongs to the convolution
        before it.
    """
    convolutions = sum(layer["type"] in WEIGHT_TYPES for layer in layers)
    rows, names = [], iter([*(str(number) for number in range(1, convolutions)), "head"])
    for layer in layers:
        if layer["type"] in WEIGHT_TYPES:
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


def total_sentence(totals: pd.DataFrame, norm: str | None = None) -> str:
    """Returns total and norm parameters of each model as one sentence."""
    rows = totals[(totals["part"] == "norm") & ((totals["norm"] == norm) if norm else True)]
    return "; ".join(f"{r.name}: {r.total:,}, of them {r.parameters:,} in norms" for r in rows.itertuples(index=False)) + "."


def group_problems(widths: tuple[int, ...], groups: int = 4) -> list[str]:
    """Returns why group norm cannot be built on these widths, a sentence a convolution; empty where it can."""
    return [
        f"GroupNorm({groups}, C) cannot be built here: {groups} groups do not divide the {width} channels of convolution {place}."
        for place, width in enumerate(widths, start=1)
        if place not in captions.SQUEEZES and width % groups
    ]


def cost_table(parts_by_kind: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns one row a convolution: its own parameters, and those of its norm for each kind of norm."""
    table = next(iter(parts_by_kind.values()))
    table = table[table["part"] == "convolution"][["layer", "parameters"]].rename(columns={"parameters": "convolution"})
    for kind, parts in parts_by_kind.items():
        norm = parts[parts["part"] == "norm"].set_index("layer")["parameters"]
        table[captions.COST_NAMES[kind]] = table["layer"].map(norm).fillna(0).astype(int)
    return table
