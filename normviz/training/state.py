"""A training run between two steps: everything that the next step depends on, in memory and as one block of bytes."""

import json
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO

import pandas as pd
import torch
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from normviz.model.network import Architecture, Network, architecture
from normviz.pictures import dataset
from normviz.training import batches, runs
from normviz.training.muon import Muon
from normviz.training.plans import Plan, Recipe

MOMENTUM = 0.9  # of SGD
_SUMS = ("number", "done", "seen", "loss", "correct", "last_loss", "rates")


@dataclass
class Epoch:
    """The epoch that is under way: its batches, the source of its augmentation, and sums over the steps so far.

    `flips` says of each training picture whether this epoch shows it flipped; None where that is drawn at each step.
    """

    number: int
    batches: list[torch.Tensor]
    generator: torch.Generator
    flips: torch.Tensor | None = None
    done: int = 0
    seen: int = 0
    loss: float = 0.0
    correct: int = 0
    last_loss: float = 0.0
    rates: list[float] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.done == len(self.batches)


@dataclass
class State:
    """A run between two steps: everything that the next step depends on, and the history so far."""

    plan: Plan
    network: Network
    optimizer: torch.optim.Optimizer
    plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None
    epoch: Epoch | None = None
    history: list[dict] = field(default_factory=list)
    statistics: list[pd.DataFrame] = field(default_factory=list)
    wall_seconds: float = 0.0

    @property
    def where(self) -> torch.device:
        return next(self.network.parameters()).device


def begin(plan: Plan, where: torch.device | str = "cpu", training: dataset.Split | None = None) -> State:
    """Returns a run before its first step; its weights follow from the seed.

    Args:
        plan: what is going to be trained.
        where: on which device.
        training: the pictures, whose classes and standard the network takes on; CIFAR-10's without any.

    Raises:
        ValueError: no such model, or widths, groups or a design that do not fit it.
    """
    described = described_by(plan)
    if training is not None:
        described = replace(described, classes=training.classes, mean=training.mean, std=training.std)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = Network(described).to(where, memory_format=torch.channels_last)
    if plan.recipe.trained == "norms":
        _freeze_all_but_norms(network)
    optimizer = _optimizer(network, plan.recipe)
    return State(plan, network, optimizer, plateau(optimizer) if plan.recipe.schedule == "plateau" else None)


def _freeze_all_but_norms(network: Network) -> None:
    network.requires_grad_(False)
    for norm in network.norms:
        norm.requires_grad_(True)


def described_by(plan: Plan) -> Architecture:
    """Returns what a plan's network is made of; see `begin`."""
    usual = architecture(plan.study, plan.norm)
    shape = {"widths": (), "design": plan.design} if plan.design else {"widths": plan.widths or usual.widths}
    shape["weight_standardization"] = plan.weight_standardization
    return replace(usual, groups=plan.groups, dropout=plan.recipe.dropout, **shape)


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    options = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay, "fused": True}
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if recipe.optimizer == "muon":
        return Muon(network, **options)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(learned, momentum=MOMENTUM, **options)
    return {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[recipe.optimizer](learned, **options)


def plateau(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.ReduceLROnPlateau:
    """Returns the source's scheduler: it waits for a loss to *rise*, so a falling one counts as a plateau.

    It is stepped once an epoch on the loss of the epoch's last batch. Of the mean over the epoch, which falls steadily, it
    would cut the rate every three epochs; the source's own rates (4, 6 and 9 epochs at 0.01) need a noisier number.
    """
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=2)


def open_epoch(plan: Plan, training: dataset.Split, number: int) -> Epoch:
    """Returns the epoch of this number, from 1, before its first step."""
    generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + number)
    drawn = batches.draw(torch.as_tensor(training.labels), plan.recipe.order, plan.recipe.batch_size, generator)
    return Epoch(number, drawn, generator, _flips(plan, len(training), number))


def _flips(plan: Plan, pictures: int, number: int) -> torch.Tensor | None:
    if plan.recipe.flip == "random":
        return None
    first = torch.rand(pictures, generator=torch.Generator().manual_seed(plan.seed * 1_000_003)) < 0.5
    return first ^ (number % 2 == 0)


def pack(state: State, training: dataset.Split, test: dataset.Split | None = None) -> bytes:
    """Returns a run between two steps as one safetensors file: tensors, and everything else as JSON in its header.

    The test split is the one of which the history tells.
    """
    arrays = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    for place, moments in state.optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer.{place}.{name}": value for name, value in moments.items()}
    record = {
        "plan": asdict(state.plan),
        "data": training.fingerprint,
        "test": test and test.fingerprint,
        "history": state.history,
        "wall_seconds": state.wall_seconds,
        "plateau": state.plateau and state.plateau.state_dict(),
    }
    if state.statistics:
        arrays["statistics"] = torch.frombuffer(bytearray(runs.parquet(pd.concat(state.statistics))), dtype=torch.uint8)
    if state.epoch:
        arrays["generator"] = state.epoch.generator.get_state()
        record["epoch"] = {name: getattr(state.epoch, name) for name in _SUMS}
    contiguous = {name: value.detach().cpu().contiguous() for name, value in arrays.items()}
    return save_safetensors(contiguous, {"record": json.dumps(record)})


def unpack(
    plan: Plan,
    training: dataset.Split,
    packed: bytes,
    where: torch.device | str = "cpu",
    test: dataset.Split | None = None,
) -> State:
    """Returns a run as `pack` left it.

    Raises:
        RunError: it was begun on other pictures.
        SafetensorError, ValueError, KeyError, TypeError: not what `pack` gave for this plan.
    """
    record, arrays = _read(packed)
    for begun, now in ((record["data"], training), (record.get("test"), test)):
        if begun and now and begun != now.fingerprint:
            raise runs.RunError(f"was begun on other pictures (fingerprint {begun[:12]}, now {now.fingerprint[:12]})")
    state = begin(plan, where, training)
    state.network.load_state_dict(_part(arrays, "network."))
    state.optimizer.load_state_dict({"state": _moments(arrays), "param_groups": state.optimizer.state_dict()["param_groups"]})
    if state.plateau:
        state.plateau.load_state_dict(record["plateau"])
    if "statistics" in arrays:
        state.statistics = [pd.read_parquet(BytesIO(arrays["statistics"].numpy()))]
    if "epoch" in record:
        state.epoch = replace(open_epoch(plan, training, record["epoch"]["number"]), **record["epoch"])
        state.epoch.generator.set_state(arrays["generator"])
    state.history, state.wall_seconds = record["history"], record["wall_seconds"]
    return state


def _read(packed: bytes) -> tuple[dict, dict[str, torch.Tensor]]:
    size = int.from_bytes(packed[:8], "little")  # of the header; safetensors gives it away for files alone
    header = json.loads(packed[8 : 8 + size])
    return json.loads(header["__metadata__"]["record"]), load_safetensors(packed)


def _part(arrays: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _moments(arrays: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    moments: dict[int, dict] = {}
    for name, value in _part(arrays, "optimizer.").items():
        place, _, moment = name.partition(".")
        if value.dim() == 4:  # the fused step walks them as they lie in memory, as the weights do
            value = value.contiguous(memory_format=torch.channels_last)
        moments.setdefault(int(place), {})[moment] = value
    return moments
