import json
import subprocess
import sys
from pathlib import Path

import pytest

from normviz.__main__ import main
from normviz.model import network
from normviz.pictures import uploads
from normviz.words.classes import CLASS_NAMES

PROJECT = Path(__file__).parents[1]
SIX = [(study, norm) for study in ("controlled", "published") for norm in ("batch", "group", "layer")]
LOWEST = dict(zip(SIX, (0.74, 0.73, 0.73, 0.74, 0.675, 0.605), strict=True))
COMMANDS = ("train", "summary", "evaluate", "classify", "download")


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
    assert [(row["study"], row["norm"]) for row in rows] == SIX
    for row in rows:
        assert row["image"] == example[0]
        likely = [answer["probability"] for answer in row["top"]]
        assert len(likely) == 5 and likely == sorted(likely, reverse=True)
        assert 0 < sum(likely) <= 1 + 1e-6
        assert {answer["class"] for answer in row["top"]} <= set(CLASS_NAMES)
    assert sum(row["top"][0]["class"] == example[1] for row in rows) >= 4


def test_classify_narrows_to_one_study(example, capsys):
    rows = rows_of(capsys, "classify", example[0], "--study", "published")
    assert [(row["study"], row["norm"]) for row in rows] == SIX[3:]


def test_evaluate_repeats_the_shipped_results(pictures, capsys):
    rows = rows_of(capsys, "evaluate", "--data", pictures)
    assert [(row["study"], row["norm"]) for row in rows] == SIX
    for row in rows:
        assert list(row) == ["study", "norm", "parameters", "accuracy", "low", "high", "agreement"]
        assert row["parameters"] == network.count_parameters(network.Network(network.architecture(row["study"], row["norm"])))
        assert row["low"] < row["accuracy"] < row["high"]
        assert row["accuracy"] >= LOWEST[row["study"], row["norm"]]
        assert row["agreement"] >= 0.999


@pytest.mark.parametrize(
    "arguments",
    [
        "classify missing.png",
        "classify notes.txt",
        "evaluate --data empty",
        "summary --study published --norm instance",
        "train --study published --norm layer --epochs 0",
        "train --study controlled --norm batch",
    ],
)
def test_bad_input_ends_in_one_line_and_status_2(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    assert main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1 and err.startswith("normviz: ")
    assert "Traceback" not in err


def test_download_onto_a_file_says_so_below_its_progress_bar(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("not a folder")
    assert main(["download", "--data", str(tmp_path / "notes.txt")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    assert err.splitlines()[-1].startswith("normviz: ") and "notes.txt" in err


@pytest.mark.parametrize(
    "arguments",
    ["", "fly", "classify", "summary --study published", "summary --study none --norm layer",
     "train --study published --norm layer --epochs many"],
)  # fmt: skip
def test_wrong_usage_ends_in_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    out, err = capsys.readouterr()
    assert ended.value.code == 2 and out == "" and err.startswith("usage: python -m normviz")


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
