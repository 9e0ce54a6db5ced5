"""The README's results as Markdown, out of the shipped runs and the studies."""

from pathlib import Path

import pandas as pd

from normviz import disk
from normviz.model import network
from normviz.model.norms import COMPARED, STUDIES
from normviz.studies import evidence, experiments, findings, headline, small_batches, texts
from normviz.training import runs
from normviz.words import naming, published, questions

BEGIN, END = "<!-- results -->", "<!-- end of results -->"


class ResultsError(ValueError):
    """A file that has no place for the results."""


def write(file: Path) -> None:
    """Puts the results between the two marks of a Markdown file.

    Raises:
        ResultsError: the file cannot be read, or the marks are missing; nothing is written.
        disk.DiskError: its folder cannot be written.
    """
    text = _read(file)
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ResultsError(f"{file} has no place for the results: add the lines {BEGIN} and {END}")
    disk.check_writable(file.parent)
    told = f"\n{markdown()}\n".replace("\n", "\r\n" if "\r\n" in text else "\n")
    disk.write_whole(file, f"{before}{begin}{told}{end}{after}".encode())


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{file} must be a text file that can be read ({error}): name one with {BEGIN} and {END}") from error


def markdown() -> str:
    """Returns the gap over seeds, then the figures of every study that has been begun, each under its question.

    Raises:
        evidence.EvidenceError: a study is damaged.
        runs.RunError: a shipped run is missing or damaged.
    """
    seeds = evidence.load_if_any("seeds")
    opening = [headline.sentence(seeds)] if headline.has_all(seeds) else []
    sections = {
        "seeds": _seeds,
        "networks": _networks,
        "gap": _gap,
        "batch-size": _batch_sizes,
        "rates": _rates,
        "groups": _groups,
        "layer-norms": _layer_norms,
        "sorted": _sorted,
        "affine": _affine,
        "weight-standardization": _weight_standardization,
        "shift": _shift,
    }
    begun = evidence.begun(sections)
    answers = [f"**{questions.STUDIES[name].title}** {sections[name](evidence.load(name))}" for name in begun]
    return "\n\n".join([*opening, _budget(), *answers])


def _budget() -> str:
    loaded = {norm: runs.load("budget", norm) for norm in COMPARED}
    figures = {norm: runs.final_figures(run) for norm, run in loaded.items()}
    said = [
        f"{naming.MODEL_NAMES['budget'][norm]} {each['accuracy']:.2%} (95% interval over test pictures {each['low']:.2%} to "
        f"{each['high']:.2%})"
        for norm, each in figures.items()
    ]
    info, table = loaded["batch"].info, evidence.load_if_any("budget")
    shipped = (
        f"**How far do three norms get below 50,000 parameters?** On another network of {info['parameters']:,}, after "
        f"{info['epochs']} epochs, the shipped runs: {', '.join(said)}."
    )
    return f"{shipped} {_over_seeds(table, 'budget')}" if findings.covers(table, "budget") else shipped


def _seeds(table: pd.DataFrame) -> str:
    return _over_seeds(table, *[study for study in STUDIES if study in set(table["network"])])


def _over_seeds(table: pd.DataFrame, *networks: str) -> str:
    """Says how the norms of the first network differ, and lists the models of all."""
    differences, by_seed = map(findings.among_compared, findings.pairs(table, networks[0]))
    said = " ".join(evidence.together(differences["said"], by_seed))
    rows = pd.DataFrame([row for each in networks for row in _models(table, each)])
    return f"{said}\n\n{_table(rows.loc[:, rows.ne('').any()])}"


def _models(table: pd.DataFrame, study: str) -> list[dict]:
    means = findings.models(table, study)[0]
    return [
        {"study": f"`{study}`", **row, **_about(study, norm)}
        for norm, row in zip(means["norm"], texts.as_text(means, "network").to_dict("records"))
    ]


def _about(study: str, norm: str) -> dict[str, str]:
    described = network.architecture(study, norm)
    shipped = runs.final_figures(runs.load(study, norm))["accuracy"] if norm in COMPARED else None
    return {
        "parameters": f"{network.summary(described)['parameters'].sum():,}",
        "shipped network": f"{shipped:.2%}" if shipped else "",
        "the source reported": f"{published.reported(norm):.2%}" if study == "published" else "",
    }


def _gap(table: pd.DataFrame) -> str:
    names = naming.MODEL_NAMES["published"]
    said = [findings.gap_sentence(findings.gap(table, norm), names[norm]) for norm in ("group", "layer")]
    return " ".join([*said, findings.reproduced_sentence(table)])


def _batch_sizes(table: pd.DataFrame) -> str:
    lines, seeds = small_batches.errors(table)
    epochs = ", ".join(str(count) for count in table["epochs"].unique())
    said = [small_batches.shape_sentence(seeds), *small_batches.growth_sentences(seeds), questions.SCALING_NOTE]
    said.append(f"Test error after {epochs} epochs:")
    return f"{' '.join(said)}\n\n{_table(texts.lines_as_text(lines, 'batch size'))}"


def _groups(table: pd.DataFrame) -> str:
    means, seeds = findings.group_counts(table)
    return f"{findings.group_count_sentence(seeds)} {questions.INSTANCE_NOTE}\n\n{_table(texts.as_text(means, 'groups'))}"


def _rates(table: pd.DataFrame) -> str:
    said = [experiments.rates_sentence(optimizer, lines) for optimizer, (lines, _) in experiments.rates(table).items()]
    return " ".join([*said, experiments.seeds_sentence(table)])


def _layer_norms(table: pd.DataFrame) -> str:
    means, seeds = experiments.layer_norms(table)
    return _listed(means, experiments.pair_sentences(seeds), "layer norm")


def _sorted(table: pd.DataFrame) -> str:
    means, _ = experiments.sorted_batches(table)
    said = [experiments.sorted_sentence(means)]
    if evidence.begun(["sorted-shift"]):
        lines = experiments.adapted(evidence.load("shift"), evidence.load("sorted-shift"))
        said.append(f"In evaluation on shifted pictures: {experiments.adapted_sentence(lines)}")
    return _listed(means, said, "batch and norm")


def _affine(table: pd.DataFrame) -> str:
    means, _ = experiments.affine(table)
    if means.empty:
        return questions.TOO_FEW
    return _listed(means, [experiments.affine_sentence(means)], "network and what learns")


def _weight_standardization(table: pd.DataFrame) -> str:
    means, seeds = experiments.standardized(table)
    if means.empty:
        return questions.TOO_FEW
    return " ".join([experiments.standardized_sentence(means), *evidence.together(means["said"], seeds)])


def _networks(table: pd.DataFrame) -> str:
    means, seeds = experiments.networks(table)
    return questions.TOO_FEW if means.empty else " ".join(evidence.together(means["said"], seeds))


def _listed(means: pd.DataFrame, said: list[str], heading: str) -> str:
    return f"{' '.join(said)}\n\n{_table(texts.as_text(means, heading))}"


def _shift(table: pd.DataFrame) -> str:
    return findings.shift_sentence(findings.shifts(table, "controlled"))


def _table(table: pd.DataFrame) -> str:
    return table.to_markdown(index=False, disable_numparse=True)
