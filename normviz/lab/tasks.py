"""What is handed to a worker and comes back. No PyTorch here: the engine that hands it out starts sooner without."""

from dataclasses import dataclass

from normviz.pictures.choices import Choices
from normviz.training.plans import Plan

ROUND_SECONDS = 0.9  # that a round should take
TEST_PICTURES = 1000
TICK_PICTURES = 150  # test pictures of every point but the last


@dataclass(frozen=True)
class Data:
    """Which pictures.

    Attributes:
        name: "cifar10" or "own", in the folder named or where `dataset.find_folder` looks, "brought", or "drawn".
        folder: of the data set; the file of pictures that were brought.
        pictures: how many for training, at most.
        chosen: how own data are read; None for the owner's choices where the worker runs.
    """

    name: str
    folder: str
    pictures: int
    chosen: Choices | None = None


@dataclass(frozen=True)
class Slice:
    """A few steps of one training.

    Attributes:
        plan: the training.
        data: its pictures.
        packed: where it stands, by `state.pack`; None before the first step.
        steps: to take; 0 measures alone.
        rate: learning rate, in place of the plan's.
        test_pictures: on which the point is measured.
    """

    plan: Plan
    data: Data
    packed: bytes | None
    steps: int
    rate: float | None = None
    test_pictures: int = TICK_PICTURES


@dataclass(frozen=True)
class Outcome:
    """Where the training stands after a slice, the point that was measured there, and the seconds that each took."""

    packed: bytes
    point: dict
    train_seconds: float
    point_seconds: float = 0.0
    diverged: str = ""


@dataclass(frozen=True)
class Speed:
    """What one training costs on this worker, in seconds: a step, and a point."""

    step: float
    point: float


def carry_out(job: Slice) -> Outcome:
    """Does `slices.carry_out` on the worker."""
    from normviz.lab import slices

    return slices.carry_out(job)


def measure_speed(plan: Plan, data: Data) -> Speed:
    """Does `slices.measure_speed` on the worker."""
    from normviz.lab import slices

    return slices.measure_speed(plan, data)


def export(plan: Plan, data: Data, packed: bytes) -> tuple[dict, dict[str, bytes]]:
    """Does `slices.export` on the worker."""
    from normviz.lab import slices

    return slices.export(plan, data, packed)
