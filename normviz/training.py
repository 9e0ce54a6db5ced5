"""One training run: a plan in, a finished run on disk out; reports each step, and goes on where it was killed."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors
from torch import nn

from normviz import data, evaluation, inference, layer_stats, runs
from normviz.network import Network, architecture, count_parameters

PROBE_PICTURES = 256  # training pictures, not augmented, on which every epoch's layer statistics are measured


class Diverged(RuntimeError):
    """The loss became NaN or infinite; the last finished epoch stays on disk."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: AdamW, one cycle of the learning rate, flip and reflect-padded crop.

    Attributes:
        epochs: passes over the training set.
        batch_size: pictures a step.
        learning_rate: the highest rate of the cycle.
        weight_decay: AdamW's decoupled decay.
        warm_up: share of the steps in which the rate rises.
        crop_padding: reflected pixels on each side that the random crop may reach into.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    warm_up: float = 0.2
    crop_padding: int = 2

    def __post_init__(self):
        for name in ("epochs", "batch_size", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be greater than 0: {name}={getattr(self, name)}")
        if not 0 <= self.warm_up < 1:
            raise ValueError(f"warm_up must be a share of the steps, from 0 to below 1: warm_up={self.warm_up}")
        if not 0 <= self.crop_padding < 32:
            raise ValueError(f"crop_padding must be from 0 to 31 pixels: crop_padding={self.crop_padding}")


@dataclass(frozen=True)
class Plan:
    """Which model is trained, with which seed and recipe."""

    study: str
    norm: str
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)

    def shared(self) -> "Plan":
        """Returns the plan under the study that owns the run: the batch network of both studies is one."""
        study, norm = runs.SHARED_RUNS.get((self.study, self.norm), (self.study, self.norm))
        return replace(self, study=study, norm=norm)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Step:
    """What `train` reports after each step: counts from 1, loss and accuracy (a fraction) over the epoch so far."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float


@dataclass
class _State:
    network: Network
    optimizer: torch.optim.Optimizer
    history: list[dict]
    statistics: list[pd.DataFrame]
    wall_seconds: float = 0.0


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Returns the rate of step 0 to steps - 1 of a one-cycle schedule (Smith & Topin 2018): cosine up, cosine down.

    It starts at 1/25 of `recipe.learning_rate` and ends at 1/250,000 of it, torch's own defaults for OneCycleLR.
    """
    highest, start, end = recipe.learning_rate, recipe.learning_rate / 25, recipe.learning_rate / 250_000
    rise = max(recipe.warm_up * steps - 1, 1e-9)
    if step <= rise:
        return start + (highest - start) * (1 - math.cos(math.pi * step / rise)) / 2
    return end + (highest - end) * (1 + math.cos(math.pi * (step - rise) / (steps - 1 - rise))) / 2


def train(
    plan: Plan,
    training: data.Split,
    test: data.Split,
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
    where = torch.device("cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu"))
    progress = progress_file(plan, root)
    state = _resume(plan, training, progress, where)
    while len(state.history) < plan.recipe.epochs:
        started = time.monotonic()
        _run_epoch(state, plan, training, test, report)
        state.wall_seconds += time.monotonic() - started
        runs.write_whole(progress, _pack(state, plan, training))
    _finish(state, plan, training, test, runs.folder_of(plan.study, plan.norm, root))
    progress.unlink(missing_ok=True)
    return runs.load(plan.study, plan.norm, root)


def progress_file(plan: Plan, root: Path) -> Path:
    """Returns where an unfinished run of exactly this plan keeps its last finished epoch."""
    folder = runs.folder_of(plan.study, plan.norm, root)
    return folder.with_name(f"{folder.name}.{plan.shared().digest}.progress.safetensors")


def _begin(plan: Plan, training: data.Split, where: torch.device) -> _State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = Network(architecture(plan.study, plan.norm))
    network = network.to(where, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=plan.recipe.weight_decay)
    return _State(network, optimizer, [], [_probe(network, training, epoch=0)])


def _run_epoch(state: _State, plan: Plan, training: data.Split, test: data.Split, report) -> None:
    epoch = len(state.history) + 1
    trained = _train_epoch(state, plan, training, epoch, report)
    measured = _measure(state.network, test)
    state.history.append({"epoch": epoch, **trained, **measured})
    state.statistics.append(_probe(state.network, training, epoch))


def _train_epoch(state: _State, plan: Plan, training: data.Split, epoch: int, report) -> dict:
    recipe, network = plan.recipe, state.network
    where = next(network.parameters()).device
    generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + epoch)
    images, labels = torch.as_tensor(training.images), torch.as_tensor(training.labels)
    batches = torch.randperm(len(training), generator=generator).split(recipe.batch_size)
    total_loss = total_correct = seen = 0
    rates = []
    network.train()
    for number, chosen in enumerate(batches):
        step, steps = (epoch - 1) * len(batches) + number, recipe.epochs * len(batches)
        rates.append(learning_rate(step, steps, recipe))
        pictures = data.standardise(data.augment(images[chosen], generator, recipe.crop_padding)).to(where)
        loss, correct = _step(network, state.optimizer, rates[-1], pictures, labels[chosen].to(where))
        if not math.isfinite(loss):
            raise Diverged(
                f"loss must stay finite: loss={loss} at step {step + 1} of {steps} (epoch {epoch}), learning rate "
                f"{rates[-1]:.3g}; train again with a lower --learning-rate than {recipe.learning_rate:g}"
            )
        seen += len(chosen)
        total_loss += loss * len(chosen)
        total_correct += correct
        report(Step(epoch, recipe.epochs, step + 1, steps, total_loss / seen, total_correct / seen))
    return {
        "train_loss": total_loss / seen,
        "train_accuracy": total_correct / seen,
        "learning_rate": float(np.mean(rates)),
    }


