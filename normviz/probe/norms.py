"""The norm layers of any network, in the order in which a forward pass meets them."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from normviz.probe import again
from normviz.probe.measure import Finding, measure
from normviz.probe.walk import Meeting, Record, is_known, walk

_one_at_a_time = threading.RLock()


@dataclass(frozen=True)
class NormLayer:
    """A norm layer of a network.

    Attributes:
        path: as in `named_modules`; of the module that calls, for a functional norm.
        kind: name of its class, or "functional".
        shape: of what it received first; empty where the pass never reached it.
        averages: the axes that share one mean, such as "NHW"; empty where it normalizes nothing, see `sets.name`, or is unmeasured.
        subtracts_mean: false for a norm that only divides.
        running: evaluation uses kept statistics.
        reached: how often the pass met it.
        received: mean and variance by channel of what it received first, where it has running statistics.
        channels_at: the axis of its channels.
        unmeasured: why it cannot be run by itself; empty where it can.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    averages: str = ""
    subtracts_mean: bool = False
    running: bool = False
    reached: int = 0
    received: tuple[torch.Tensor, torch.Tensor] | None = None
    channels_at: int = 1
    unmeasured: str = ""

    def row(self) -> dict:
        """Returns it as `probe --json` prints it."""
        row = {"path": self.path, "class": self.kind, **asdict(self), "shape": list(self.shape)}
        return {key: value for key, value in row.items() if key not in ("kind", "received", "channels_at", "unmeasured")}


def probe(network: nn.Module, example: object) -> list[NormLayer]:
    """Returns a network's norm layers in the order of the forward pass in evaluation mode; those never reached come last.

    A layer counts as a norm if it is one of torch's or made from one, or if it behaves like one. Its statistics are those of
    training where it has two modes. The network is left as it is: hooks, modes, weights, buffers and random state.

    Args:
        network: any module that can be copied; its parameters are shared with the copy, all else is not.
        example: one batch: a tensor, a tuple or list of positional arguments, or a mapping of named ones.

    Raises:
        ValueError: the network cannot be copied, or does not take the example.
    """
    with _undisturbed():
        copy = again.copied(network, share=True)
        record = walk(copy, example)
        with _one_thread():
            found = _norms_in(record)
    return [*found.values(), *_never_reached(copy, found)]


@contextmanager
def _one_thread() -> Iterator[None]:
    """On values so few, threads wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _norms_in(record: Record) -> dict:
    """Returns the norms among what was met: a layer by its path, a functional norm by path and number."""
    found = {}
    for meeting in record.meetings.values():
        layer = None if _within(meeting, found) else _look_at(meeting)
        if layer:
            found[meeting.path if isinstance(meeting.target, nn.Module) else (meeting.path, len(found))] = layer
    return found


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps the random state, and makes transformers run their norms as layers: their fast path calls none.

    One at a time, since switches and random states are the process's.
    """
    with _one_at_a_time, torch.inference_mode(False), torch.random.fork_rng():
        states, fast = (random.getstate(), np.random.get_state()), torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            random.setstate(states[0])
            np.random.set_state(states[1])


def _within(meeting: Meeting, found: dict) -> bool:
    """Returns whether it happened inside a norm layer: nn.LayerNorm calls layer_norm."""
    return any(path in found for path in meeting.around)


def _look_at(meeting: Meeting) -> NormLayer | None:
    """Returns what was met as a norm layer, or None where it is no norm."""
    if meeting.arguments is None:
        return None
    called = not isinstance(meeting.target, nn.Module)
    kind, known = "functional" if called else type(meeting.target).__name__, called or is_known(meeting.target)
    try:
        finding = _measured(meeting)
    except Exception as error:  # whatever a stranger's layer raises on made-up values
        if not known:
            return None
        return NormLayer(meeting.path, kind, meeting.arguments.shape, reached=meeting.reached, unmeasured=str(error))
    return _norm(meeting, kind, finding) if known or finding.standardises else None


def _measured(meeting: Meeting) -> Finding:
    """Returns what was met does, in single precision where it takes no other."""
    if not isinstance(meeting.target, nn.Module):
        return measure(again.of_call(meeting.target, meeting.arguments))
    try:
        return measure(again.of_module(meeting.target, meeting.arguments))
    except ValueError as error:
        if not isinstance(error.__cause__, RuntimeError):
            raise
    return measure(again.of_module(meeting.target, meeting.arguments, torch.float32))


def _norm(meeting: Meeting, kind: str, finding: Finding) -> NormLayer:
    measured = (finding.averages, finding.subtracts_mean, finding.running)
    met = (meeting.reached, meeting.received, finding.channels_at)
    return NormLayer(meeting.path, kind, meeting.arguments.shape, *measured, *met)


def _never_reached(copy: nn.Module, found: dict) -> Iterator[NormLayer]:
    home_made = {layer.kind for layer in found.values()}
    for path, module in copy.named_modules():
        inside = any(path.startswith(f"{outer}.") for outer in found if isinstance(outer, str))
        if path not in found and not inside and (is_known(module) or type(module).__name__ in home_made):
            yield NormLayer(path, type(module).__name__, ())
