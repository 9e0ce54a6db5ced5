"""One training run: a plan in, a finished run on disk out; reports each step, and goes on where it was killed."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors
from torch import nn

from normviz.model import layer_statistics
from normviz.model.network import Network, architecture, count_parameters
from normviz.pictures import dataset, tensors
from normviz.training import evaluation, inference, runs
from normviz.training.plans import Plan, learning_rate

_OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
PROBE_PICTURES = 256  # training pictures, not augmented, on which every epoch's layer statistics are measured


class Diverged(RuntimeError):
    """The loss became NaN or infinite; the last finished epoch stays on disk."""


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
    plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None
    history: list[dict]
    statistics: list[pd.DataFrame]
    wall_seconds: float = 0.0


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
    return folder.with_name(f"{folder.name}.{plan.digest}.progress.safetensors")


def finished_epochs(plan: Plan, root: Path) -> int:
    """Returns how many epochs of an unfinished run are on disk; 0 where there is none or it cannot be read."""
    try:
        with safe_open(progress_file(plan, root), "np") as stored:
            return len(json.loads(stored.metadata()["record"])["history"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return 0


def _begin(plan: Plan, training: dataset.Split, where: torch.device) -> _State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        described = replace(architecture(plan.study, plan.norm), groups=plan.groups, dropout=plan.recipe.dropout)
        network = Network(described).to(where, memory_format=torch.channels_last)
    optimizer = _OPTIMIZERS[plan.recipe.optimizer](
        network.parameters(), lr=plan.recipe.learning_rate, weight_decay=plan.recipe.weight_decay, fused=True
    )
    schedule = plateau(optimizer) if plan.recipe.schedule == "plateau" else None
    return _State(network, optimizer, schedule, [], [_probe(network, training, epoch=0)])


def plateau(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.ReduceLROnPlateau:
    """Returns the source's scheduler: it waits for a loss to *rise*, so a falling one counts as a plateau.

    It is stepped once an epoch on the loss of the epoch's last batch. Of the mean over the epoch, which falls steadily, it
    would cut the rate every three epochs; the source's own rates (4, 6 and 9 epochs at 0.01) need a noisier number.
    """
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=2)


def _run_epoch(state: _State, plan: Plan, training: dataset.Split, test: dataset.Split, report) -> None:
    epoch = len(state.history) + 1
    where = next(state.network.parameters()).device
    with torch.random.fork_rng([where] if where.type == "cuda" else []):
        torch.manual_seed(plan.seed * 1_000_003 + epoch)  # of dropout
        trained = _train_epoch(state, plan, training, epoch, report)
    measured = _measure(state.network, test)
    state.history.append({"epoch": epoch, **trained, **measured})
    state.statistics.append(_probe(state.network, training, epoch))


def _train_epoch(state: _State, plan: Plan, training: dataset.Split, epoch: int, report) -> dict:
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
        rates.append(state.plateau.get_last_lr()[0] if state.plateau else learning_rate(step, steps, recipe))
        pictures = tensors.standardise(tensors.augment(images[chosen], generator, recipe.crop_padding)).to(where)
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
    if state.plateau:
        state.plateau.step(loss)
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
    pictures = tensors.standardise(training.images[:PROBE_PICTURES]).to(where)
    table = layer_statistics.by_channel(layer_statistics.passages(network, pictures)).astype(
        {"layer": "int8", "channel": "int16"}
    )
    values = table.columns.drop(["layer", "channel"])
    table[values] = table[values].astype("float32")
    table.insert(0, "epoch", np.int16(epoch))
    return table


def _pack(state: _State, plan: Plan, training: dataset.Split) -> bytes:
    """Returns the last finished epoch as one safetensors file: tensors, and everything else as JSON in its header."""
    arrays = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    for place, moments in state.optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer.{place}.{name}": value for name, value in moments.items()}
    record = {
        "plan": asdict(plan),
        "data": training.fingerprint,
        "history": state.history,
        "wall_seconds": state.wall_seconds,
        "plateau": state.plateau and state.plateau.state_dict(),
    }
    arrays["statistics"] = torch.frombuffer(bytearray(_parquet(pd.concat(state.statistics))), dtype=torch.uint8)
    contiguous = {name: value.detach().cpu().contiguous() for name, value in arrays.items()}
    return save_safetensors(contiguous, {"record": json.dumps(record)})


def _resume(plan: Plan, training: dataset.Split, progress: Path, where: torch.device) -> _State:
    state = _begin(plan, training, where)
    if not progress.exists():
        return state
    try:
        with safe_open(progress, "pt") as stored:
            record = json.loads(stored.metadata()["record"])
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118, it is no dict
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise runs.RunError(f"{progress} cannot be read ({error}): delete it, and the run starts anew") from error
    if record["data"] != training.fingerprint:
        raise runs.RunError(
            f"{progress} was begun on other pictures (fingerprint {record['data'][:12]}, now "
            f"{training.fingerprint[:12]}): name the data folder it was begun with, or delete the file"
        )
    _unpack(state, record, arrays)
    return state


def _unpack(state: _State, record: dict, arrays: dict[str, torch.Tensor]) -> None:
    state.network.load_state_dict(
        {name.removeprefix("network."): value for name, value in arrays.items() if name.startswith("network.")}
    )
    moments: dict[int, dict] = {}
    for name, value in arrays.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            place, _, moment = rest.partition(".")
            if value.dim() == 4:  # the fused step walks them as they lie in memory, as the weights do
                value = value.contiguous(memory_format=torch.channels_last)
            moments.setdefault(int(place), {})[moment] = value
    state.optimizer.load_state_dict({"state": moments, "param_groups": state.optimizer.state_dict()["param_groups"]})
    if state.plateau:
        state.plateau.load_state_dict(record["plateau"])
    state.history = record["history"]
    state.statistics = [pd.read_parquet(BytesIO(arrays["statistics"].numpy()))]
    state.wall_seconds = record["wall_seconds"]


def _finish(state: _State, plan: Plan, training: dataset.Split, test: dataset.Split, folder: Path) -> None:
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


def _describe(state: _State, plan: Plan, training: dataset.Split, test: dataset.Split, predictions: pd.DataFrame) -> dict:
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
