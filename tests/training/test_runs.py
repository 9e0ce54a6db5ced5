import json
import shutil

import pytest

from normviz.model.norms import COMPARED, STUDIES
from normviz.training import evaluation, inference, runs

MODELS = [(study, norm) for study in STUDIES for norm in COMPARED]
LOWEST = dict(zip(MODELS, (0.74, 0.73, 0.73, 0.74, 0.675, 0.605, 0.85, 0.845, 0.845), strict=True))
EPOCHS = 20


@pytest.fixture
def copy(tmp_path):
    """A copy of one shipped run that a test may damage: (root, folder)."""
    folder = tmp_path / "published" / "layer"
    shutil.copytree(runs.folder_of("published", "layer"), folder)
    return tmp_path, folder


def refused(root) -> str:
    with pytest.raises(runs.RunError) as caught:
        runs.load("published", "layer", root)
    assert "python -m normviz train --study published --norm layer" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("study", "norm"), MODELS)
def test_shipped_runs_load_and_their_figures_follow_from_their_predictions(study, norm):
    run = runs.load(study, norm)
    inference.restore(run)
    figures = evaluation.accuracy(run.predictions)
    assert {key: run.info["final"][key] for key in figures} == pytest.approx(figures)
    assert figures["accuracy"] >= LOWEST[study, norm]
    assert run.history["test_accuracy"].iloc[-1] == pytest.approx(figures["accuracy"])
    assert len(run.predictions) == 10_000 and len(run.history) == run.info["recipe"]["epochs"] == EPOCHS


def test_shipped_runs_stay_small():
    assert sum(file.stat().st_size for file in runs.CHECKPOINTS.rglob("*") if file.is_file()) < 8_000_000


@pytest.mark.parametrize("name", runs.FILES)
def test_a_truncated_file_is_named(copy, name):
    root, folder = copy
    (folder / name).write_bytes((folder / name).read_bytes()[:-7])
    assert name in refused(root)


@pytest.mark.parametrize("name", [*runs.FILES, "run.json"])
def test_a_missing_file_is_named(copy, name):
    root, folder = copy
    (folder / name).unlink()
    assert name in refused(root)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("data", None, "data"),
        ("data", {}, "data.train_fingerprint, data.test_fingerprint"),
        ("architecture", [], "architecture"),
        ("architecture", {"norm": "layer", "classes": 5, "mean": None}, "architecture.classes, architecture.mean"),
        ("final", {"accuracy": 1}, "final.low, final.high"),
    ],
)
def test_a_run_json_of_other_kinds_is_named(copy, key, value, said):
    root, folder = copy
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | {key: value}))
    assert f"run.json is not a run of this project (no {said}); rebuild it" in refused(root)


def test_a_damaged_run_of_ones_own_is_rebuilt_where_it_lies(copy):
    root, folder = copy
    (folder / "history.csv").unlink()
    assert refused(root).endswith(f"--replace --data DIR --out {root}")


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"files": 3}'])
def test_a_foreign_run_json_is_named(copy, content):
    root, folder = copy
    (folder / "run.json").write_text(content)
    assert "run.json" in refused(root)


def test_weights_of_another_network_are_refused(copy):
    root, folder = copy
    other = runs.folder_of("published", "group") / "weights.safetensors"
    shutil.copy(other, folder / "weights.safetensors")
    assert "weights.safetensors" in refused(root)


def test_a_run_in_the_wrong_folder_is_refused(copy):
    root, folder = copy
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "norm": "group"}))
    assert "published group, not published layer" in refused(root)
