"""What is trained and how: recipe and plan of one run. No PyTorch here."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace

from normviz.training import runs

CHOICES = {
    "optimizer": ("adamw", "adam", "sgd", "muon"),
    "schedule": ("one_cycle", "plateau", "constant"),
    "order": ("mixed", "one class", "two classes"),
    "augmentation": ("flip and crop", "none"),
    "flip": ("random", "alternating"),
    "precision": ("float32", "bf16"),
    "trained": ("all", "norms"),
}
MOST = 1_000_000  # epochs: `loop` draws an epoch's batches from seed * 1,000,003 + epoch, so two seeds never share one
HIGHEST_SEED = 2**32 - 1  # what NumPy takes too; times 1,000,003 it stays inside the 64 bits of a torch seed


def _whole(low: int, high: int) -> tuple[str, Callable[[object], bool]]:
    return f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high


def _real(words: str, holds: Callable[[float], bool]) -> tuple[str, Callable[[object], bool]]:
    return words, lambda value: type(value) in (int, float) and holds(value)


RULES = {  # of each number of a plan: its rule in words, and whether a value keeps it; NaN keeps none
    "seed": _whole(0, HIGHEST_SEED),
    "groups": _whole(1, MOST),
    "epochs": _whole(1, MOST),
    "batch_size": _whole(1, MOST),
    "learning_rate": _real("a finite number above 0", lambda value: 0 < value < math.inf),
    "weight_decay": _real("a finite number from 0 on", lambda value: 0 <= value < math.inf),
    "warm_up": _real("a number from 0 to below 1", lambda value: 0 <= value < 1),
    "crop_padding": _whole(0, 31),
    "dropout": _real("a number from 0 to below 1", lambda value: 0 <= value < 1),
    "label_smoothing": _real("a number from 0 to below 1", lambda value: 0 <= value < 1),
}


def check_number(name: str, value: float) -> None:
    """Raises ValueError where a number of a plan does not keep its rule in `RULES`."""
    rule, holds = RULES[name]
    if not holds(value):
        raise ValueError(f"{name} must be {rule}: {name}={value}")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, with cross-entropy; `RULES` says what each number may be.

    Attributes:
        epochs: passes over the training set.
        batch_size: pictures a step.
        learning_rate: the highest rate of the cycle; the first rate of the plateau schedule.
        weight_decay: decoupled decay of AdamW and Muon, or the L2 penalty of Adam and SGD.
        warm_up: share of the steps in which the rate of the cycle rises.
        crop_padding: reflected pixels on each side that the random crop may reach into.
        dropout: probability of dropping a value behind each norm.
        label_smoothing: share of the target that all classes have alike (Szegedy et al. 2016, section 7); what is reported is
            the cross-entropy without it.
        optimizer: "adamw", "adam" as in the source, "sgd" with momentum 0.9, or "muon"; see `muon.Muon`.
        schedule: "one_cycle", "constant", or "plateau": the source's, stepped as it stepped it; see `state.plateau`.
        order: which pictures share a batch: "mixed", or only those of "one class" or "two classes".
        augmentation: "flip and crop" (out of a reflect-padded picture), or "none".
        flip: "random" at each sight of a picture, or "alternating": at every second one (Jordan 2024, arXiv 2404.00498).
        precision: of the steps, "float32" or "bf16" (PyTorch's autocast; weights and measurements stay float32).
        trained: "all" learned values, or only gamma and beta of the "norms"; the others stay as they were drawn.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    warm_up: float = 0.2
    crop_padding: int = 2
    dropout: float = 0.0
    label_smoothing: float = 0.0
    optimizer: str = "adamw"
    schedule: str = "one_cycle"
    order: str = "mixed"
    augmentation: str = "flip and crop"
    flip: str = "random"
    precision: str = "float32"
    trained: str = "all"

    def __post_init__(self):
        for name in [each.name for each in fields(self) if each.name in RULES]:
            check_number(name, getattr(self, name))
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}: {name}={getattr(self, name)!r}")


def source_recipe(norm: str) -> Recipe:
    """Returns the recipe of one of the source's three notebooks (reference/published.json, notes 3 to 6)."""
    return Recipe(
        batch_size=32 if norm == "layer" else 128,
        weight_decay=1e-5 if norm == "layer" else 0.0,
        warm_up=0.0,
        crop_padding=4,
        dropout=0.05,
        optimizer="adam",
        schedule="plateau",
    )


def recipe_of(study: str) -> Recipe:
    """Returns the recipe of a study's shipped runs: one for the skeleton, one for the designs (checkpoints/README.md)."""
    if study in ("controlled", "published"):
        return Recipe()
    return Recipe(weight_decay=0.05, optimizer="muon", flip="alternating")


@dataclass(frozen=True)
class Plan:
    """Which model is trained, with which seed and recipe.

    Attributes:
        study: "controlled", "published" or "budget".
        norm: one of the study's norms; see `network.architecture`.
        seed: of weights, order and augmentation; a whole number from 0 to `HIGHEST_SEED`.
        recipe: how it is trained.
        groups: channel groups, where the norm is "group".
        widths: channels of the ten convolutions; None for those of the study.
        design: the parts of another network in their place, as `designs.read` reads them.
        weight_standardization: see `network.Architecture`.
    """

    study: str
    norm: str
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    groups: int = 4
    widths: tuple[int, ...] | None = None
    design: str = ""
    weight_standardization: bool = False

    def __post_init__(self):
        for name in ("seed", "groups"):
            check_number(name, getattr(self, name))
        if self.recipe.trained == "norms" and self.norm == "none":
            raise ValueError("trained must be all where no norm learns anything: trained=norms, norm=none")

    def shared(self) -> "Plan":
        """Returns the plan under the study that owns the run: the batch network of both studies is one."""
        study, norm = runs.SHARED_RUNS.get((self.study, self.norm), (self.study, self.norm))
        return replace(self, study=study, norm=norm)

    @property
    def digest(self) -> str:
        """A short name for exactly this plan. A choice that the first plans did not have counts only where it is made."""
        plan = asdict(self.shared())
        for described, defaults in ((plan, _LATER_PARTS), (plan["recipe"], _LATER_CHOICES)):
            for name, default in defaults.items():
                if described[name] == default:
                    del described[name]
        return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:8]


_LATER_PARTS = {name: getattr(Plan, name) for name in ("widths", "design", "weight_standardization")}
_LATER_CHOICES = {
    name: getattr(Recipe, name) for name in ("label_smoothing", "order", "augmentation", "flip", "precision", "trained")
}


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Returns the rate of step 0 to steps - 1 of a one-cycle schedule (Smith & Topin 2018): cosine up, cosine down.

    It starts at 1/25 of `recipe.learning_rate` and ends at 1/250,000 of it, torch's own defaults for OneCycleLR.
    """
    highest, start, end = recipe.learning_rate, recipe.learning_rate / 25, recipe.learning_rate / 250_000
    rise = max(recipe.warm_up * steps - 1, 1e-9)
    if step <= rise:
        return start + (highest - start) * (1 - math.cos(math.pi * step / rise)) / 2
    return end + (highest - end) * (1 + math.cos(math.pi * (step - rise) / (steps - 1 - rise))) / 2
