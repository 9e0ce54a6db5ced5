"""The rows of a command as text for people."""

import pandas as pd

PERCENT = ("accuracy", "test_accuracy", "train_accuracy", "low", "high", "agreement", "probability")


def show_table(rows: list[dict]) -> str:
    shown = {key: "{:.2%}".format for key in PERCENT if key in rows[0]}
    return pd.DataFrame(rows).to_string(index=False, formatters=shown)


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
