"""One forward pass with an eye on every layer that may be a norm, and on every functional norm."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as trees

from normviz.probe import again

KNOWN = (
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.LocalResponseNorm,
    nn.CrossMapLRN2d,
)
FROZEN = ("FrozenBatchNorm2d", "FrozenBatchNormAct2d")  # torchvision's, detectron2's, DETR's and timm's
OF_TORCH = "torch."  # its leaves beside the norms are none: reparametrizations, quantizers, ...


@dataclass
class Meeting:
    """A layer, or a functional norm, as the forward pass first met it.

    Attributes:
        path: of the module, or of the module that calls.
        target: the module, or the function.
        arguments: of the first call; None where none was a tensor of floating-point numbers.
        around: paths of the modules that were running.
        received: mean and (biased) variance by channel of what a layer with running statistics received first.
        reached: how often it was met.
    """

    path: str
    target: nn.Module | Callable
    arguments: again.Arguments | None
    around: tuple[str, ...]
    received: tuple[torch.Tensor, torch.Tensor] | None = None
    reached: int = 0


@dataclass
class Record:
    """What a forward pass meets: by path, or by path and number of the call within one run of that module.

    What is done to weights is left out: parametrizations, and functional norms of a parameter.
    """

    weights: set[int] = field(default_factory=set)  # where the memory of the parameters begins
    meetings: dict[tuple, Meeting] = field(default_factory=dict)
    running: list[list] = field(default_factory=list)

    def enter(self, path: str, module: nn.Module, args: tuple, kwargs: dict) -> None:
        if may_be_norm(module) and "parametrizations" not in path.split("."):
            self._meet((path,), path, module, args, kwargs)
        self.running.append([path, 0])

    def leave(self) -> None:
        self.running.pop()

    def call(self, function: Callable, args: tuple, kwargs: dict) -> None:
        caller = self.running[-1] if self.running else ["", 0]
        caller[1] += 1
        x = again.first_real((args, kwargs))
        if x is None or _memory(x) not in self.weights:
            self._meet(tuple(caller), caller[0], function, args, kwargs)

    def _meet(self, key: tuple, path: str, target: nn.Module | Callable, args: tuple, kwargs: dict) -> None:
        if key not in self.meetings:
            around = tuple(name for name, _ in self.running)
            received = _by_channel(target, again.first_real((args, kwargs)))
            self.meetings[key] = Meeting(path, target, again.keep(args, kwargs), around, received)
        self.meetings[key].reached += 1


def _memory(values: torch.Tensor) -> int:
    """Returns where the memory of a tensor begins; 0 where it has none, as a sparse or a lazy one."""
    return values.untyped_storage().data_ptr() if values.layout is torch.strided and not is_lazy(values) else 0


class _Functional(TorchFunctionMode):
    """Tells a record of each functional norm that is called."""

    def __init__(self, record: Record):
        super().__init__()
        self.record = record

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in again.FUNCTIONAL:
            self.record.call(function, args, kwargs or {})
        return function(*args, **(kwargs or {}))


def is_known(module: nn.Module | Callable) -> bool:
    """Returns whether a module is one of torch's norms, or a frozen one: by name, since every library has its own."""
    return isinstance(module, KNOWN) or any(base.__name__ in FROZEN for base in type(module).__mro__)


def may_be_norm(module: nn.Module) -> bool:
    """Returns whether a module has to be looked at: torch's norms, and whatever is not torch's and holds no layers of its own.

    An activation in it is none: a norm and its activation may be one module.
    """
    if is_known(module) or type(module).__module__.startswith(OF_TORCH):
        return is_known(module)
    return all(_is_activation(child) for child in module.children())


def _is_activation(module: nn.Module) -> bool:
    plain = type(module).__module__.startswith(OF_TORCH) and not is_known(module)
    return plain and not any(True for _ in module.parameters()) and not any(True for _ in module.children())


def _by_channel(target: nn.Module | Callable, x: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor] | None:
    if x is None or not isinstance(getattr(target, "running_mean", None), torch.Tensor) or x.ndim < 2:
        return None
    at = next((at for at in (1, -1) if x.shape[at] == target.running_mean.numel()), None)
    if at is None:
        return None
    rows = x.detach().movedim(at, 0).flatten(1).float()
    return rows.mean(1), rows.var(1, correction=0)


def walk(copy: nn.Module, example: object) -> Record:
    """Runs an example through a network of the caller's own, in evaluation mode.

    Args:
        copy: is hooked meanwhile.
        example: a tensor, a tuple or list of positional arguments, or a mapping of named ones.

    Raises:
        ValueError: the network does not take the example, or cannot be looked into.
    """
    scripted = next((path for path, each in copy.named_modules() if isinstance(each, torch.jit.ScriptModule)), None)
    if scripted is not None:
        raise ValueError(
            f"a network must not be TorchScript, whose layers cannot be looked into: {scripted or 'the network'}; name the module "
            "that it was made from"
        )
    copy.eval()
    before = len(list(copy.modules()))
    record = _recorded(copy, example)
    return record if len(list(copy.modules())) == before else _recorded(copy, example)  # some make layers in their first pass


def _recorded(copy: nn.Module, example: object) -> Record:
    record = Record({_memory(values) for values in copy.parameters()} - {0})
    with _hooked(copy, record), _Functional(record):
        run(copy, example)
    return record


def run(network: nn.Module, example: object) -> object:
    """Returns what a network gives for a copy of an example, as `walk` takes it, without gradients.

    Raises:
        ValueError: the network does not take it.
    """
    args, kwargs = _arguments(example)
    try:
        with torch.no_grad():
            return network(*args, **kwargs)
    except Exception as error:  # whatever a stranger's network raises
        raise ValueError(f"the network must take the example: {_written(example)}: {_reason(error)}") from error


def _arguments(example: object) -> tuple[tuple, dict]:
    example = trees.tree_map_only(torch.Tensor, lambda values: values.detach().clone(), example)
    if isinstance(example, Mapping):
        return (), dict(example)
    return (tuple(example) if isinstance(example, tuple | list) else (example,)), {}


def _written(example: object) -> str:
    return "input=" + "x".join(map(str, example.shape)) if isinstance(example, torch.Tensor) else type(example).__name__


def _reason(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__


@contextmanager
def _hooked(network: nn.Module, record: Record) -> Iterator[None]:
    hooks = ExitStack()

    def enter(path: str) -> Callable:
        return lambda module, args, kwargs: record.enter(path, module, args, kwargs)

    with hooks:
        for path, module in network.named_modules():
            before = module.register_forward_pre_hook(enter(path), with_kwargs=True)
            after = module.register_forward_hook(lambda *_: record.leave(), always_call=True)
            hooks.callback(before.remove)
            hooks.callback(after.remove)
        yield
