"""Command line: python -m normviz --help. Bad input ends in one line and status 2."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import fields

try:
    from normviz import disk
    from normviz.commands import actions, tables
    from normviz.commands.arguments import Parser, at_least_one, number, one_of, place, sizes
    from normviz.commands.streams import Aside, drop
    from normviz.model.norms import NORMS, STUDIES
    from normviz.pictures import formats, layouts, resizing
    from normviz.studies import evidence
    from normviz.training import loop, plans, runs
except KeyboardInterrupt:  # they take seconds
    print("normviz: stopped", file=sys.stderr)
    sys.exit(130)

GOES_ON = "; the same command goes on from the last finished epoch"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 2 for bad input, 130 where it was stopped."""
    options = argparse.Namespace(stopped="")
    try:
        options = build_parser().parse_args(arguments)
        rows = options.command(options)
        if rows is not None:
            _print(_as_json(rows) if options.json else options.show(rows))
    except (ValueError, OSError, MemoryError, loop.Diverged) as error:
        said = f"{error}{options.stopped}" if isinstance(error, disk.WriteError) else str(error)
        print(f"normviz: {' '.join(said.split()) or type(error).__name__}", file=Aside())
        if lines := getattr(error, "lines", ""):
            print(lines, file=Aside())
        return 2
    except KeyboardInterrupt:
        print(f"normviz: stopped{options.stopped}", file=Aside())
        return 130
    return 0


def _as_json(rows: list[dict]) -> str:
    """Returns rows as JSON, which has no NaN and no infinity: null in their places."""
    return json.dumps(json.loads(json.dumps(rows), parse_constant=lambda _: None))


def _print(text: str) -> None:
    if sys.stdout is None:  # the shell has closed it
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError:
        drop(sys.stdout)
        raise


