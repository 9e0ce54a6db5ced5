"""What a layer averages over: one output is followed back to the inputs that it depends on.

A norm's output is a value of the input minus a mean, divided by a deviation. So its derivative is not zero exactly for the values
that share these statistics. Nothing is asked of the layer but to be run.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from normviz.probe.again import Again, Followed
from normviz.probe.sets import Shared, along, name

SEED = 0
FEW, MOST = 3, 64  # places of a map, and pictures of a batch, that a layer is probed with
WIDE = 12  # places, to tell a window from a map
TRIED = 8  # outputs; one that an activation behind the norm has cut to 0 depends on nothing
SHIFT, SCALES = 3.0, (1e4, 3e4)  # the latter large against every epsilon, and where an activation bends
CLOSE = 1e-3  # of two outputs that count as the same
SATURATED = 0.5  # of all inputs: how many at least a norm of large values still follows
OWN = 0.9  # of the largest derivative: how much of it a value of a norm's input has for its own output


@dataclass(frozen=True)
class Finding:
    """What one layer does.

    Attributes:
        averages: the axes that share one mean (or mean square), see `sets.name`.
        subtracts_mean: adding a number to all of them changes nothing.
        running: evaluation takes kept statistics in the place of those.
        standardises: it is a norm by what it does: multiplying the input by a number changes nothing, each output follows its own
            input most, and it averages over something.
        channels_at: the axis of its channels.
    """

    averages: str
    subtracts_mean: bool
    running: bool
    standardises: bool
    channels_at: int


def measure(layer: Again) -> Finding:
    """Returns what a layer does, with batch statistics where it has two modes.

    Raises:
        ValueError: it raises an error, which is the cause, or gives another shape than it is given.
    """
    with torch.random.fork_rng(devices=[]):
        return _found(layer, *_in_training(layer))


def averages(layer: Again) -> str:
    """Returns what a layer averages over, as `measure` does, and nothing else."""
    with torch.random.fork_rng(devices=[]):
        x, shared, _ = _in_training(layer)
        with torch.enable_grad():
            return name(shared, _channels_at(layer, x, shared))


def _in_training(layer: Again) -> tuple[torch.Tensor, Shared, float]:
    """Returns values, what an output depends on, and its own part of the largest derivative."""
    with torch.enable_grad():
        x, fixed = _accepted(layer)
        shared, share = _shared(layer, x)
        full = [axis for axis in range(1, x.ndim) if shared.counts[axis] == x.shape[axis] == FEW < layer.shape[axis]]
        x, shared, share = (full and _wide(layer, x, full)) or (x, shared, share)
        return x.detach(), replace(shared, fixed=fixed if shared.size > 1 else ()), share


def _wide(layer: Again, x: torch.Tensor, full: list[int]) -> tuple[torch.Tensor, Shared, float] | None:
    """Returns the same with more places on axes that came out full, where these show it to be a window; else None."""
    batch, *rest = (min(layer.shape[axis], WIDE) if axis in full else size for axis, size in enumerate(x.shape))
    x = _values(layer, (min(batch, FEW), *rest))
    with contextlib.suppress(Exception):  # whatever a stranger's layer raises where more places do not fit
        shared, share = _shared(layer, x)
        return (x, shared, share) if any(1 < shared.counts[axis] < x.shape[axis] for axis in full) else None
    return None


def _found(layer: Again, x: torch.Tensor, shared: Shared, share: float) -> Finding:
    with torch.enable_grad():  # some take it for training
        subtracts = shared.size > 1 and _ignores_shift(layer, x, shared)
        channels_at = _channels_at(layer, x, shared) % x.ndim
        averaged, standardises = name(shared, channels_at), _standardises(layer, x, shared, share)
    with torch.no_grad():
        kept = shared.size > 1 or _changed(layer, x, layer.kept, training=False) is not None
        return Finding(averaged, subtracts, kept and _is_alone(layer, x, shared), standardises, channels_at)


def _is_alone(layer: Again, x: torch.Tensor, shared: Shared) -> bool:
    """Returns whether an output in evaluation stays as it is when the values change that it depends on in training."""
    others = x + torch.randn_like(x) * shared.mask
    others[shared.at] = x[shared.at]
    return bool(_run(layer, x, training=False)[shared.at] == _run(layer, others, training=False)[shared.at])


def _run(layer: Again, x: torch.Tensor, training: bool) -> torch.Tensor:
    torch.default_generator.manual_seed(SEED)  # the same dropout each time
    return layer.run(x.clone(), training)


def _accepted(layer: Again) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Returns values of the first shape that the layer takes, and its axes of one value that cannot grow."""
    shapes = list(_shapes(layer.shape))
    for number, shape in enumerate(shapes):
        x = _values(layer, shape)
        failed = _refusal(layer, x)
        if failed is None:
            refused = number >= len(shapes) - 2
            return x, tuple(axis for axis, size in enumerate(shape) if size == 1 and axis and refused)
    raise ValueError(
        f"a norm layer must run by itself: shape={list(layer.shape)}: {type(failed).__name__}: {failed}"
    ) from failed


