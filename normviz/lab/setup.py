"""What a visitor chose for one experiment, checked; and the trainings that follow from it."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass

from normviz.lab import allowed
from normviz.model.norms import NORMS
from normviz.training.plans import CHOICES, Plan, Recipe
from normviz.words.captions import SQUEEZES

REFERENCE = 128  # the batch size at which every rule gives the chosen rate
RULES = {"fixed": 0.0, "square root": 0.5, "linear": 1.0}  # power of batch size / REFERENCE that the rate is multiplied by
OPTIMIZERS = ("adamw", "sgd")
WIDTHS = {"half": 0.5, "as published": 1.0, "double": 2.0}  # times the channels of the source's batch network
PUBLISHED = (16, 32, 10, 16, 16, 16, 10, 16, 16, 16)  # `network.WIDE`, which would bring PyTorch along
DATA = ("cifar10", "drawn", "own", "brought")
LIMITS = {
    "batch_size": (1, 512),
    "learning_rate": (1e-6, 10.0),
    "pictures": (500, 50_000),
    "steps": (1, 50_000),
    "seeds": (1, 5),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class Setup:
    """One experiment: one to five norms, trained in lockstep on the same batches.

    Attributes:
        norms: keys of `NORMS`, a column each.
        batch_size: pictures a step.
        learning_rate: constant rate at a batch size of `REFERENCE`.
        rule: a key of `RULES`: how the rate follows another batch size.
        optimizer: one of `OPTIMIZERS`.
        groups: channel groups of group norm.
        order: which pictures share a batch, as in `plans.CHOICES`.
        pictures: size of the training set, the same number of each class.
        steps: of each network.
        seeds: how many trainings of each norm.
        seed: the first of them.
        augmentation: as in `plans.CHOICES`.
        width: a key of `WIDTHS`.
        data: "cifar10", "drawn" for the project's own set, "own" for the owner's pictures, or "brought" for a visitor's.
        design: a visitor's own network in the place of the source's, see `designs.read`; `width` says nothing then.
        brought: key of the pictures that a visitor has brought, see `brought.keep`.

    Raises:
        ValueError: with the name, its value and the rule.
    """

    norms: tuple[str, ...] = ("batch", "group", "layer")
    batch_size: int = 16
    learning_rate: float = 0.001
    rule: str = "fixed"
    optimizer: str = "adamw"
    groups: int = 4
    order: str = "mixed"
    pictures: int = 2000
    steps: int = 400
    seeds: int = 1
    seed: int = 0
    augmentation: str = "flip and crop"
    width: str = "as published"
    data: str = "cifar10"
    design: str = ""
    brought: str = ""

    def __post_init__(self):
        known = {"rule": RULES, "optimizer": OPTIMIZERS, "order": CHOICES["order"], "width": WIDTHS, "data": DATA}
        for name, values in (known | {"augmentation": CHOICES["augmentation"]}).items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} must be one of {', '.join(values)}: {name}={getattr(self, name)!r}")
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low:,} to {high:,}: {name}={getattr(self, name)}")
        if not self.norms or not set(self.norms) <= set(NORMS) or len(set(self.norms)) < len(self.norms):
            raise ValueError(f"norms must be one to five of {', '.join(NORMS)}: norms={', '.join(self.norms) or 'none'}")
        if bool(self.brought) != (self.data == "brought"):
            raise ValueError(
                f"pictures that were brought must have a key, and no others: data={self.data}, brought={self.brought!r}"
            )
        self._check_network()

    def _check_network(self) -> None:
        if self.design:
            allowed.check(self.design, self.groups if "group" in self.norms else None)
            return
        channels = [width for place, width in enumerate(self.widths, start=1) if place not in SQUEEZES]
        if "group" in self.norms and (self.groups < 1 or any(width % self.groups for width in channels)):
            raise ValueError(f"groups must divide channels: groups={self.groups}, channels={sorted(set(channels))}")

    @property
    def rate(self) -> float:
        """The learning rate that the rule gives at this batch size."""
        return self.learning_rate * (self.batch_size / REFERENCE) ** RULES[self.rule]

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(int(width * WIDTHS[self.width]) for width in PUBLISHED)

    @property
    def columns(self) -> dict[str, Plan]:
        """Returns the trainings by their name, "<norm>-<seed>"; all norms of a seed before the next seed."""
        seeds = range(self.seed, self.seed + self.seeds)
        return {f"{norm}-{seed}": self._plan(norm, seed) for seed in seeds for norm in self.norms}

    def _plan(self, norm: str, seed: int) -> Plan:
        recipe = Recipe(
            epochs=math.ceil(self.steps * self.batch_size / self.pictures) + 1,
            batch_size=self.batch_size,
            learning_rate=self.rate,
            optimizer=self.optimizer,
            schedule="constant",
            order=self.order,
            augmentation=self.augmentation,
        )
        shape = {"design": self.design} if self.design else {"widths": self.widths}
        return Plan("controlled", norm, seed, recipe, self.groups, **shape)

    @property
    def digest(self) -> str:
        """A short name for exactly this set-up."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]


def from_dict(values: dict) -> Setup:
    """Returns a set-up out of what JSON keeps of `asdict`.

    Raises:
        ValueError: a name or a value that no set-up has.
    """
    try:
        return Setup(**{**values, "norms": tuple(values["norms"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"no set-up of the lab ({error})") from error
