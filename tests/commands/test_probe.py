import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from normviz.__main__ import main
from normviz.model import own_network
from normviz.pictures import dataset, tensors
from tests import own_pictures

COLUMNS = ["path", "class", "shape", "averages", "subtracts_mean", "running", "reached"]
SMALL = "picture: 3x8x8\nnorm: batch\nparts:\n  - convolution: 4\n  - norm: usual\n  - pooling: all\n  - linear: 2\n"


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return str(file)


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "own_package.py").write_text(
        "from torch import nn\n\ndef build():\n    return nn.Sequential(nn.Conv2d(1, 4, 1), nn.GroupNorm(2, 4))\n\nnumber = lambda: 5\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")


def refused(capsys, *arguments) -> str:
    assert main(["probe", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_one_json_array(small, capsys):
    assert main(["probe", small, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [list(row) for row in rows] == [COLUMNS]
    assert list(rows[0].values()) == ["body.1.norm", "BatchNorm2d", [8, 4, 8, 8], "NHW", True, True, 1]


def test_a_table_with_what_was_reached_and_warnings(small, capsys, tmp_path):
    assert main(["probe", small, "--batch", "3", "--out", str(tmp_path / "report.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "1 of 1 norm layers reached" and lines[3].startswith("warning: running statistics were never updated")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["input"] == [3, 3, 8, 8] and report["layers"][0]["reached"] == 1 and len(report["warnings"]) == 1


def test_the_zoo_and_pictures(image_folder, capsys):
    assert main(["probe", "shufflenet_v2_x0_5", "--input", "3x32x32", "--data", str(image_folder), "--json"]) == 0
    assert {row["averages"] for row in json.loads(capsys.readouterr().out)} == {"NHW"}


def test_own_pictures_are_standardised_as_in_training(small, capsys, tmp_path, monkeypatch):
    """A batch norm whose running statistics are those of the very pictures has not drifted from them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "mine"
    for label, name in enumerate(("dark", "light")):
        (folder / name).mkdir(parents=True)
        for seed in range(40):
            levels = np.random.default_rng([label, seed]).normal(20 + 4 * label, 3, (32, 32, 3))
            Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(folder / name / f"{seed}.png")
    split, network = dataset.load_split("test", folder), own_network.build(small, seed=0).train()
    pictures = tensors.standardise(split.images, split.mean, split.std)
    for _ in range(60):
        network(functional.interpolate(pictures, (8, 8), mode="bilinear", antialias=True))
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    arguments = ["probe", small, "--weights", str(tmp_path / "weights.safetensors"), "--batch", "16", "--data", str(folder)]
    assert main(arguments) == 0
    assert "drifted" not in capsys.readouterr().out


def test_a_batch_has_its_limit(small, capsys):
    assert "--batch must be a whole number from 1 to 1,000: --batch='100000000000'" in refused(
        capsys, small, "--batch", "100000000000"
    )


def test_an_import_path(package, capsys):
    assert main(["probe", "own_package:build", "--input", "1x6x6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["averages"] == "(C/2)HW"
    assert "returned int" in refused(capsys, "own_package:number")
    assert "AttributeError" in refused(capsys, "own_package:nothing")
    assert "ModuleNotFoundError" in refused(capsys, "no_such_package:build")
    assert "the network must take the example" in refused(capsys, "own_package:build", "--input", "3x6x6")


def test_weights_are_checked(small, capsys, tmp_path):
    file = str(tmp_path / "own.safetensors")
    save_file(own_network.build(small).state_dict(), file)
    assert main(["probe", small, "--weights", file, "--json"]) == 0
    save_file({"other": torch.ones(1)}, file)
    capsys.readouterr()
    said = refused(capsys, small, "--weights", file)
    assert "missing: body.0.weight" in said and "left over: other" in said and said.count("\n") == 1
    assert refused(capsys, small, "--weights", "own.pth").count("\n") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resnet81"], "did you mean resnet"),
        (["missing.yaml"], "missing.yaml cannot be read"),
        (["resnet18", "--input", "3x0"], "--input must be numbers from 1 to 4096"),
        (["resnet18", "--input", "three"], "--input must be numbers from 1 to 4096"),
        (["resnet18", "--batch", "0"], "--batch must be"),
    ],
)
def test_a_wrong_value_ends_in_one_line(arguments, said, capsys):
    printed = refused(capsys, *arguments)
    assert said in printed and printed.count("\n") == 1


def test_weights_are_drawn_by_a_seed_and_random_state_stays(small):
    state = torch.get_rng_state()
    one, other = (own_network.build(small, seed).state_dict()["body.0.weight"] for seed in (1, 1))
    assert torch.equal(one, other) and torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(one, own_network.build(small, 2).state_dict()["body.0.weight"])


def test_every_network_of_the_zoo_has_its_size_at_hand():
    for name in own_network.zoo():
        with pytest.raises(ValueError, match=f"a network must have 1 parameters at most here: {name} has"):
            own_network.check_size(name, 1)
        own_network.check_size(name, 10**9)


def test_what_cannot_be_done_is_refused_before_the_work(small, capsys, tmp_path):
    assert f"file must be none that is a folder: {tmp_path}" in refused(capsys, small, "--out", str(tmp_path))
    assert "the pictures must fit into memory: --batch=1000, --input=4096x4096x4096" in refused(
        capsys, small, "--input", "4096x4096x4096", "--batch", "1000"
    )


def test_bad_files_are_passed_over_on_demand(small, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = own_pictures.fill(tmp_path / "mine", 10, 50, ("one", "two"))
    next(folder.rglob("*.png")).write_bytes(b"broken")
    assert "--skip-bad" in refused(capsys, small, "--data", str(folder))
    assert main(["probe", small, "--data", str(folder), "--skip-bad"]) == 0


def test_what_a_network_prints_stays_out_of_the_rows_and_a_script_that_ends_is_named(package, tmp_path, capsys):
    (tmp_path / "own_loud.py").write_text(
        "from torch import nn\n\nclass Loud(nn.BatchNorm2d):\n    def forward(self, x):\n        print('here')\n"
        "        return super().forward(x)\n\ndef build():\n    print('made')\n    return nn.Sequential(Loud(3))\n"
    )
    assert main(["probe", "own_loud:build", "--input", "3x8x8", "--json"]) == 0
    assert [row["averages"] for row in json.loads(capsys.readouterr().out)] == ["NHW"]
    (tmp_path / "own_script.py").write_text("import sys\nsys.exit(2)\n")
    assert "own_script:build: SystemExit: 2" in refused(capsys, "own_script:build")