def _refusal(layer: Again, x: torch.Tensor) -> Exception | None:
    """Returns why a layer does not take values, or None where it does."""
    try:
        y = _run(layer, x, training=True)
    except Exception as error:  # whatever a stranger's layer raises where a shape does not fit
        return error
    return None if y is not None and y.shape == x.shape else ValueError("it must give the shape that it is given")


def _values(layer: Again, shape: Sequence[int]) -> torch.Tensor:
    return torch.randn(shape, dtype=layer.dtype, requires_grad=True, generator=torch.Generator().manual_seed(SEED))


def _shapes(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yields shapes to try: few places with channels first, then last; all places; at last the shape that was met."""
    if len(shape) < 2:
        yield shape
        return
    batch, *rest = shape
    batch = max(2, min(batch, MOST))
    yield batch, rest[0], *[FEW] * (len(rest) - 1)
    yield batch, *[FEW] * (len(rest) - 1), rest[-1]
    yield min(batch, FEW), *[max(size, 2) for size in rest]
    yield min(batch, FEW), *rest
    yield shape


def _shared(layer: Again, x: torch.Tensor) -> tuple[Shared, float]:
    """Returns what an output depends on in training, and its own input's part of the largest derivative."""
    found = _depends(_run(layer, x, training=True), x)
    if found[0].size < 2:
        with contextlib.suppress(Exception):  # of a graph that a stranger's layer does not count on
            found = max(found, _depends(_run_followed(layer, x), x), key=lambda each: each[0].size)
    return found


def _run_followed(layer: Again, x: torch.Tensor) -> torch.Tensor:
    with Followed():
        y = _run(layer, x, training=True)
    for values in layer.kept:
        values.detach_()
    return y


def _depends(y: torch.Tensor, x: torch.Tensor) -> tuple[Shared, float]:
    last = y.numel() - 1  # sees the most where each place sees those before it
    at, derivative = max(_telling(y, x), (last, _derivative(y, x, last)), key=lambda each: int((each[1] != 0).sum()))
    index = tuple(int(each) for each in np.unravel_index(at, x.shape))
    mask = derivative != 0
    blocks = _blocks(y, x, mask, index)
    if not all(blocks):
        index, mask = _inner(y, x, mask, index, blocks)
    return Shared(mask, index, blocks), _own_part(at, derivative)


def _inner(
    y: torch.Tensor, x: torch.Tensor, mask: torch.Tensor, index: tuple[int, ...], blocks: tuple[bool, ...]
) -> tuple[tuple[int, ...], torch.Tensor]:
    """Returns an output from the middle of the axes along which a window moves, and what it depends on: an end cuts the window."""
    middle = tuple(place if block else size // 2 for place, block, size in zip(index, blocks, x.shape))
    there = _derivative(y[middle].reshape(1), x, 0) != 0
    return (middle, there) if there.sum() > mask.sum() else (index, mask)


def _telling(y: torch.Tensor, x: torch.Tensor) -> tuple[int, torch.Tensor]:
    """Returns an output, from the middle of the values outwards, that depends on so many inputs and on its own the most."""
    order = y.detach().flatten().argsort()
    tried = torch.linspace(0, len(order) - 1, TRIED + 2).long()[1:-1].tolist()
    best = (0, 0.0, 0, torch.zeros_like(x))
    for place in sorted(tried, key=lambda place: abs(place - len(order) / 2)):
        at = int(order[place])
        derivative = _derivative(y, x, at)
        best = max(best, (int((derivative != 0).sum()), _own_part(at, derivative), at, derivative), key=lambda each: each[:2])
        if best[0] > 1 and best[1] >= OWN:
            break
    return best[2:]


def _derivative(y: torch.Tensor, x: torch.Tensor, at: int) -> torch.Tensor:
    if not y.requires_grad:
        return torch.zeros_like(x)
    (derivative,) = torch.autograd.grad(y.flatten()[at], x, retain_graph=True, allow_unused=True)
    return torch.zeros_like(x) if derivative is None else derivative


def _own_part(at: int, derivative: torch.Tensor) -> float:
    largest = float(derivative.abs().max())
    return float(derivative.flatten()[at].abs()) / largest if largest > 0 else 0.0


def _blocks(y: torch.Tensor, x: torch.Tensor, mask: torch.Tensor, index: tuple[int, ...]) -> tuple[bool, ...]:
    """Returns, by axis, whether the far end of a set in part depends on the same indices: a block does, a window does not."""
    blocks = []
    for axis in range(mask.ndim):
        here = along(mask, axis)
        if not 1 < here.sum() < len(here):
            blocks.append(True)
            continue
        ends = here.nonzero().flatten()[[0, -1]].tolist()
        blocks.append(all(_same(y, x, here, axis, (*index[:axis], end, *index[axis + 1 :])) for end in ends))
    return tuple(blocks)


def _same(y: torch.Tensor, x: torch.Tensor, here: torch.Tensor, axis: int, index: tuple[int, ...]) -> bool:
    there = along(_derivative(y[index].reshape(1), x, 0) != 0, axis)
    return not there.any() or bool((there == here).all())  # nothing at all: an activation has cut it to 0


def _channels_at(layer: Again, x: torch.Tensor, shared: Shared) -> int:
    """Returns the axis of the channels: where one learned value counts, else as the layer says, else by what is averaged."""
    changed = _changed(layer, x, [values for values in layer.learned if values.numel() > 1], training=True)
    if changed is not None:
        alone = [axis for axis, size in enumerate(changed.shape) if size > 1 and along(changed, axis).sum() == 1]
        if len(alone) == 1:
            return alone[0]
    if layer.channels_at is not None:
        return layer.channels_at
    in_part = [axis for axis in range(1, x.ndim) if 1 < shared.counts[axis] < x.shape[axis]]
    left = [axis for axis in range(1, x.ndim) if axis not in shared.axes and 0 in shared.axes]
    if len(in_part or left) == 1:
        return (in_part or left)[0]
    last = [(x.ndim - 1,), tuple(range(1, x.ndim - 1)) if x.ndim > 3 else ()]  # each place alone, or all but batch and channels
    return x.ndim - 1 if shared.axes in last else min(1, x.ndim - 1)


def _changed(layer: Again, x: torch.Tensor, values: list[torch.Tensor], training: bool) -> torch.Tensor | None:
    """Returns where the output changes with the first of some values; None where it never does."""
    before = _run(layer, x, training)
    for each in values:
        if not each.numel():
            continue
        first = (0,) * each.ndim
        held = each[first].clone()
        each[first] += 1
        changed = _run(layer, x, training) != before
        each[first] = held
        if changed.any():
            return changed
    return None


def _ignores_shift(layer: Again, x: torch.Tensor, shared: Shared) -> bool:
    before, after = (_run(layer, values, training=True)[shared.at] for values in (x, x + SHIFT * shared.mask))
    return bool((after - before).abs() <= CLOSE * (1 + before.abs()))


def _standardises(layer: Again, x: torch.Tensor, shared: Shared, share: float) -> bool:
    if shared.size < 2 or not shared.is_box() or (shared.size > 4 and share < OWN):
        return False
    one, other = (_run(layer, x * scale, training=True) for scale in SCALES)
    same = torch.allclose(one, other, rtol=CLOSE, atol=CLOSE * float(one.abs().mean()))
    return same and not _is_saturated(layer, x * SCALES[0])


def _is_saturated(layer: Again, x: torch.Tensor) -> bool:
    """Returns whether most inputs have no effect any more: a softmax of large values stays the same for that reason."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        y = _run(layer, x, training=True)
        y = y if y.requires_grad else _run_followed(layer, x)
        (slope,) = torch.autograd.grad((y * torch.randn_like(y)).sum(), x)
    return bool((slope != 0).double().mean() < SATURATED)
