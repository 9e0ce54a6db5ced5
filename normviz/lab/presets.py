"""The demos: a set-up each, and what of them should show."""

from collections.abc import Callable
from dataclasses import dataclass

from normviz.lab.setup import Setup

THREE = ("batch", "group", "layer")


@dataclass(frozen=True)
class Preset:
    """A set-up with one click.

    Attributes:
        setup: on either data set.
        rehearsal_steps: enough to see whether the effect will show.
        effect: from the last test accuracy (a fraction) of each norm to whether the demo's effect shows; None where the demo
            promises none.
    """

    setup: Setup
    rehearsal_steps: int
    effect: Callable[[dict[str, float]], bool] | None = None


def _without_batch(last: dict[str, float]) -> bool:
    return last["batch"] < min(last["group"], last["layer"]) / 2


def _without_norm(last: dict[str, float]) -> bool:
    return last.get("none", 0.0) < min(last[norm] for norm in last if norm != "none") - 0.05


def _without_instance(last: dict[str, float]) -> bool:
    return last["instance"] < min(last["layer"], last["group"]) / 1.5


PRESETS = {
    "one-class": Preset(
        Setup(THREE, order="one class", batch_size=8, learning_rate=0.0006, steps=550, augmentation="none"), 500, _without_batch
    ),
    "size-2": Preset(Setup(THREE, batch_size=2, steps=2500), 300),
    "ten-times": Preset(Setup((*THREE, "none"), batch_size=32, learning_rate=0.02, steps=400), 200, _without_norm),
    "no-norm": Preset(Setup(("batch", "none"), batch_size=32, learning_rate=0.002, steps=400), 250, _without_norm),
    "groups": Preset(
        Setup(("layer", "group", "instance"), batch_size=32, learning_rate=0.002, steps=300), 150, _without_instance
    ),
}
