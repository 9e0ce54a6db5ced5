"""What can be known before a training begins, so that no epoch is trained in vain."""

from dataclasses import replace
from pathlib import Path

import torch

from normviz import disk
from normviz.model.network import PICTURE, Architecture, Network, outline
from normviz.pictures import dataset
from normviz.training import runs
from normviz.training.plans import Plan
from normviz.training.state import described_by
from normviz.words.classes import CLASS_NAMES

STATISTIC_BYTES = 64  # of a channel at an epoch; its 8 values of 4 bytes, epoch, layer and channel take 37
EPOCH_BYTES = 512  # of an epoch's losses and rates, as CSV and as JSON
PICTURE_BYTES = 24  # of a test picture's index and label; they take 16
LOGIT_BYTES = 4
CLASS_BYTES = 1000  # of a class: its name as the header of a column
OVERHEAD_BYTES = 100_000  # of the headers of all files of a run; under 40,000 of a run of one picture and one epoch


def check_plan(plan: Plan, root: Path, device: str = "auto") -> None:
    """Checks everything of a run that needs no pictures.

    Args:
        plan: what is going to be trained.
        root: where; see `loop.train`.
        device: "auto", "cpu" or "cuda".

    Raises:
        ValueError: no such model, groups that do not divide the channels, or a device that is not there.
        disk.DiskError: the run's folder cannot be written, or holds more than a run.
    """
    described(plan)
    check_device(device)
    folder = runs.folder_of(plan.study, plan.norm, root)
    disk.check_writable(folder.parent)
    if folder.exists() and not folder.is_dir():
        raise disk.DiskError(f"{folder} must be a folder, as a run is one: take the file away, or name another folder")
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    foreign = names - {"run.json", *runs.FILES} if "run.json" in names else names
    if foreign:
        raise disk.DiskError(
            f"{folder} must be empty or hold a run alone, which takes its place: it holds {min(foreign)}; move that away, or "
            "name another folder"
        )


def check_pictures(plan: Plan, training: dataset.Split, test: dataset.Split, root: Path) -> None:
    """Checks what depends on the pictures: the batch size, and the room for what the run writes.

    Raises:
        ValueError: see `check_batch_size`.
        disk.DiskError: too little room.
    """
    check_batch_size(plan, training)
    disk.check_writable(runs.folder_of(plan.study, plan.norm, root).parent, run_bytes(plan, len(test), training.classes))


def check_batch_size(plan: Plan, training: dataset.Split) -> None:
    """Raises ValueError for a batch larger than the training set."""
    if plan.recipe.batch_size > len(training):
        raise ValueError(
            f"batch_size must be at most the number of training pictures: batch_size={plan.recipe.batch_size}, "
            f"pictures={len(training)}; choose a smaller one, or name a folder that holds more"
        )


def check_device(device: str | None) -> None:
    """Raises ValueError where "cuda" is asked for and PyTorch finds none."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device must be one that PyTorch finds here: device={device}, found=cpu; leave it out, or name cpu")


def described(plan: Plan) -> Architecture:
    """Returns what a plan's network is made of.

    Raises:
        ValueError: no such model, or groups that do not divide the channels.
    """
    shape = described_by(plan)
    with torch.device("meta"):
        Network(shape)
    return shape


def run_bytes(plan: Plan, test_pictures: int, classes: tuple[str, ...] = CLASS_NAMES) -> int:
    """Returns how many bytes a run may have on disk at once: its progress, old and new, and its finished files."""
    shape = replace(described(plan), classes=classes)
    epochs = plan.recipe.epochs + 1  # the statistics begin before the first epoch
    network = outline(shape)
    values = sum(value.numel() for value in network.state_dict().values())
    channels = _normed_channels(network)
    history = epochs * (channels * STATISTIC_BYTES + EPOCH_BYTES)
    progress = 3 * 4 * values + history  # the weights and the optimizer's two moments, 4 bytes each
    predictions = test_pictures * (PICTURE_BYTES + len(classes) * LOGIT_BYTES) + len(classes) * CLASS_BYTES
    return 2 * progress + 4 * values + history + predictions + OVERHEAD_BYTES


def _normed_channels(network: Network) -> int:
    seen = []
    hooks = [norm.register_forward_hook(lambda norm, _, given: seen.append(given.shape[1])) for norm in network.norms]
    network(torch.zeros(1, *PICTURE))
    for hook in hooks:
        hook.remove()
    return sum(seen)
