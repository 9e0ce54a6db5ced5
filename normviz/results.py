"""The README's results as Markdown, out of the shipped runs and the studies."""

from pathlib import Path

import pandas as pd

from normviz import evidence, findings, lessons, network, published, questions, runs, tables
from normviz.norms import COMPARED, NORMS, STUDIES

BEGIN, END = "<!-- results -->", "<!-- end of results -->"


class ResultsError(ValueError):
    """A file that has no place for the results."""


def write(file: Path) -> None:
    """Puts the results between the two marks of a Markdown file.

    Raises:
        ResultsError: the marks are missing; nothing is written.
    """
    before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ResultsError(f"{file} has no place for the results: add the lines {BEGIN} and {END}")
    runs.write_whole(file, f"{before}{begin}\n{markdown()}\n{end}{after}".encode())


def markdown() -> str:
    """Returns the figures of every study that has been begun, each under its question.

    Raises:
        evidence.EvidenceError: a study is damaged.
        runs.RunError: a shipped run is missing or damaged.
    """
    sections = {"seeds": _seeds, "gap": _gap, "batch-size": _batch_sizes, "groups": _groups, "shift": _shift}
    return "\n\n".join(
        f"**{questions.STUDIES[name].title}** {section(evidence.load(name))}"
        for name, section in sections.items()
        if evidence.files(name)[0].exists()
    )


def _seeds(table: pd.DataFrame) -> str:
    pairs = findings.pairs(table, "controlled")[0]
    said = " ".join(pairs[pairs["norm"].isin(COMPARED) & pairs["other"].isin(COMPARED)]["said"])
    return f"{said}\n\n{_table([row for study in STUDIES for row in _models(table, study)])}"


def _models(table: pd.DataFrame, study: str) -> list[dict]:
    return [
        {
            "study": f"`{study}`",
            "network": model.name,
            "parameters": f"{network.summary(network.architecture(study, model.norm))['parameters'].sum():,}",
            "test accuracy": f"{model.mean:.2%}",
            "95 % interval": _interval(model),
            "seeds": model.count,
            "shipped network": f"{_shipped(study, model.norm):.2%}" if model.norm in COMPARED else "",
            "the source reported": f"{published.reported(model.norm):.2%}" if study == "published" else "",
        }
        for model in findings.models(table, study)[0].itertuples()
    ]


def _interval(found) -> str:
    return f"{found.low:.1%} to {found.high:.1%}" if found.count > 1 else ""


def _shipped(study: str, norm: str) -> float:
    return tables.final_figures(runs.load(study, norm))["accuracy"]


def _gap(table: pd.DataFrame) -> str:
    names = lessons.MODEL_NAMES["published"]
    return " ".join(findings.gap_sentence(findings.gap(table, norm), names[norm]) for norm in ("group", "layer"))


def _batch_sizes(table: pd.DataFrame) -> str:
    lines, seeds = findings.batch_sizes(table)
    errors = lines.pivot(index="norm", columns="x", values="mean").reindex([norm for norm in COMPARED if norm in set(lines["norm"])])
    rows = [
        {"test error at batch size": NORMS[norm].label} | {str(size): f"{error:.1%}" for size, error in row.dropna().items()}
        for norm, row in errors.iterrows()
    ]
    return f"{' '.join(findings.batch_size_sentences(seeds))}\n\n{_table(rows)}"


def _groups(table: pd.DataFrame) -> str:
    means, seeds = findings.group_counts(table)
    rows = [
        {"groups": row.name, "test accuracy": f"{row.mean:.2%}", "95 % interval": _interval(row)} for row in means.itertuples()
    ]
    return f"{findings.group_count_sentence(seeds)}\n\n{_table(rows)}"


def _shift(table: pd.DataFrame) -> str:
    return findings.shift_sentence(findings.shifts(table, "controlled"))


def _table(rows: list[dict]) -> str:
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
