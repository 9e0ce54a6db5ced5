"""A small network spelled in YAML: parts in a list, and a norm that can be swapped in one line; `words.own_network` has one."""

from pathlib import Path

import torch
from torch import nn

from normviz import reading
from normviz.model import designs
from normviz.model.designs import NORMED, Part
from normviz.model.network import NORM_MAKERS, PICTURE, count_parameters, make_norm
from normviz.model.parts import assemble

WIDEST, LONGEST, LARGEST = 1024, 100, 20_000_000  # channels, parts, parameters
LARGEST_MAPS, MOST_WORK = 2_000_000, 2 * 10**10  # values of one picture's maps; parameters times places of the picture
SIDES = (2, 256)
KINDS = {  # name in the file: {what it may be: kind of `designs.Part`}
    "norm": {"usual": "N", **dict.fromkeys(NORM_MAKERS, "N")},
    "activation": {"gelu": "A", "relu": "U"},
    "pooling": {"max": "P", "mean": "M", "all": "G"},
    "residual": {"plain": "R", "mixing": "X", "basic": "B"},
}
WIDE = {"convolution": "C", "linear": "L"}  # followed by the channels that it gives


class Written(nn.Module):
    """A network made of parts; gives N x C, or all values of its last maps in a row."""

    def __init__(self, picture: tuple[int, int, int], layers: list[nn.Module]):
        super().__init__()
        self.picture, self.body = picture, nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x).flatten(1)


def load(file: Path) -> Written:
    """Returns the network of a YAML file.

    Raises:
        ReadingError: what is wrong, with file, line, rule and next step.
    """
    return build(reading.read(file, "network", "picture"))


def load_text(text: str, file: str = "the network") -> Written:
    """Returns the network of a YAML text; see `load`."""
    return build(_whole_of(text, file))


def _whole_of(text: str, file: str) -> reading.Part:
    if len(text) > reading.LARGEST:
        raise reading.ReadingError(f"{file}: a network must be {reading.LARGEST:,} letters at most: letters={len(text):,}")
    return reading.read_text(text, Path(file), "network", "picture")


def design_of(text: str) -> str:
    """Returns a YAML text as a design, in which any norm may stand where one of its own stood.

    Raises:
        ReadingError: no such network, or one for other pictures than the networks of the studies take.
    """
    load_text(text)
    whole = _whole_of(text, "the network")
    if _picture(whole) != PICTURE:
        raise whole.wrong("picture", f"here picture must be {'x'.join(map(str, PICTURE))}")
    chosen = [(each, _part(each)) for each in whole.parts("parts", LONGEST)]
    return " ".join(str(part) for each, part in chosen if not _is_without(each, part))


def _is_without(each: reading.Part, part: Part) -> bool:
    """Returns whether a part is a norm that is none."""
    without = part.kind in NORMED and "norm" in each and each.text("norm") == "none"
    if without and part.kind != "N":
        raise each.wrong("norm", "a residual block must have a norm here, since each column of the lab puts its own there")
    return without


def build(whole: reading.Part) -> Written:
    """Returns the network of a file that was read; its weights are drawn from PyTorch's random state."""
    whole.allow("picture", "norm", "groups", "parts")
    picture = _picture(whole)
    channels, side = picture[:2]
    layers = []
    for each in whole.parts("parts", LONGEST):
        part = _part(each)
        norm = _norm(each, whole) if part.kind in NORMED else ("none", 1)
        layers += _layer(each, part, norm, channels, side)
        channels, side = designs.maps_after(part, channels, side)
    _check_size(whole, picture, layers)
    return Written(picture, [layer for make in layers for layer in make()])


def _picture(whole: reading.Part) -> tuple[int, int, int]:
    numbers = whole.text("picture", 20, default="3x32x32").split("x")
    fine = len(numbers) == 3 and all(number.isdecimal() for number in numbers) and numbers[1] == numbers[2]
    if not fine or not 1 <= int(numbers[0]) <= WIDEST or not SIDES[0] <= int(numbers[1]) <= SIDES[1]:
        raise whole.wrong("picture", f"picture must be channels x side x side, side from {SIDES[0]} to {SIDES[1]}, as 3x32x32")
    return tuple(map(int, numbers))


def _part(each: reading.Part) -> Part:
    named = [name for name in each if name in KINDS or name in WIDE]
    if not named:
        raise each.wrong(next(iter(each), "part"), f"a part must be one of {', '.join((*WIDE, *KINDS))}")
    name = min(named, key="norm".__eq__)  # which other kinds have as an option
    kind = WIDE[name] if name in WIDE else _choice(each, name, KINDS[name])
    each.allow(*dict.fromkeys([name, *(["norm", "groups"] if kind in NORMED else []), *_options(kind)]))
    width = _whole(each, name if name in WIDE else "width", WIDEST) if kind in "CLXB" else 0
    kernel = _whole(each, "kernel", 11, usual=3) if kind in "CX" else 0
    if kind in "CX" and kernel % 2 == 0:
        raise each.wrong("kernel", "kernel must be odd, so that maps keep their side")
    return Part(kind, width, kernel)


def _options(kind: str) -> list[str]:
    return (["width"] if kind in "XB" else []) + (["kernel"] if kind in "CX" else [])


def _choice(each: reading.Part, name: str, known: dict) -> str:
    value = each.text(name)
    if value not in known:
        raise each.wrong(name, f"{name} must be one of {', '.join(known)}")
    return known[value]


def _whole(each: reading.Part, name: str, most: int, usual: int | None = None) -> int:
    if usual is not None and name not in each:
        return usual
    value = each.number(name, 1, most)
    if not isinstance(value, int):
        raise each.wrong(name, f"{name} must be a whole number from 1 to {most}")
    return value


def _norm(each: reading.Part, whole: reading.Part) -> tuple[str, int]:
    """Returns the norm of a part and its groups: its own, else the network's."""
    own = "norm" in each and each.text("norm") != "usual"
    if not own and "norm" not in whole:
        raise each.wrong("norm", "the usual norm is not named: add norm: batch above parts, or name one here")
    where = each if own else whole
    known = {name: name for name in NORM_MAKERS}
    groups = each if "groups" in each else whole
    return _choice(where, "norm", known), _whole(groups, "groups", WIDEST, usual=4)


def _layer(each: reading.Part, part: Part, norm: tuple[str, int], channels: int, side: int) -> list:
    """Returns what makes the layer, in a list; it is made once for its size, and once for good."""
    widths = part.width if part.kind == "B" else channels
    values = max(channels, 0 if part.kind == "L" else part.width) * side**2
    if values > LARGEST_MAPS:
        raise each.wrong(next(iter(each)), f"maps must have {LARGEST_MAPS:,} values at most, here {values:,}: pool before")
    if norm[0] == "group" and widths % norm[1]:
        raise each.wrong("groups", f"groups must divide the {widths} channels: groups={norm[1]}")
    if fault := designs.fault(part, channels, side):
        raise each.wrong(next(iter(each)), fault)
    return [lambda: assemble([(part, lambda width, side: make_norm(norm[0], width, side, side, norm[1]))], channels, side)]


def _check_size(whole: reading.Part, picture: tuple[int, int, int], layers: list) -> None:
    with torch.device("meta"):
        count = sum(count_parameters(layer) for make in layers for layer in make())
    if count > LARGEST:
        raise whole.wrong("parts", f"a network must have {LARGEST:,} parameters at most: parameters={count:,}")
    if count * picture[1] ** 2 > MOST_WORK:
        raise whole.wrong("picture", f"parameters times places must be {MOST_WORK:,} at most: {count:,} x {picture[1] ** 2:,}")
