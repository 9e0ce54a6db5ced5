"""Command line: python -m normviz --help. Bad input ends in one line and status 2."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from normviz.model import network
from normviz.model.norms import COMPARED, NORMS, STUDIES
from normviz.pictures import dataset, formats, uploads
from normviz.pictures import download as fetching
from normviz.studies import evidence
from normviz.training import evaluation, inference, loop, memory, plans, runs

PERCENT = ("accuracy", "test_accuracy", "train_accuracy", "low", "high", "agreement", "probability")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, or 2 for bad input."""
    options = build_parser().parse_args(arguments)
    try:
        rows = options.command(options)
    except (ValueError, OSError, loop.Diverged) as error:
        print(f"normviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("normviz: stopped; the same command goes on from the last finished epoch", file=sys.stderr)
        return 130
    if rows is not None:
        print(json.dumps(rows) if options.json else options.show(rows))
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m normviz", description=__import__("normviz").__doc__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_study(commands)
    _add_results(commands)
    _add_summary(commands)
    evaluate_parser = _add(commands, "evaluate", evaluate, show_table, "measure every shipped run on the test set")
    _add_data(evaluate_parser)
    _add_classify(commands)
    download_parser = _add(commands, "download", download, None, "fetch CIFAR-10 with a progress bar")
    _add_data(download_parser)
    return parser


def _add(commands, name: str, command: Callable, show: Callable | None, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command, show=show, json=False)
    if show:
        parser.add_argument("--json", action="store_true", help="print one JSON array and nothing else")
    return parser


def _add_train(commands) -> None:
    parser = _add(commands, "train", train, show_table, "train one model, or go on with it from its last finished epoch")
    _add_model(parser)
    _add_data(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and batches (default: %(default)s)")
    for recipe_field in fields(plans.Recipe):
        parser.add_argument(
            f"--{recipe_field.name.replace('_', '-')}",
            type=recipe_field.type,
            default=recipe_field.default,
            choices=plans.CHOICES.get(recipe_field.name),
            help="(default: %(default)s)",
        )
    _add_device(parser)
    parser.add_argument("--out", type=Path, default=runs.CHECKPOINTS, metavar="DIR", help="default: the shipped runs")
    parser.add_argument("--replace", action="store_true", help="put the new run in the place of a finished one")


def _add_study(commands) -> None:
    text = "carry out a study, or go on with it; finished runs are never done twice"
    parser = _add(commands, "study", study, show_table, text)
    parser.add_argument("name", choices=evidence.NAMES)
    _add_data(parser)
    _add_device(parser)
    parser.add_argument("--jobs", type=int, help="runs side by side on this machine (default: one a core)")
    parser.add_argument("--cluster", metavar="tcp://HOST:PORT", help="send the runs to the workers of a Dask scheduler instead")
    parser.add_argument("--out", type=Path, default=evidence.FOLDER, metavar="DIR", help="default: the shipped evidence")


def _add_results(commands) -> None:
    parser = _add(commands, "results", results, None, "print the figures of every study as Markdown")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put them between the marks of this file instead")


def _add_summary(commands) -> None:
    parser = _add(commands, "summary", summary, show_layers, "print a model's layer table")
    _add_model(parser)


def _add_classify(commands) -> None:
    parser = _add(commands, "classify", classify, show_answers, "show pictures to every shipped network")
    parser.add_argument("pictures", nargs="+", metavar="IMAGE", help=formats.ACCEPTED)
    parser.add_argument("--study", choices=STUDIES, help="default: both")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", choices=STUDIES, required=True)
    parser.add_argument("--norm", choices=NORMS, required=True)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", metavar="DIR", help="image folder, or CIFAR-10's files or archive (default: NORMVIZ_DATA, data/)"
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: %(default)s)")


def train(options: argparse.Namespace) -> list[dict]:
    recipe = plans.Recipe(**{f.name: getattr(options, f.name) for f in fields(plans.Recipe)})
    plan = plans.Plan(options.study, options.norm, options.seed, recipe)
    network.architecture(plan.study, plan.norm)
    if not options.replace:
        _refuse_to_replace(plan, options.out)
    splits = [dataset.load_split(name, options.data) for name in ("train", "test")]
    memory.keep_freed_memory()
    with tqdm(unit="step", dynamic_ncols=True, file=sys.stderr) as bar:
        run = loop.train(plan, *splits, root=options.out, device=options.device, report=_show_on(bar))
    return [_result(options.study, run)]


def _refuse_to_replace(plan: plans.Plan, root: Path) -> None:
    folder = runs.folder_of(plan.study, plan.norm, root)
    if (folder / "run.json").exists():
        raise ValueError(f"{folder} holds a finished run: add --replace to train it again, or --out DIR to keep both")


def _show_on(bar: tqdm) -> Callable[[loop.Step], None]:
    def show(step: loop.Step) -> None:
        if bar.total is None:
            bar.total, bar.initial, bar.n = step.steps, step.step - 1, step.step - 1
        bar.set_description(f"epoch {step.epoch}/{step.epochs}", refresh=False)
        bar.set_postfix_str(f"loss {step.loss:.3f}, accuracy {step.accuracy:.1%}", refresh=False)
        bar.update()

    return show


def _result(study: str, run: runs.Run) -> dict:
    figures = {key: run.info["final"][key] for key in ("accuracy", "low", "high")}
    return {"study": study, "norm": run.norm, "parameters": run.info["parameters"], **figures}


def study(options: argparse.Namespace) -> list[dict]:
    from normviz.studies import catalogue, runner

    chosen = catalogue.study(options.name)
    with tqdm(total=1.0, bar_format="{desc} {percentage:.1f}% |{bar}| {elapsed}, {remaining} left", file=sys.stderr) as bar:
        table, failed = runner.run(
            chosen, options.data, options.out, options.device, options.jobs, options.cluster, _show_progress_on(bar)
        )
    for plan, message in failed.items():
        print(f"normviz: {plan} failed: {message}", file=sys.stderr)
    if failed:
        raise ValueError(f"{len(failed)} of {len(chosen.plans)} runs failed: the same command tries them again")
    return evidence.results(table).drop(columns=["settings", "plan", "data"]).to_dict("records")


def _show_progress_on(bar: tqdm) -> Callable:
    def show(progress) -> None:
        if bar.n == 0:
            bar.initial = progress.share
        bar.n = progress.share
        bar.set_description_str(
            f"{progress.done} runs done, {progress.running} running, {progress.left} left"
            + (f", {progress.failed} failed" if progress.failed else "")
        )

    return show


def results(options: argparse.Namespace) -> None:
    from normviz.studies import results as figures

    if options.write:
        figures.write(options.write)
    else:
        print(figures.markdown())


def summary(options: argparse.Namespace) -> list[dict]:
    return network.summary(network.architecture(options.study, options.norm)).to_dict("records")


def evaluate(options: argparse.Namespace) -> list[dict]:
    test = dataset.load_split("test", options.data)
    return [_evaluate_one(study, norm, test) for study in STUDIES for norm in COMPARED]


def _evaluate_one(study: str, norm: str, test: dataset.Split) -> dict:
    run = runs.load(study, norm)
    again = inference.predict(inference.restore(run), test)
    return {
        "study": study,
        "norm": norm,
        "parameters": run.info["parameters"],
        **evaluation.accuracy(again),
        "agreement": evaluation.agreement(run.predictions, again),
    }


def classify(options: argparse.Namespace) -> list[dict]:
    small = {name: uploads.to_network_size(uploads.read_picture_file(name)) for name in options.pictures}
    rows = []
    for study in [options.study] if options.study else STUDIES:
        for norm in COMPARED:
            model = inference.restore(runs.load(study, norm))
            for name, pixels in small.items():
                top = inference.class_probabilities(model, pixels).head(5).to_dict("records")
                rows.append({"image": name, "study": study, "norm": norm, "top": top})
    return rows


def download(options: argparse.Namespace) -> None:
    folder = options.data or dataset.download_folder()
    with tqdm(total=1.0, unit="", bar_format="{l_bar}{bar}| {elapsed}<{remaining}", file=sys.stderr) as bar:
        fetching.fetch(folder, lambda fraction: bar.update(fraction - bar.n))


def show_table(rows: list[dict]) -> str:
    shown = {key: "{:.2%}".format for key in PERCENT if key in rows[0]}
    return pd.DataFrame(rows).to_string(index=False, formatters=shown)


def show_layers(rows: list[dict]) -> str:
    total = sum(row["parameters"] for row in rows)
    return f"{show_table(rows)}\ntotal parameters: {total:,}"


def show_answers(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        top = ", ".join(f"{answer['class']} {answer['probability']:.1%}" for answer in row["top"])
        lines.append(f"{row['image']}  {row['study']} {row['norm']}: {top}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
