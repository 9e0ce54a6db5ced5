"""One training run: a plan in, a finished run on disk out; reports each step, and goes on where it was killed."""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors
from torch import nn

from normviz import disk
from normviz.model import layer_statistics
from normviz.model.network import Network, count_parameters
from normviz.pictures import dataset, tensors
from normviz.training import evaluation, inference, kernels, runs
from normviz.training.plans import Plan, learning_rate
from normviz.training.state import State, begin, open_epoch, pack, unpack

PROBE_PICTURES = 256  # training pictures, not augmented, on which every epoch's layer statistics are measured


class Diverged(RuntimeError):
    """The loss became NaN or infinite; the last finished epoch stays on disk."""


@dataclass(frozen=True)
class Step:
    """What is reported after each step: counts from 1, loss and accuracy (a fraction) over the epoch so far."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float


def train(
    plan: Plan,
    training: dataset.Split,
    test: dataset.Split,
    root: Path = runs.CHECKPOINTS,
    device: str = "auto",
    report: Callable[[Step], None] = lambda step: None,
) -> runs.Run:
    """Trains one model, or goes on with it from the last finished epoch, and puts the finished run on disk.

    Args:
        plan: what to train. The same plan on the same machine gives the same history.
        training: the training split.
        test: the test split; measured every epoch, never used to choose anything.
        root: holds <study>/<norm>/ for finished runs and the progress of unfinished ones.
        device: "cpu", "cuda" or "auto" (cuda where there is one).
        report: called after every step.

    Returns:
        The finished run, as loaded back and verified.

    Raises:
        Diverged: the loss is not finite any more; nothing finished is overwritten.
    """
    plan = plan.shared()
    where = device_of(device)
    progress = progress_file(plan, root)
    state = _resume(plan, training, test, progress, where) if progress.exists() else begin(plan, where, training)
    if not state.statistics:
        state.statistics.append(_probe(state.network, training, epoch=0))
    while len(state.history) < plan.recipe.epochs:
        started = time.monotonic()
        advance(state, training, report=report)
        close_epoch(state, training, test)
        state.wall_seconds += time.monotonic() - started
        disk.write_whole(progress, pack(state, training, test))
    runs.save(*finish(state, training, test), runs.folder_of(plan.study, plan.norm, root))
    progress.unlink(missing_ok=True)
    return runs.load(plan.study, plan.norm, root)


def device_of(asked: str) -> torch.device:
    """Returns the device that "cpu", "cuda" or "auto" means here."""
    return torch.device("cuda" if asked == "auto" and torch.cuda.is_available() else asked.replace("auto", "cpu"))


def progress_file(plan: Plan, root: Path) -> Path:
    """Returns where an unfinished run of exactly this plan keeps its last finished epoch."""
    folder = runs.folder_of(plan.study, plan.norm, root)
    return folder.with_name(f"{folder.name}.{plan.digest}.progress.safetensors")


def finished_epochs(plan: Plan, root: Path) -> int:
    """Returns how many epochs of an unfinished run are on disk; 0 where there is none or it cannot be read."""
    try:
        with safe_open(progress_file(plan, root), "np") as stored:
            return len(json.loads(stored.metadata()["record"])["history"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return 0


def advance(
    state: State,
    training: dataset.Split,
    steps: int | None = None,
    report: Callable[[Step], None] = lambda step: None,
    rate: float | None = None,
) -> None:
    """Takes steps, in the epoch that is under way and in those after it.

    Args:
        state: goes on from wherever it is.
        training: the training split.
        steps: how many; None for all that are left of the epoch.
        report: called after every step; what it raises ends the training there.
        rate: the learning rate of these steps, in place of the recipe's.

    Raises:
        Diverged: the loss is not finite any more.
    """
    state.network.train()
    _open_epoch(state, training)
    for _ in range(len(state.epoch.batches) - state.epoch.done if steps is None else steps):
        _open_epoch(state, training)
        report(_take_step(state, training, rate))


def _open_epoch(state: State, training: dataset.Split) -> None:
    if state.epoch is None or state.epoch.over:
        state.epoch = open_epoch(state.plan, training, state.epoch.number + 1 if state.epoch else len(state.history) + 1)


def _take_step(state: State, training: dataset.Split, rate: float | None) -> Step:
    recipe, epoch = state.plan.recipe, state.epoch
    place, steps = (epoch.number - 1) * len(epoch.batches) + epoch.done, recipe.epochs * len(epoch.batches)
    epoch.rates.append(rate or _rate(state, place, steps))
    chosen = epoch.batches[epoch.done]
    pictures = torch.as_tensor(training.images)[chosen]
    if recipe.augmentation != "none":
        flips = None if epoch.flips is None else epoch.flips[chosen]
        pictures = tensors.augment(pictures, epoch.generator, recipe.crop_padding, flips)
    labels = torch.as_tensor(training.labels)[chosen]
    with torch.random.fork_rng([state.where] if state.where.type == "cuda" else [], enabled=recipe.dropout > 0):
        if recipe.dropout:
            torch.manual_seed(state.plan.seed * 1_000_003 + place)
        loss, correct = _step(state, epoch.rates[-1], tensors.standardise(pictures, *state.network.standard), labels)
    if not math.isfinite(loss):
        raise Diverged(
            f"loss must stay finite: loss={loss} at step {place + 1} of {steps} (epoch {epoch.number}), learning rate "
            f"{epoch.rates[-1]:.3g}; train again with a lower --learning-rate than {recipe.learning_rate:g}"
        )
    epoch.done += 1
    epoch.seen += len(chosen)
    epoch.loss += loss * len(chosen)
    epoch.last_loss = loss
    epoch.correct += correct
    return Step(epoch.number, recipe.epochs, place + 1, steps, epoch.loss / epoch.seen, epoch.correct / epoch.seen)


def _rate(state: State, place: int, steps: int) -> float:
    recipe = state.plan.recipe
    if state.plateau:
        return state.plateau.get_last_lr()[0]
    return recipe.learning_rate if recipe.schedule == "constant" else learning_rate(place, steps, recipe)


def _step(state: State, rate: float, pictures: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    labels = labels.to(state.where)
    with _precision(state):
        answers = state.network(pictures.to(state.where)).float()
    loss, smoothing = nn.functional.cross_entropy(answers, labels), state.plan.recipe.label_smoothing
    state.optimizer.zero_grad()
    (nn.functional.cross_entropy(answers, labels, label_smoothing=smoothing) if smoothing else loss).backward()
    state.optimizer.step()
    return loss.item(), (answers.argmax(dim=1) == labels).sum().item()


@contextmanager
def _precision(state: State) -> Iterator[None]:
    if state.plan.recipe.precision == "float32":
        yield
        return
    with torch.autocast(state.where.type, torch.bfloat16), kernels.QuickKernels():
        yield


def close_epoch(state: State, training: dataset.Split, test: dataset.Split) -> None:
    """Measures the network and adds a row to the history, and its layer statistics, for the epoch as far as it has come.

    Raises:
        Diverged: its loss on the test pictures is not finite.
    """
    epoch = state.epoch
    if state.plateau:
        state.plateau.step(epoch.last_loss)
    trained = {
        "train_loss": epoch.loss / epoch.seen,
        "train_accuracy": epoch.correct / epoch.seen,
        "learning_rate": float(np.mean(epoch.rates)),
    }
    measured = _measure(state.network, test)
    if not math.isfinite(measured["test_loss"]):
        raise Diverged(
            f"loss must stay finite: test loss={measured['test_loss']} after epoch {epoch.number}; train again with a lower "
            f"--learning-rate than {state.plan.recipe.learning_rate:g}"
        )
    state.history.append({"epoch": epoch.number, **trained, **measured})
    state.statistics.append(_probe(state.network, training, epoch.number))


def _measure(network: Network, test: dataset.Split) -> dict:
    network.eval()
    answers = torch.from_numpy(inference.logits(network, test.images))
    labels = torch.as_tensor(test.labels)
    return {
        "test_loss": nn.functional.cross_entropy(answers, labels).item(),
        "test_accuracy": (answers.argmax(dim=1) == labels).double().mean().item(),
    }


def _probe(network: Network, training: dataset.Split, epoch: int) -> pd.DataFrame:
    where = next(network.parameters()).device
    pictures = tensors.standardise(training.images[:PROBE_PICTURES], *network.standard).to(where)
    table = layer_statistics.by_channel(layer_statistics.passages(network, pictures)).astype(
        {"layer": "int8", "channel": "int16"}
    )
    values = table.columns.drop(["layer", "channel"])
    table[values] = table[values].astype("float32")
    table.insert(0, "epoch", np.int16(epoch))
    return table


def _resume(plan: Plan, training: dataset.Split, test: dataset.Split, progress: Path, where: torch.device) -> State:
    try:
        return unpack(plan, training, progress.read_bytes(), where, test)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, RuntimeError) as error:
        if isinstance(error, runs.RunError):
            raise runs.RunError(f"{progress} {error}: name the data folder it was begun with, or delete the file") from error
        raise runs.RunError(f"{progress} cannot be read ({error}): delete it, and the run starts anew") from error


def finish(state: State, training: dataset.Split, test: dataset.Split) -> tuple[dict, dict[str, bytes]]:
    """Measures a trained network on the test split; returns what `runs.save` takes."""
    state.network.eval()
    predictions = inference.predict(state.network, test)
    weights = {name: value.detach().cpu().contiguous() for name, value in state.network.state_dict().items()}
    contents = {
        "weights.safetensors": save_safetensors(weights),
        "history.csv": pd.DataFrame(state.history).to_csv(index=False).encode(),
        "predictions.parquet": runs.parquet(predictions),
        "layer_stats.parquet": runs.parquet(pd.concat(state.statistics, ignore_index=True)),
    }
    return _describe(state, training, test, predictions), contents


def _describe(state: State, training: dataset.Split, test: dataset.Split, predictions: pd.DataFrame) -> dict:
    plan, last = state.plan, state.history[-1]
    return {
        "study": plan.study,
        "norm": plan.norm,
        "architecture": asdict(state.network.architecture),
        "parameters": count_parameters(state.network),
        "seed": plan.seed,
        "recipe": asdict(plan.recipe),
        "epochs": last["epoch"],
        "torch": torch.__version__,
        "device": device_name(state.where),
        "threads": torch.get_num_threads(),
        "wall_seconds": round(state.wall_seconds, 1),
        "data": {
            "edition": training.edition,
            "train_fingerprint": training.fingerprint,
            "test_fingerprint": test.fingerprint,
            "train_pictures": len(training),
            "test_pictures": len(test),
            **({"resize": training.resize} if training.resize else {}),
        },
        "final": {**{key: last[key] for key in last if key != "epoch"}, **evaluation.accuracy(predictions)},
    }


def device_name(device: torch.device) -> str:
    """Returns what rows and runs call a device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
