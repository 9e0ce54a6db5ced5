"""What each command does: options in, rows out."""

import argparse
import contextlib
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from normviz import disk
from normviz.commands.arguments import choices_of
from normviz.commands.streams import Aside
from normviz.model import network
from normviz.model.norms import COMPARED, NORMS, STUDIES
from normviz.pictures import dataset, inspection, layouts, uploads
from normviz.pictures import download as fetching
from normviz.pictures.choices import Choices, choices
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
    splits = [dataset.load_split(name, options.data, choices_of(options)) for name in ("train", "test")]
    _refuse_to_mix(splits[0], options.out)
    checks.check_pictures(plan, *splits, options.out)
    memory.keep_freed_memory()
    with _alone(plan, options.out), tqdm(unit="step", dynamic_ncols=True, file=Aside(), delay=AT_ONCE) as bar:
        if not options.replace:  # another process may have finished it meanwhile
            _refuse_to_replace(plan, options.out)
        try:
            run = loop.train(plan, *splits, root=options.out, device=options.device, report=_show_on(bar))
        except (MemoryError, RuntimeError) as error:
            _refuse_too_large(plan, error)
            raise
    return [_result(options.study, run)]


def _alone(plan: plans.Plan, root: Path) -> contextlib.AbstractContextManager:
    folder = runs.folder_of(plan.study, plan.norm, root)
    refusal = f"{folder} is being trained by another process: wait until it ends, or choose another --out"
    return disk.alone(folder.with_name(f".{folder.name}.lock"), ValueError(refusal))


def _refuse_to_mix(training: dataset.Split, root: Path) -> None:
    """Keeps networks of own data out of the folder of the shipped ones."""
    if training.is_own and Path(root).resolve() == runs.CHECKPOINTS.resolve():
        raise ValueError(
            f"{runs.CHECKPOINTS.name} holds the shipped CIFAR-10 networks: name a folder for your own with --out DIR"
        )


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
        total=1.0, bar_format="{desc} {percentage:.1f}% |{bar}| {elapsed}, {remaining} left", file=Aside(), delay=AT_ONCE
    ) as bar:
        table, failed = runner.run(
            chosen,
            options.data,
            options.out,
            options.device,
            options.jobs,
            options.cluster,
            _show_progress_on(bar),
            choices_of(options),
        )
    if failed:
        raise ValueError(f"{len(failed)} of {len(chosen.plans)} runs failed: the same command tries them again")
    return evidence.results(table).drop(columns=["settings", "plan", "data", "test_data"], errors="ignore").to_dict("records")


def _show_progress_on(bar: tqdm) -> Callable:
    told = set()

    def show(progress) -> None:
        for plan, message in progress.failed.items():
            if plan not in told:
                told.add(plan)
                bar.write(f"normviz: {plan} failed: {' '.join(message.split())}", file=Aside())
        if bar.n == 0:
            bar.initial = progress.share
        bar.n = progress.share
        bar.set_description_str(
            f"{progress.done} runs done, {progress.running} running, {progress.left} left"
            + (f", {len(progress.failed)} failed" if progress.failed else "")
        )

    return show


def results(options: argparse.Namespace) -> str | None:
    from normviz.studies import results as figures

    return figures.write(options.write) if options.write else figures.markdown()


def summary(options: argparse.Namespace) -> list[dict]:
    return network.summary(network.architecture(options.study, options.norm)).to_dict("records")


def evaluate(options: argparse.Namespace) -> list[dict]:
    chosen = choices_of(options)
    load = cache(lambda how: dataset.load_split("test", options.data, how))
    found = _runs_in(options.runs)
    for run in found:
        _refuse_other_resize(run, options.resize)
    return [_evaluate_one(run, load(_as_trained(run, chosen)), options.runs) for run in found]


def _runs_in(root: Path | None) -> list[runs.Run]:
    """Returns the finished runs of a folder, study by study; the shipped ones unless one is named."""
    if root is None:
        return [runs.load(study, norm) for study in STUDIES for norm in COMPARED]
    pairs = [(study, norm) for study in STUDIES for norm in NORMS if (study, norm) not in runs.SHARED_RUNS]
    found = [runs.load(*pair, root) for pair in pairs if (runs.folder_of(*pair, root) / "run.json").exists()]
    if not found:
        raise ValueError(f"{root} holds no finished run: name a folder that train has written with --out")
    return found


def _refuse_other_resize(run: runs.Run, asked: str | None) -> None:
    trained = run.info["data"].get("resize", asked)
    if asked not in (None, trained):
        raise ValueError(f"--resize must be as {run.study} {run.norm} was trained, {trained}: --resize={asked!r}; leave it out")


def _as_trained(run: runs.Run, chosen: Choices) -> Choices:
    """Returns the choices with own pictures made 32 x 32 as they were for the training."""
    return replace(chosen, resize=run.info["data"].get("resize", chosen.resize))


def _evaluate_one(run: runs.Run, test: dataset.Split, root: Path | None) -> dict:
    whose = f"the runs in {root}" if root else "the shipped networks"
    evaluation.check_classes(run.classes, test.classes, whose)
    study, norm = run.study, run.norm
    again = inference.predict(inference.restore(run), test)
    return {
        "study": study,
        "norm": norm,
        "parameters": run.info["parameters"],
        "pictures": len(test),
        **evaluation.accuracy(again),
        "agreement": _agreement(run, again, test),
    }


def _agreement(run: runs.Run, again: pd.DataFrame, test: dataset.Split) -> float | None:
    """Returns the share of answers as stored; None on other own pictures, whose indices mean nothing to the run."""
    same = not (test.is_own or run.is_own) or test.fingerprint == run.info["data"]["test_fingerprint"]
    return evaluation.agreement(run.predictions, again) if same else None


def inspect_data(options: argparse.Namespace) -> list[dict]:
    chosen = choices(resize=options.resize)
    path = dataset.find_folder(options.data) or options.data
    if path.exists() and not dataset.is_own(path):
        raise ValueError(f"{path} is CIFAR-10, which needs no inspection: name own data; {layouts.FORMS}")
    return [asdict(inspection.inspect(path, chosen.resize))]


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
    with tqdm(total=1.0, unit="", bar_format="{l_bar}{bar}| {elapsed}<{remaining}", file=Aside(), delay=AT_ONCE) as bar:
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

    disk.check_file(options.out)
    lesson = lessons.load(options.file)
    cut = options.minutes or lesson.cuts[-1]
    if cut not in lesson.cuts:
        raise ValueError(f"--minutes must be one of {', '.join(map(str, lesson.cuts))}: --minutes={cut}")
    disk.write_whole(options.out, handout.pdf(lesson, cut, paper=options.paper, address=options.address.rstrip("/")))