def _step(network, optimizer, rate: float, pictures: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
    for group in optimizer.param_groups:
        group["lr"] = rate
    answers = network(pictures)
    loss = nn.functional.cross_entropy(answers, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), (answers.argmax(dim=1) == labels).sum().item()


def _measure(network: Network, test: data.Split) -> dict:
    network.eval()
    answers = torch.from_numpy(inference.logits(network, test.images))
    labels = torch.as_tensor(test.labels)
    return {
        "test_loss": nn.functional.cross_entropy(answers, labels).item(),
        "test_accuracy": (answers.argmax(dim=1) == labels).double().mean().item(),
    }


def _probe(network: Network, training: data.Split, epoch: int) -> pd.DataFrame:
    where = next(network.parameters()).device
    pictures = data.standardise(training.images[:PROBE_PICTURES]).to(where)
    table = layer_stats.by_channel(layer_stats.passages(network, pictures)).astype({"layer": "int8", "channel": "int16"})
    values = table.columns.drop(["layer", "channel"])
    table[values] = table[values].astype("float32")
    table.insert(0, "epoch", np.int16(epoch))
    return table


def _pack(state: _State, plan: Plan, training: data.Split) -> bytes:
    """Returns the last finished epoch as one safetensors file: tensors, and everything else as JSON in its header."""
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    for place, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": value for name, value in moments.items()}
    record = {
        "plan": asdict(plan),
        "data": training.fingerprint,
        "history": state.history,
        "wall_seconds": state.wall_seconds,
    }
    tensors["statistics"] = torch.frombuffer(bytearray(_parquet(pd.concat(state.statistics))), dtype=torch.uint8)
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return save_safetensors(contiguous, {"record": json.dumps(record)})


def _resume(plan: Plan, training: data.Split, progress: Path, where: torch.device) -> _State:
    state = _begin(plan, training, where)
    if not progress.exists():
        return state
    try:
        with safe_open(progress, "pt") as stored:
            record = json.loads(stored.metadata()["record"])
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise runs.RunError(f"{progress} cannot be read ({error}): delete it, and the run starts anew") from error
    if record["data"] != training.fingerprint:
        raise runs.RunError(
            f"{progress} was begun on other pictures (fingerprint {record['data'][:12]}, now "
            f"{training.fingerprint[:12]}): name the data folder it was begun with, or delete the file"
        )
    _unpack(state, record, tensors)
    return state


def _unpack(state: _State, record: dict, tensors: dict[str, torch.Tensor]) -> None:
    state.network.load_state_dict(
        {name.removeprefix("network."): value for name, value in tensors.items() if name.startswith("network.")}
    )
    moments: dict[int, dict] = {}
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            place, _, moment = rest.partition(".")
            moments.setdefault(int(place), {})[moment] = value
    state.optimizer.load_state_dict({"state": moments, "param_groups": state.optimizer.state_dict()["param_groups"]})
    state.history = record["history"]
    state.statistics = [pd.read_parquet(BytesIO(tensors["statistics"].numpy()))]
    state.wall_seconds = record["wall_seconds"]


def _finish(state: _State, plan: Plan, training: data.Split, test: data.Split, folder: Path) -> None:
    state.network.eval()
    predictions = inference.predict(state.network, test)
    weights = {name: value.detach().cpu().contiguous() for name, value in state.network.state_dict().items()}
    contents = {
        "weights.safetensors": save_safetensors(weights),
        "history.csv": pd.DataFrame(state.history).to_csv(index=False).encode(),
        "predictions.parquet": _parquet(predictions),
        "layer_stats.parquet": _parquet(pd.concat(state.statistics, ignore_index=True)),
    }
    runs.save(_describe(state, plan, training, test, predictions), contents, folder)


def _parquet(table: pd.DataFrame) -> bytes:
    return table.to_parquet(None, index=False, compression="zstd")


def _describe(state: _State, plan: Plan, training: data.Split, test: data.Split, predictions: pd.DataFrame) -> dict:
    last = state.history[-1]
    return {
        "study": plan.study,
        "norm": plan.norm,
        "architecture": asdict(state.network.architecture),
        "parameters": count_parameters(state.network),
        "seed": plan.seed,
        "recipe": asdict(plan.recipe),
        "epochs": last["epoch"],
        "torch": torch.__version__,
        "device": _device_name(next(state.network.parameters()).device),
        "threads": torch.get_num_threads(),
        "wall_seconds": round(state.wall_seconds, 1),
        "data": {
            "edition": training.edition,
            "train_fingerprint": training.fingerprint,
            "test_fingerprint": test.fingerprint,
            "train_pictures": len(training),
            "test_pictures": len(test),
        },
        "final": {**{key: last[key] for key in last if key != "epoch"}, **evaluation.accuracy(predictions)},
    }


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
