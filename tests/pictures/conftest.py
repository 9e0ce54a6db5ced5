"""A stand-in for CIFAR-10's archive."""

import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest
import torchvision

from normviz.pictures import download, originals
from normviz.words.classes import CLASS_NAMES


@pytest.fixture
def archive(monkeypatch):
    """A small but valid CIFAR-10 archive, with torchvision's checksums set to it."""
    batch = {"data": np.arange(10 * 3072).reshape(10, 3072).astype(np.uint8), "labels": list(range(10))}
    names = [name for name, _ in torchvision.datasets.CIFAR10.train_list + torchvision.datasets.CIFAR10.test_list]
    contents = {name: pickle.dumps(batch) for name in names} | {"batches.meta": pickle.dumps({"label_names": CLASS_NAMES})}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{torchvision.datasets.CIFAR10.base_folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    for part in ("train_list", "test_list"):
        monkeypatch.setattr(
            torchvision.datasets.CIFAR10, part, [[name, sums[name]] for name, _ in getattr(torchvision.datasets.CIFAR10, part)]
        )
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "meta", torchvision.datasets.CIFAR10.meta | {"md5": sums["batches.meta"]})
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
    for module in (download, originals):
        monkeypatch.setattr(module, "ARCHIVE_BYTES", len(packed.getvalue()))
    return packed.getvalue(), batch


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache and no owner's choices."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("NORMVIZ_DATA", "NORMVIZ_DATA_SKIP_BAD", "NORMVIZ_DATA_RESIZE"):
        monkeypatch.delenv(name, raising=False)
