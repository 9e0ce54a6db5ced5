"""The rows of a command as text for people."""

import pandas as pd

PERCENT = ("accuracy", "test_accuracy", "train_accuracy", "low", "high", "agreement", "probability")


def show_table(rows: list[dict]) -> str:
    shown = {key: _percent for key in PERCENT if key in rows[0]}
    return pd.DataFrame(rows).to_string(index=False, formatters=shown)


def _percent(share: float | None) -> str:
    return "" if pd.isna(share) else f"{share:.2%}"


def show_layers(rows: list[dict]) -> str:
    total = sum(row["parameters"] for row in rows)
    return f"{show_table(rows)}\ntotal parameters: {total:,}"


def show_norms(rows: list[dict], reached: str, warnings: list[str]) -> str:
    shown = [{**row, "shape": "x".join(map(str, row["shape"]))} for row in rows]
    return "\n".join([show_table(shown) if rows else "no norm layers", reached, *(f"warning: {each}" for each in warnings)])


def show_lesson(rows: list[dict]) -> str:
    return f"{show_table(rows)}\n{len(rows)} steps; nothing is wrong with the lesson"


def show_answers(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        top = ", ".join(f"{answer['class']} {answer['probability']:.1%}" for answer in row["top"])
        lines.append(f"{row['image']}  {row['study']} {row['norm']}: {top}")
    return "\n".join(lines)


def show_inspection(rows: list[dict]) -> str:
    (told,) = rows
    smallest, largest = ("{} x {}".format(*told[name]) for name in ("smallest", "largest"))
    converted = ", ".join(f"{name}: {count}" for name, count in told["converted"].items()) or "nothing"
    lines = [
        f"{told['data']}: {told['layout']}",
        pd.DataFrame(told["classes"]).to_string(index=False),
        f"sizes from {smallest} to {largest}; converted: {converted}",
        f"{told['resize']}: {told['resized']} {told['cut']:.1%} of a picture is cut off on average.",
        f"training pictures: mean {_triple(told['mean'])}, standard deviation {_triple(told['std'])}" if told["mean"] else "",
        *(f"in both splits: {pair['train']} (train), {pair['test']} (test)" for pair in told["in_both"]),
        *(f"warning: {warning}" for warning in told["warnings"]),
        *(f"bad: {each['file']} {each['reason']}" for each in told["bad"]),
        *(["the rest is used with --skip-bad"] if told["bad"] else []),
    ]
    return "\n".join(filter(None, lines))


def _triple(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
