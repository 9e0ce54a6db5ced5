"""Networks written as a line of parts, such as "C16k3 N A R P C40k1 N X80k5 N": what it says and what it costs. No PyTorch."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([NARPUMG])|(C)(\d+)k(\d+)|(X)(\d+)k(\d+)|([BL])(\d+)")
NORMED = "NRXB"


@dataclass(frozen=True)
class Part:
    """One part of a design.

    Attributes:
        kind: C convolution, N norm, A GELU, U ReLU, P max pooling by 2, M mean pooling by 2, G the mean over all places,
            R `parts.Residual`, X `parts.Mixing`, B `parts.Basic`, L `parts.Linear`.
        width: channels that C, B and L give, or that X has between its two 1x1 convolutions; 0 for the others.
        kernel: side of the kernel of C and X, odd; 0 for the others.
    """

    kind: str
    width: int = 0
    kernel: int = 0

    def __str__(self) -> str:
        """Returns the word that `read` reads."""
        return self.kind + (str(self.width) if self.width else "") + (f"k{self.kernel}" if self.kernel else "")


def read(design: str) -> list[Part]:
    """Returns the parts of a design, first to last.

    Raises:
        ValueError: a word that is no part, or an even kernel, after which maps would change their side.
    """
    return [_read_one(word) for word in design.split()]


def _read_one(word: str) -> Part:
    found = _FORM.fullmatch(word)
    kind, *numbers = [text for text in found.groups() if text is not None] if found else ("",)
    part = Part(kind, *map(int, numbers))
    if not kind or (numbers and part.width < 1) or (part.kernel % 2 == 0 and len(numbers) == 2):
        raise ValueError(f"a part must be N, A, U, P, M, G, R, C16k3, X80k5, B16 or L10, its kernel odd: part={word!r}")
    return part


def maps_after(part: Part, channels: int, side: int) -> tuple[int, int]:
    """Returns channels and side of the maps that a part gives, of those that it receives."""
    after = part.width if part.kind in "CBL" else channels
    if part.kind in "GL":
        return after, 1
    return after, side // 2 if part.kind in "PM" or (part.kind == "B" and part.width != channels) else side


def maps(parts: list[Part], channels: int, side: int) -> list[tuple[int, int]]:
    """Returns channels and side of the maps that each part receives, and at last of those that come out."""
    found = [(channels, side)]
    for part in parts:
        found.append(maps_after(part, *found[-1]))
    return found


def cost(part: Part, channels: int, side: int) -> dict[str, int]:
    """Returns what a part costs on maps of `channels` x `side` x `side`, its norms left out.

    Returns:
        weights; products (multiplications with a weight for one picture); values (those of one picture that training keeps).
    """
    (after, end), inner = maps_after(part, channels, side), part.width
    weights = {
        "C": part.kernel**2 * channels * inner,
        "R": 9 * channels**2,
        "X": part.kernel**2 * channels + 2 * channels * inner,
        "B": 9 * (channels * inner + inner**2),
        "L": channels * side**2 * inner,
    }.get(part.kind, 0)
    kept = {"R": 4 * channels, "X": 3 * channels + 2 * inner, "B": 7 * inner}.get(part.kind, after)
    return {"weights": weights, "products": weights * end**2, "values": kept * end**2}


def fault(part: Part, channels: int, side: int) -> str:
    """Returns why a part cannot take maps of `channels` x `side` x `side`; empty where it can."""
    _, after = maps_after(part, channels, side)
    if after < 1:
        return "maps of one pixel cannot be halved"
    if part.kind == "B" and part.width < channels:
        return f"width must be at least the {channels} channels before"
    if part.kind == "B" and after != side and side % 2:
        return f"a basic block cannot halve maps of an odd side, here {side}"
    return ""
