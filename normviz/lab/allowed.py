"""Which networks of a visitor's own the lab trains: as large as leaves the server responsive."""

from normviz.model import designs
from normviz.model.designs import NORMED, Part

PICTURE = (3, 32)  # channels and side, as in `network.PICTURE`, which would bring PyTorch along
LONGEST, LONGEST_TEXT = 100, 1000  # parts, letters
WIDEST, LARGEST_KERNEL = 1024, 11
MOST = {  # of one network and one picture: what is counted, and how much of it
    "weights": 200_000,
    "products": 50_000_000,
    "values": 500_000,
}
COUNTED = {
    "weights": "weights",
    "products": "multiplications with a weight for a picture",
    "values": "values kept for a picture",
}


def check(design: str, groups: int | None = None) -> None:
    """Raises ValueError, with the part, its value and the rule, for a design that the lab does not train.

    Args:
        design: as `designs.read` reads it.
        groups: of group norm, where it is among the norms.
    """
    if len(design) > LONGEST_TEXT:
        raise ValueError(f"a network must be a line of {LONGEST_TEXT:,} letters at most: letters={len(design):,}")
    parts = designs.read(design)
    if not 1 <= len(parts) <= LONGEST or not any(part.kind in NORMED for part in parts):
        raise ValueError(f"a network must have 1 to {LONGEST} parts, a norm among them: parts={len(parts)}")
    for part, (channels, side) in zip(parts, designs.maps(parts, *PICTURE)):
        _check_part(part, channels, side, groups)
    for what, count in cost(design).items():
        if count > MOST[what]:
            raise ValueError(
                f"a network must have {MOST[what]:,} {COUNTED[what]} at most here, and has {count:,}; make it smaller"
            )


def _check_part(part: Part, channels: int, side: int, groups: int | None) -> None:
    if part.width > WIDEST or part.kernel > LARGEST_KERNEL:
        raise ValueError(f"a part must have {WIDEST:,} channels and a kernel of {LARGEST_KERNEL} at most: part={part}")
    if fault := designs.fault(part, channels, side):
        raise ValueError(f"{fault}: part={part}")
    if part.kind not in NORMED:
        return
    after, end = designs.maps_after(part, channels, side)
    if end == 1:
        raise ValueError(
            f"a norm must receive maps of more than one pixel here, since a batch may end with one picture: part={part}; pool after it"
        )
    if groups and after % groups:
        raise ValueError(f"groups must divide channels: groups={groups}, channels={after}")


def cost(design: str) -> dict[str, int]:
    """Returns the sums of `designs.cost` over a design; the last layer counts as it is written."""
    parts = designs.read(design)
    each = [designs.cost(part, *shape) for part, shape in zip(parts, designs.maps(parts, *PICTURE))]
    return {what: sum(one[what] for one in each) for what in MOST}