def build_parser() -> Parser:
    parser = Parser(prog="python -m normviz", description=__import__("normviz").__doc__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_study(commands)
    _add_results(commands)
    _add_summary(commands)
    evaluate_parser = _add(
        commands, "evaluate", actions.evaluate, tables.show_table, "measure every shipped run, or your own, on the test set"
    )
    _add_data(evaluate_parser)
    _add_own(evaluate_parser)
    evaluate_parser.add_argument("--runs", **place("DIR"), help="what train --out wrote (default: the shipped runs)")
    _add_inspect(commands)
    _add_classify(commands)
    download_parser = _add(commands, "download", actions.download, None, "fetch CIFAR-10 with a progress bar")
    _add_data(download_parser)
    _add_lesson(commands)
    _add_probe(commands)
    return parser


def _add(commands, name: str, command: Callable, show: Callable | None, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command, show=show, json=False, stopped="")
    if show:
        parser.add_argument("--json", action="store_true", help="print one JSON array and nothing else")
    return parser


def _add_train(commands) -> None:
    text = "train one model, or go on with it from its last finished epoch"
    parser = _add(commands, "train", actions.train, tables.show_table, text)
    parser.set_defaults(stopped=GOES_ON)
    _add_model(parser)
    _add_data(parser)
    _add_number(parser, "seed", int, "seed of weights and batches: ", "0", default=0)
    for each in fields(plans.Recipe):
        text = _defaults(each.name)
        if each.name in plans.CHOICES:
            known = one_of(plans.CHOICES[each.name])
            parser.add_argument(f"--{each.name}", **known, default=argparse.SUPPRESS, help=f"(default: {text})")
        else:
            _add_number(parser, each.name, each.type, "", text, default=argparse.SUPPRESS)
    _add_own(parser)
    _add_device(parser)
    parser.add_argument("--out", **place("DIR"), default=runs.CHECKPOINTS, help="default: the shipped runs")
    parser.add_argument("--replace", action="store_true", help="put the new run in the place of a finished one")


def _defaults(name: str) -> str:
    """Returns what a study's recipe has where nothing is named: one value, or what other studies have after it."""
    values = {study: getattr(plans.recipe_of(study), name) for study in STUDIES}
    usual = getattr(plans.Recipe, name)
    return ", ".join([f"{usual}", *(f"{value} for {study}" for study, value in values.items() if value != usual)])


def _add_number(parser: argparse.ArgumentParser, name: str, kind: type, what: str, usual: str, default: object) -> None:
    text = f"{what}{plans.RULES[name][0]} (default: {usual})"
    parser.add_argument(f"--{name.replace('_', '-')}", **number(name, kind), default=default, help=text)


def _add_study(commands) -> None:
    text = "carry out a study, or go on with it; finished runs are never done twice"
    parser = _add(commands, "study", actions.study, tables.show_table, text)
    parser.set_defaults(stopped=GOES_ON)
    parser.add_argument("name", **one_of(evidence.NAMES) | {"metavar": "STUDY"}, help=", ".join(evidence.NAMES))
    _add_data(parser)
    _add_own(parser)
    _add_device(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", **at_least_one(), help="runs side by side on this machine (default: one a core)")
    text = "send the runs to the workers of a Dask scheduler instead"
    where.add_argument("--cluster", **place("tcp://HOST:PORT", str), help=text)
    parser.add_argument("--out", **place("DIR"), default=evidence.FOLDER, help="default: the shipped evidence")


def _add_results(commands) -> None:
    parser = _add(commands, "results", actions.results, None, "print the figures of every study as Markdown")
    parser.set_defaults(show=str)
    parser.add_argument("--write", **place("FILE"), help="put them between the marks of this file instead")


def _add_summary(commands) -> None:
    _add_model(_add(commands, "summary", actions.summary, tables.show_layers, "print a model's layer table"))


def _add_inspect(commands) -> None:
    text = "tell what own data hold, before anything is trained on them"
    parser = _add(commands, "inspect-data", actions.inspect_data, tables.show_inspection, text)
    parser.add_argument("data", **place("DIR"), help=layouts.FORMS)
    _add_resize(parser)


def _add_own(parser: argparse.ArgumentParser) -> None:
    _add_resize(parser)
    parser.add_argument("--skip-bad", action="store_true", help="use the rest of own data where some files are bad")


def _add_resize(parser: argparse.ArgumentParser) -> None:
    text = "how own pictures become 32 x 32 (default: crop, or the owner's choice)"
    parser.add_argument("--resize", **one_of(resizing.RESIZES), help=text)


def _add_classify(commands) -> None:
    parser = _add(commands, "classify", actions.classify, tables.show_answers, "show pictures to every shipped network")
    parser.add_argument("pictures", nargs="+", **place("IMAGE", str), help=formats.ACCEPTED)
    parser.add_argument("--study", **one_of(STUDIES), help="default: all")


def _add_lesson(commands) -> None:
    parser = commands.add_parser(
        "lesson", help="check a lesson, or put it on paper", description="Check a lesson, or put it on paper."
    )
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = _add(kinds, "check", actions.check_lesson, tables.show_lesson, "read a lesson and compute its answers")
    paper = _add(kinds, "handout", actions.print_lesson, None, "write a lesson's handout as PDF")
    for each in (check, paper):
        each.add_argument("file", **place("FILE"), help="a lesson in YAML")
    paper.add_argument("--out", **place("PDF"), required=True)
    paper.add_argument("--paper", **one_of(("a4", "us-letter")), default="a4", help="(default: %(default)s)")
    paper.add_argument(
        "--address", default="http://localhost:8501", metavar="URL", help="of the app, for links (default: %(default)s)"
    )
    paper.add_argument("--minutes", **at_least_one(), help="length of the lesson (default: its longest)")


def _add_probe(commands) -> None:
    text = "say what each norm layer of a network of yours averages over"
    parser = _add(commands, "probe", actions.probe, tables.show_norms, text)
    doors = "a network of torchvision (resnet18), package.module:build, or a network in YAML"
    parser.add_argument("network", **place("NETWORK", str), help=doors)
    parser.add_argument("--input", **sizes(), help="of one picture (default: 3x224x224, or what the YAML says)")
    parser.add_argument("--batch", **at_least_one(most=1000), default=8, help="pictures (default: %(default)s)")
    parser.add_argument("--weights", **place("FILE"), help="a safetensors file (default: random weights)")
    parser.add_argument("--data", **place("DIR"), help="take pictures of this folder (default: noise)")
    _add_own(parser)
    parser.add_argument("--out", **place("FILE"), help="write the report, warnings included, as JSON too")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", **one_of(STUDIES), required=True)
    parser.add_argument("--norm", **one_of(NORMS), required=True)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", **place("DIR"), help="image folder, CIFAR-10's files or archive, or own data (default: NORMVIZ_DATA, data/)"
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", **one_of(("auto", "cpu", "cuda")), default="auto", help="(default: %(default)s)")


if __name__ == "__main__":
    sys.exit(main())
