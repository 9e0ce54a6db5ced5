"""What each command does: options in, rows out."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch
from tqdm import tqdm

from normviz.model import network
from normviz.model.norms import COMPARED, STUDIES
from normviz.pictures import dataset, uploads
from normviz.pictures import download as fetching
from normviz.studies import evidence
from normviz.training import checks, evaluation, inference, loop, memory, plans, runs

AT_ONCE = 0.001  # seconds until a bar may be drawn: with its first progress, so that none stands above a refusal


def train(options: argparse.Namespace) -> list[dict]:
    given = {f.name: getattr(options, f.name) for f in fields(plans.Recipe) if hasattr(options, f.name)}
    recipe = replace(plans.recipe_of(options.study), **given)
    plan = plans.Plan(options.study, options.norm, options.seed, recipe)
    checks.check_plan(plan, options.out, options.device)
    if not options.replace:
        _refuse_to_replace(plan, options.out)
    splits = [dataset.load_split(name, options.data) for name in ("train", "test")]
    checks.check_pictures(plan, *splits, options.out)
    memory.keep_freed_memory()
    with tqdm(unit="step", dynamic_ncols=True, file=sys.stderr, delay=AT_ONCE) as bar:
        try:
            run = loop.train(plan, *splits, root=options.out, device=options.device, report=_show_on(bar))
        except (MemoryError, RuntimeError) as error:
            _refuse_too_large(plan, error)
            raise
    return [_result(options.study, run)]


def _refuse_too_large(plan: plans.Plan, error: Exception) -> None:
    """Raises ValueError where a step has found no memory; PyTorch has an exception of its own for that on a GPU alone."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error):
        raise ValueError(
            f"a step must fit into memory: batch_size={plan.recipe.batch_size}; train again with a smaller --batch-size"
        ) from error


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
    with tqdm(
        total=1.0, bar_format="{desc} {percentage:.1f}% |{bar}| {elapsed}, {remaining} left", file=sys.stderr, delay=AT_ONCE
    ) as bar:
        table, failed = runner.run(
            chosen, options.data, options.out, options.device, options.jobs, options.cluster, _show_progress_on(bar)
        )
    for plan, message in failed.items():
        print(f"normviz: {plan} failed: {' '.join(message.split())}", file=sys.stderr)
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
        "pictures": len(test),
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
    with tqdm(total=1.0, unit="", bar_format="{l_bar}{bar}| {elapsed}<{remaining}", file=sys.stderr, delay=AT_ONCE) as bar:
        fetching.fetch(folder, lambda fraction: bar.update(fraction - bar.n))


def probe(options: argparse.Namespace) -> list[dict]:
    from normviz.commands import probe as own

    return own.probe(options)


def check_lesson(options: argparse.Namespace) -> list[dict]:
    from normviz.classroom import lessons, views

    lesson = lessons.load(options.file)
    return [
        {
            "step": step.key,
            "minutes": step.minutes,
            "cuts": ", ".join(map(str, step.cuts)),
            "asks": step.question.asks if step.question else "",
            "answer": views.truth(step) if step.question else "",
        }
        for step in lesson.steps
    ]


def print_lesson(options: argparse.Namespace) -> None:
    from normviz.classroom import handout, lessons

    lesson = lessons.load(options.file)
    cut = options.minutes or lesson.cuts[-1]
    if cut not in lesson.cuts:
        raise ValueError(f"--minutes must be one of {', '.join(map(str, lesson.cuts))}: --minutes={cut}")
    runs.write_whole(options.out, handout.pdf(lesson, cut, paper=options.paper))
