"""One layer, or one call of a functional norm, as a forward pass met it: kept so that it can be run again on other values."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as trees

LOW, HIGH = 0.5, 1.5  # of what stands for learned values: a gamma that begins at 0 would hide what is averaged
SWITCHED = {  # the functional norms with an argument that says whether to take the batch's own statistics; its name
    functional.batch_norm: "training",
    torch.batch_norm: "training",
    functional.instance_norm: "use_input_stats",
    torch.instance_norm: "use_input_stats",
}
SWITCH = 5  # the place of that argument in all four
SHAPED = (functional.layer_norm, functional.rms_norm, torch.layer_norm, torch.rms_norm)
FUNCTIONAL = (*SWITCHED, *SHAPED, functional.group_norm, torch.group_norm, functional.local_response_norm)


@dataclass(frozen=True)
class Arguments:
    """What a layer was called with; the first tensor of floating-point numbers is taken out, its shape is kept."""

    leaves: list
    form: trees.TreeSpec
    place: int
    shape: tuple[int, ...]

    def filled(self, x: torch.Tensor) -> tuple[tuple, dict]:
        """Returns positional and named arguments with `x` in the place of what was taken out."""
        leaves = [_own(leaf, x.dtype) for leaf in self.leaves]
        leaves[self.place] = x
        return trees.tree_unflatten(leaves, self.form)


def keep(args: tuple, kwargs: dict) -> Arguments | None:
    """Returns what has to be kept of a call; None where no argument is a tensor of floating-point numbers."""
    leaves, form = trees.tree_flatten((args, kwargs))
    place = next((at for at, leaf in enumerate(leaves) if is_real(leaf)), None)
    if place is None:
        return None
    shape = tuple(leaves[place].shape)
    return Arguments([None if at == place else _own(leaf) for at, leaf in enumerate(leaves)], form, place, shape)


def is_real(value: object) -> bool:
    """Returns whether a value is a tensor of floating-point numbers."""
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def first_real(output: object) -> torch.Tensor | None:
    """Returns the first tensor of floating-point numbers in what a layer gave."""
    return next((leaf for leaf in trees.tree_leaves(output) if is_real(leaf)), None)


def _own(leaf: object, dtype: torch.dtype = torch.float64) -> object:
    if not isinstance(leaf, torch.Tensor):
        return leaf
    return leaf.detach().to("cpu", dtype if is_real(leaf) else leaf.dtype, copy=True)


@dataclass(frozen=True)
class Again:
    """A layer on a copy of its own, on the CPU, with made-up learned values.

    Attributes:
        run: (values, in training) -> what the layer gives.
        shape: of what the forward pass gave it.
        learned: what it multiplies by or adds; changing them in place changes what `run` gives.
        kept: its buffers of floating-point numbers, such as running statistics.
        channels_at: the axis of its channels where the layer itself says so, else None.
        dtype: of its values.
    """

    run: Callable[[torch.Tensor, bool], torch.Tensor]
    shape: tuple[int, ...]
    learned: list[torch.Tensor]
    kept: list[torch.Tensor]
    channels_at: int | None
    dtype: torch.dtype = torch.float64


def of_module(module: nn.Module, arguments: Arguments, dtype: torch.dtype = torch.float64) -> Again:
    """Returns a module that can be run again; the module itself is left as it is, and its hooks are not called."""
    copy = _without_hooks(copied(module)).to("cpu", dtype).requires_grad_(False)
    for values in copy.parameters():
        values.data = _made_up(values).to(dtype)
    for values in filter(is_real, copy.buffers()):
        values.data = torch.nan_to_num(values.data, nan=1.0)

    def run(x: torch.Tensor, training: bool) -> torch.Tensor:
        args, kwargs = arguments.filled(x)
        copy.train(training)
        return first_real(copy(*args, **kwargs))

    kept = list(filter(is_real, copy.buffers()))
    return Again(run, arguments.shape, list(copy.parameters()), kept, _channels_of(module), dtype)


class Followed(TorchFunctionMode):
    """Has derivatives reach through what a layer keeps out of them: `detach`, `.data` and `no_grad`."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in (torch.Tensor.detach, torch.Tensor.data.__get__):
            return args[0]
        return None if function is torch._C._set_grad_enabled else function(*args, **(kwargs or {}))


