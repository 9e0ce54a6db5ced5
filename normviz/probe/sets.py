"""Names for a set of values that share one mean: "NHW", "CHW", "(C/8)HW"."""

from dataclasses import dataclass

import torch

PLACES = ("", "L", "HW", "DHW")  # axes that are neither batch nor channels, by their number
MORE = "PQRSTUVDHW"  # and where there are still more


@dataclass(frozen=True)
class Shared:
    """The values that one output depends on.

    Attributes:
        mask: true for each of them, of the input's shape.
        at: index of the output.
        blocks: by axis, whether another output of the same set depends on the same values.
        fixed: axes of one value, which the layer does not let grow: they are among its own.
    """

    mask: torch.Tensor
    at: tuple[int, ...]
    blocks: tuple[bool, ...]
    fixed: tuple[int, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """How many indices of each axis are in the set."""
        return tuple(int(along(self.mask, axis).sum()) for axis in range(self.mask.ndim))

    @property
    def size(self) -> int:
        return int(self.mask.sum())

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are averaged over, whole or in part."""
        return tuple(axis for axis, count in enumerate(self.counts) if count > 1 or axis in self.fixed)

    def is_box(self) -> bool:
        """Returns whether the set is made of whole rows, columns and so on, without holes."""
        return self.size == torch.tensor(self.counts).prod()


def along(mask: torch.Tensor, axis: int) -> torch.Tensor:
    """Returns which indices of an axis a mask has something at."""
    return mask.movedim(axis, 0).reshape(mask.shape[axis], -1).any(1)


def name(shared: Shared, channels_at: int) -> str:
    """Returns the axes of a set as letters: batch N, channels C, then L, HW or DHW; empty where each value is alone.

    Args:
        shared: what an output depends on.
        channels_at: the axis of the channels.

    Returns:
        "(C/8)HW" is one of eight groups of channels; "5C" a window of five, which moves with the value.
    """
    letters = _letters(shared.mask.ndim, channels_at)
    order = sorted(shared.axes, key=lambda axis: "NC".find(letters[axis]) % 3)
    return "".join(_part(letters[axis], shared, axis) for axis in order)


def _letters(axes: int, channels_at: int) -> list[str]:
    if axes < 2:
        return ["C"] * axes
    places = axes - 2
    letters = ["N", *(PLACES[places] if places < len(PLACES) else MORE[-places:])]
    letters.insert(channels_at % axes, "C")
    return letters


def _part(letter: str, shared: Shared, axis: int) -> str:
    size, count = shared.mask.shape[axis], shared.counts[axis]
    if count == size:
        return letter
    return f"({letter}/{size // count})" if shared.blocks[axis] and size % count == 0 else f"{count}{letter}"
