import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock

from normviz import __main__ as command_line
from normviz import disk
from normviz.__main__ import main
from normviz.commands import actions
from normviz.model import network
from normviz.pictures import uploads
from normviz.studies import evidence
from normviz.training import loop, plans
from normviz.words.classes import CLASS_NAMES
from tests import own_pictures

PROJECT = Path(__file__).parents[1]
SHIPPED = [(study, norm) for study in ("controlled", "published", "budget") for norm in ("batch", "group", "layer")]
COMMANDS = ("train", "study", "results", "summary", "evaluate", "inspect-data", "classify", "download", "lesson", "probe")


@pytest.fixture
def example(tmp_path):
    """A built-in picture as a file, and its true class."""
    chosen = next(entry for entry in uploads.examples() if entry.true_class)
    uploads.example_picture(chosen.key).save(tmp_path / "example.png")
    return str(tmp_path / "example.png"), chosen.true_class


def rows_of(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert isinstance(rows, list)
    return rows


def test_summary_prints_one_json_array(capsys):
    rows = rows_of(capsys, "summary", "--study", "published", "--norm", "layer")
    assert len(rows) == 38
    assert all(list(row) == ["index", "type", "output_shape", "parameters"] for row in rows)
    assert [row["index"] for row in rows] == list(range(1, 39))
    assert sum(row["parameters"] for row in rows) == 27_376


def test_summary_for_people_ends_in_the_total(capsys):
    assert main(["summary", "--study", "published", "--norm", "layer"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "total parameters: 27,376"


def test_classify_gives_five_falling_answers_of_each_network(example, capsys):
    rows = rows_of(capsys, "classify", example[0])
    assert [(row["study"], row["norm"]) for row in rows] == SHIPPED
    for row in rows:
        assert row["image"] == example[0]
        likely = [answer["probability"] for answer in row["top"]]
        assert len(likely) == 5 and likely == sorted(likely, reverse=True)
        assert 0 < sum(likely) <= 1 + 1e-6
        assert {answer["class"] for answer in row["top"]} <= set(CLASS_NAMES)
    assert sum(row["top"][0]["class"] == example[1] for row in rows) >= 4


def test_classify_narrows_to_one_study(example, capsys):
    rows = rows_of(capsys, "classify", example[0], "--study", "published")
    assert [(row["study"], row["norm"]) for row in rows] == SHIPPED[3:6]


def test_evaluate_repeats_the_shipped_results(few_pictures, capsys):
    rows = rows_of(capsys, "evaluate", "--data", str(few_pictures))
    assert [(row["study"], row["norm"]) for row in rows] == SHIPPED
    for row in rows:
        assert list(row) == ["study", "norm", "parameters", "pictures", "accuracy", "low", "high", "agreement"]
        assert row["pictures"] == 1_000
        assert row["parameters"] == network.count_parameters(network.Network(network.architecture(row["study"], row["norm"])))
        assert row["low"] < row["accuracy"] < row["high"]
        assert row["agreement"] >= 0.999


def test_evaluate_measures_the_part_of_the_test_set_that_is_there(image_folder, capsys):
    rows = rows_of(capsys, "evaluate", "--data", str(image_folder))
    assert [row["pictures"] for row in rows] == [50] * len(SHIPPED)
    assert all(0 <= row["agreement"] <= 1 and row["low"] <= row["accuracy"] <= row["high"] for row in rows)
    for file in [*(image_folder / "test").rglob("*.png")]:
        file.rename(file.with_name(f"1{file.name}"))
    assert "100000 to 100049 now, 0 to 9999 stored" in refused(capsys, ["evaluate", "--data", str(image_folder)])


def refused(capsys, arguments: list[str]) -> str:
    """Returns the one line in which a command ends."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith("normviz: ") and "Traceback" not in err
    return err


TRAIN = "train --study published --norm layer"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "COMMAND must be given; see python -m normviz --help"),
        ("fly", "COMMAND='fly'; see python -m normviz --help"),
        ("train", "--study, --norm must be given; see python -m normviz train --help"),
        ("train --study", "--study must have a value"),
        (f"{TRAIN} --fly 3", "one that the command knows: --fly 3; see python -m normviz train --help"),
        (f"{TRAIN} --s 3", "--s may be --study, --seed, --schedule"),
        (f"{TRAIN} --json=yes", "--json takes no value: --json='yes'"),
        (f"{TRAIN} --epochs many", "--epochs must be a whole number from 1 to 1000000: --epochs='many'; see python -m normviz train --help"),
        (f"{TRAIN} --epochs 0", "--epochs='0'"),
        (f"{TRAIN} --seed -1", "--seed must be a whole number from 0 to 4294967295: --seed='-1'"),
        (f"{TRAIN} --seed 99999999999999999999", "from 0 to 4294967295: --seed='99999999999999999999'"),
        (f"{TRAIN} --epochs {'9' * 5000}", "...9"),
        (f"{TRAIN} --learning-rate nan", "a finite number above 0: --learning-rate='nan'"),
        (f"{TRAIN} --learning-rate=-inf", "--learning-rate='-inf'"),
        (f"{TRAIN} --weight-decay -1", "--weight-decay='-1'"),
        (f"{TRAIN} --optimizer rmsprop", "--optimizer must be one of adamw, adam, sgd, muon: --optimizer='rmsprop'"),
        (f"{TRAIN} --device tpu", "--device must be one of auto, cpu, cuda: --device='tpu'"),
        (f"{TRAIN} --out=", "--out=''"),
        (f"{TRAIN} --out notes.txt/runs", "notes.txt"),
        (f"{TRAIN} --out {'a' * 300}", "name another folder"),
        (f"{TRAIN} --replace --data missing", "no CIFAR-10 in missing"),
        ("train --study published --norm instance", "norm='instance'"),
        ("train --study controlled --norm batch", "--replace"),
        ("study", "STUDY must be given; see python -m normviz study --help"),
        ("study fly", f"STUDY must be one of {', '.join(evidence.NAMES)}: STUDY='fly'"),
        ("study seeds --jobs 0", "--jobs must be a whole number from 1 on: --jobs='0'"),
        ("study seeds --jobs 1 --cluster tcp://HOST:1", "--cluster and --jobs exclude each other"),
        ("study seeds --cluster=", "--cluster=''"),
        ("study seeds --out notes.txt", "notes.txt"),
        ("study seeds --data missing --out new", "no CIFAR-10 in missing"),
        ("results --write missing.md", "missing.md must be a text file"),
        ("results --write empty", "empty must be a text file"),
        ("results more", "more; see python -m normviz results --help"),
        ("summary --study published", "--norm must be given; see python -m normviz summary --help"),
        ("summary --study none --norm layer", "--study must be one of controlled, published, budget: --study='none'"),
        ("summary --study published --norm instance", "norm='instance'; published has batch, group, layer, the others"),
        ("evaluate --data empty", "no CIFAR-10 in empty"),
        ("evaluate --data=", "--data=''"),
        ("classify", "IMAGE must be given; see python -m normviz classify --help"),
        ("classify missing.png", "missing.png"),
        ("classify notes.txt", "notes.txt"),
        ("download --data notes.txt", "notes.txt"),
        ("download --data=", "--data=''"),
    ],
)  # fmt: skip
def test_bad_input_ends_in_one_line_and_status_2(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    assert said in refused(capsys, arguments.split())
    assert sorted(tmp_path.iterdir()) == [tmp_path / "empty", tmp_path / "notes.txt"], "nothing may be left behind"


def test_a_line_stays_one_whatever_was_typed(capsys):
    assert r"--norm='a: b\nc'" in refused(capsys, ["summary", "--study", "published", "--norm", "a: b\nc"])
    assert refused(capsys, ["evaluate", "--data", "a\nb"])
    assert "IMAGE=''" in refused(capsys, ["classify", ""])


def test_a_training_is_checked_before_it_begins(image_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loop, "train", lambda *arguments, **options: pytest.fail("no training may begin"))
    begin = [*TRAIN.split(), "--data", str(image_folder), "--out", str(tmp_path / "runs")]
    assert "batch_size=301, pictures=300" in refused(capsys, [*begin, "--batch-size", "301"])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "device=cuda" in refused(capsys, [*begin, "--device", "cuda"])
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100_000))
    assert "0.1 MB" in refused(capsys, begin)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory")]
)
def test_a_step_too_large_for_the_memory_says_so(error, image_folder, tmp_path, monkeypatch, capsys):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(loop, "train", fail)
    begin = [*TRAIN.split(), "--data", str(image_folder), "--out", str(tmp_path / "runs")]
    assert "batch_size=128; train again with a smaller --batch-size" in refused(capsys, begin)


def test_help_states_the_ranges(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(plans.RULES[each.name][0] in text for each in fields(plans.Recipe) if each.name in plans.RULES)
    assert plans.RULES["seed"][0] in text


def test_a_device_that_is_full_ends_in_one_line():
    command = [sys.executable, "-m", "normviz", "summary", "--study", "published", "--norm", "layer"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, check=False, cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300)
    assert done.returncode == 2 and done.stderr.startswith("normviz: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_a_training_goes_on_where_its_bar_cannot_be_written(closed, image_folder, tmp_path):
    arguments = [*TRAIN.split(), "--epochs", "1", "--json", "--data", str(image_folder), "--out", str(tmp_path / "runs")]
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "normviz", *arguments]
    done = subprocess.run(command, check=False, cwd=PROJECT, stdout=subprocess.PIPE, text=True, timeout=300)
    assert done.returncode == 0 and json.loads(done.stdout)[0]["norm"] == "layer"


def test_a_refusal_does_not_land_among_the_results_where_standard_error_is_closed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["fly"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_ends_in_status_0(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert f"python -m normviz {command}".strip() in capsys.readouterr().out


def test_process_exits_with_status_2_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "normviz", "classify", str(tmp_path / "missing.png")]
    done = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("normviz: ") and len(done.stderr.splitlines()) == 1


LESSON = str(PROJECT / "normviz" / "classroom" / "lessons" / "batch-size.yaml")


def test_a_lesson_is_checked_and_its_answers_computed(capsys):
    rows = rows_of(capsys, "lesson", "check", LESSON)
    assert [row["step"] for row in rows] == ["mates", "sizes", "one-class", "pairs"]
    assert rows[0]["answer"] == "A: Batch norm" and all(row["answer"] for row in rows)
    assert main(["lesson", "check", LESSON]) == 0
    assert "nothing is wrong with the lesson" in capsys.readouterr().out


def test_a_malformed_lesson_ends_in_one_line_with_file_and_line(tmp_path, capsys):
    broken = tmp_path / "broken.yaml"
    broken.write_text("title: Only a title\n")
    assert main(["lesson", "check", str(broken)]) == 2
    assert capsys.readouterr().err.strip() == f"normviz: {broken}, line 1: cuts is missing: add cuts: here"


def test_a_lesson_goes_on_paper(tmp_path, capsys):
    assert main(["lesson", "handout", LESSON, "--out", str(tmp_path / "it.pdf"), "--paper", "us-letter"]) == 0
    assert (tmp_path / "it.pdf").read_bytes().startswith(b"%PDF")
    assert main(["lesson", "handout", LESSON, "--out", str(tmp_path / "no.pdf"), "--minutes", "7"]) == 2
    assert "--minutes must be one of 15: --minutes=7" in capsys.readouterr().err and not (tmp_path / "no.pdf").exists()


def test_own_data_are_inspected_before_anything_is_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = own_pictures.fill(tmp_path / "mine")
    (path / own_pictures.CLASSES[0] / "notes.txt").write_text("?")
    (told,) = rows_of(capsys, "inspect-data", str(path), "--resize", "fit")
    assert [row["class"] for row in told["classes"]] == sorted(own_pictures.CLASSES) and told["resize"] == "fit"
    assert told["bad"] == [{"file": "café/notes.txt", "reason": "is not a picture that can be read"}]
    assert main(["inspect-data", str(path)]) == 0
    assert "bad: café/notes.txt is not a picture that can be read" in capsys.readouterr().out


@pytest.mark.parametrize("made", [lambda path: path.mkdir(), lambda path: path.write_bytes(b"?"), lambda path: None])
def test_what_is_no_own_data_is_refused_in_a_sentence(made, tmp_path, capsys):
    made(tmp_path / "mine")
    assert main(["inspect-data", str(tmp_path / "mine")]) == 2
    assert capsys.readouterr().err.startswith("normviz: ")


OWN_TRAIN = ["train", "--study", "controlled", "--norm", "batch", "--epochs", "2", "--batch-size", "8"]


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """A folder of own pictures with one bad file, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = own_pictures.fill(tmp_path / "mine")
    (path / own_pictures.CLASSES[0] / "notes.txt").write_text("?")
    return str(path)


def test_own_data_are_trained_and_evaluated_with_their_classes(own_data, tmp_path, capsys):
    out = str(tmp_path / "runs")
    (row,) = rows_of(capsys, *OWN_TRAIN, "--data", own_data, "--out", out, "--resize", "fit", "--skip-bad")
    assert row["parameters"] == 18_064 - 7 * 16
    info = json.loads((tmp_path / "runs" / "controlled" / "batch" / "run.json").read_text())
    assert info["architecture"]["classes"] == sorted(own_pictures.CLASSES) and info["data"]["resize"] == "fit"
    (again,) = rows_of(capsys, "evaluate", "--data", own_data, "--runs", out, "--skip-bad")
    assert again["accuracy"] == row["accuracy"] and again["agreement"] == 1 and again["pictures"] == 6
    said = refused(capsys, ["evaluate", "--data", own_data, "--runs", out, "--skip-bad", "--resize", "crop"])
    assert "--resize must be as controlled batch was trained, fit: --resize='crop'; leave it out" in said


def test_bad_files_are_refused_until_the_user_says_so(own_data, tmp_path, capsys):
    said = refused(capsys, [*OWN_TRAIN, "--data", own_data, "--out", str(tmp_path / "runs")])
    assert "café/notes.txt is not a picture that can be read" in said and "--skip-bad" in said
    assert not (tmp_path / "runs").exists()


def test_networks_of_other_classes_are_refused_on_own_data(own_data, image_folder, tmp_path, capsys):
    mine, out = ["--data", own_data, "--skip-bad"], ["--out", str(tmp_path / "runs")]
    assert "the shipped networks know 10 classes (airplane, " in refused(capsys, ["evaluate", *mine])
    assert "know 10 classes" in refused(capsys, ["study", "shift", *mine, *out])
    assert "name a folder for your own with --out" in refused(capsys, [*OWN_TRAIN, "--replace", *mine])
    assert "holds no finished run" in refused(capsys, ["evaluate", *mine, "--runs", str(tmp_path)])
    rows_of(capsys, *OWN_TRAIN, *mine, *out)
    assert "know 3 classes ($blue*, " in refused(capsys, ["evaluate", "--data", str(image_folder), "--runs", out[1]])


def test_other_own_pictures_are_evaluated_without_an_agreement(own_data, tmp_path, capsys):
    out = ["--out", str(tmp_path / "runs")]
    rows_of(capsys, *OWN_TRAIN, "--data", own_data, "--skip-bad", *out)
    other = str(own_pictures.fill(tmp_path / "other", 9, first=50))
    (row,) = rows_of(capsys, "evaluate", "--data", other, "--runs", out[1])
    assert row["agreement"] is None
    assert main(["evaluate", "--data", other, "--runs", out[1]]) == 0


def test_json_has_no_nan():
    assert json.loads(command_line._as_json([{"a": float("nan"), "b": [float("inf"), 1.5]}]), parse_constant=pytest.fail) == [
        {"a": None, "b": [None, 1.5]}
    ]


def test_two_trainings_of_one_folder_do_not_cross(image_folder, tmp_path, capsys):
    arguments = ["train", "--study", "published", "--norm", "layer", "--epochs", "1", "--data", str(image_folder)]
    out = tmp_path / "runs"
    with FileLock(out / "published" / ".layer.lock"):
        assert main([*arguments, "--out", str(out)]) == 2
    assert "is being trained by another process" in capsys.readouterr().err
    (out / "published" / "layer").mkdir()
    (out / "published" / "layer" / "notes.txt").write_text("mine")
    assert main([*arguments, "--out", str(out)]) == 2
    assert "must be empty or hold a run alone" in capsys.readouterr().err
    assert (out / "published" / "layer" / "notes.txt").exists()


@pytest.mark.parametrize(("command", "goes_on"), [("train", True), ("evaluate", False)])
def test_what_was_stopped_goes_on_only_where_it_can(command, goes_on, monkeypatch, capsys):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, command, stop)
    arguments = ["--study", "published", "--norm", "layer"] if command == "train" else []
    assert main([command, *arguments]) == 130
    assert ("goes on from the last finished epoch" in capsys.readouterr().err) == goes_on


def test_a_command_that_is_stopped_while_it_begins_says_so():
    script = """if True:
        import runpy, sys

        class Stop:
            def find_spec(self, name, path=None, target=None):
                if name == "torch":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Stop())
        runpy.run_module("normviz", run_name="__main__")
    """
    done = subprocess.run([sys.executable, "-c", script], check=False, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "normviz: stopped\n")


def test_a_training_that_finds_the_disk_full_says_that_it_goes_on(monkeypatch, capsys):
    def fill(options):
        raise disk.WriteError("a file cannot be written: make room")

    monkeypatch.setattr(actions, "train", fill)
    assert "make room; the same command goes on from the last" in refused(capsys, TRAIN.split())


def test_results_are_printed_in_any_encoding():
    done = subprocess.run(
        [sys.executable, "-m", "normviz", "results"], env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True
    )
    assert done.returncode == 0 and b"Which norm wins?" in done.stdout