def _without_hooks(copy: nn.Module) -> nn.Module:
    """Takes a copy's hooks away, except those by which `torch.nn.utils` makes weights, as `weight_norm` and `prune` do."""
    for module in copy.modules():
        for hooks in (module._forward_hooks, module._backward_hooks, module._backward_pre_hooks):
            hooks.clear()
        for key, hook in list(module._forward_pre_hooks.items()):
            if not any(base.__module__.startswith("torch.nn.utils.") for base in type(hook).__mro__):
                del module._forward_pre_hooks[key]
    return copy


def copied(network: nn.Module, share: bool = False) -> nn.Module:
    """Returns a deep copy; with `share` its parameters use the original's memory, so that none takes it twice.

    Raises:
        ValueError: a part of it cannot be copied.
    """
    _check_forwards(network)
    shared = [values for values in network.parameters() if share and not is_lazy(values)]
    known = {id(values): nn.Parameter(values.data, values.requires_grad and not values.is_inference()) for values in shared}
    held = [value for module in network.modules() for value in vars(module).values() if isinstance(value, torch.Tensor)]
    known |= {id(value): value.detach().clone() for value in held if not value.is_leaf}
    try:
        return deepcopy(network, known)
    except (TypeError, RuntimeError, ValueError) as error:  # a lock, a tensor with a history, a lazy layer
        name, why = type(network).__name__, str(error).partition("\n")[0]
        raise ValueError(f"a network must be one that copy.deepcopy copies: {name}: {why}") from error


def _check_forwards(network: nn.Module) -> None:
    """Raises ValueError for a `forward` that was set from outside and holds on to the network, which a copy would run."""
    parts = {id(module) for module in network.modules()}
    for path, module in network.named_modules():
        forward = vars(module).get("forward")
        if not inspect.isfunction(forward) or hasattr(module, "_orig_mod"):  # compiled ones copy theirs
            continue
        names = inspect.getclosurevars(forward)
        held = (*names.nonlocals.values(), *names.globals.values())
        if any(id(getattr(each, "__self__", each)) in parts for each in held):
            raise ValueError(
                f"a network must not hold a forward that was written for it alone, which no copy can run: "
                f"{f'{path}.forward'.lstrip('.')}; make it a method of a class, or set it by types.MethodType"
            )


def _made_up(values: torch.Tensor) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.empty(values.shape, dtype=torch.float64).uniform_(LOW, HIGH, generator=draw)


def _channels_of(module: nn.Module) -> int | None:
    shape = getattr(module, "normalized_shape", ())
    if isinstance(shape, int) or (isinstance(shape, list | tuple) and len(shape) == 1):
        return -1
    return 1 if hasattr(module, "num_features") or hasattr(module, "num_channels") else None


def of_call(function: Callable, arguments: Arguments) -> Again:
    """Returns a call of a functional norm, one of `FUNCTIONAL`, that can be made again."""
    leaves = [_made_up(leaf) if is_real(leaf) else leaf for leaf in arguments.leaves]
    fresh = Arguments(leaves, arguments.form, arguments.place, arguments.shape)

    def run(x: torch.Tensor, training: bool) -> torch.Tensor:
        args, kwargs = trees.tree_unflatten([*leaves[: fresh.place], x, *leaves[fresh.place + 1 :]], fresh.form)
        if training and function in SWITCHED:
            args, kwargs = _switched(args, kwargs, SWITCHED[function])
        return first_real(function(*args, **kwargs))

    args, kwargs = trees.tree_unflatten(leaves, fresh.form)
    learned, channels_at = [leaf for leaf in leaves if is_real(leaf)], 1
    if function in SHAPED:
        channels_at = -1 if len(kwargs.get("normalized_shape", args[1] if len(args) > 1 else ())) == 1 else None
    return Again(run, arguments.shape, learned, learned, channels_at)


def _switched(args: tuple, kwargs: dict, name: str) -> tuple[tuple, dict]:
    if len(args) > SWITCH:
        return (*args[:SWITCH], True, *args[SWITCH + 1 :]), kwargs
    return args, {**kwargs, name: True}
