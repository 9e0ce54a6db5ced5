"""A network of the user's own by name: of torchvision's zoo, of the operator's import path, or written in YAML."""

import difflib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from normviz.model import written

DOORS = "a name of torchvision's classification networks, package.module:build, or a .yaml file"
ZOO_PICTURE = (3, 224, 224)


def zoo() -> list[str]:
    """Returns the names of torchvision's classification networks."""
    import torchvision

    return torchvision.models.list_models(module=torchvision.models)


def build(name: str, seed: int = 0) -> nn.Module:
    """Returns a network in evaluation mode, its weights drawn by a seed; nothing is fetched.

    Args:
        name: see `DOORS`. An import path runs the code that it names: take it from the operator alone, never from a visitor.
        seed: of the weights.

    Raises:
        ValueError: nothing of that name, or it could not be built.
    """
    if Path(name).suffix.lower() in (".yaml", ".yml"):
        return seeded(lambda: written.load(Path(name)), seed)
    return seeded(lambda: imported(name) if ":" in name else from_zoo(name), seed)


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Returns a network in evaluation mode, its weights drawn by a seed; the random state stays."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = make()
        network.eval()  # of some networks it returns nothing
        return network


def check_size(name: str, most: int) -> None:
    """Raises ValueError for no network of the zoo, or one with more parameters than `most`, as torchvision counts; none is made."""
    import torchvision

    _check_name(name)
    count = max(each.meta["num_params"] for each in torchvision.models.get_model_weights(name))
    if count > most:
        raise ValueError(
            f"a network must have {most:,} parameters at most here: {name} has {count:,}; probe it on the command line"
        )


def from_zoo(name: str) -> nn.Module:
    """Returns one of torchvision's classification networks with random weights.

    Raises:
        ValueError: there is none of that name; the nearest is named.
    """
    import torchvision

    _check_name(name)
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, **options)


def _check_name(name: str) -> None:
    if name not in zoo():
        near = difflib.get_close_matches(name, zoo(), 1)
        raise ValueError(f"a network must be {DOORS}: {name!r}" + (f"; did you mean {near[0]}?" if near else ""))


def imported(path: str) -> nn.Module:
    """Returns what `package.module:build` returns; the folder at hand is looked through first.

    Raises:
        ValueError: it cannot be imported or called, or is no nn.Module.
    """
    place, _, attribute = path.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(place), attribute)
        network = found if isinstance(found, nn.Module) else found()
    except (Exception, SystemExit) as error:  # whatever the operator's own code raises; a script reads arguments and ends
        said = str(error).partition("\n")[0]
        raise ValueError(
            f"package.module:build must be importable and callable: {path}: {type(error).__name__}: {said}"
        ) from error
    if not isinstance(network, nn.Module):
        raise ValueError(f"package.module:build must return an nn.Module: {path} returned {type(network).__name__}")
    return network


def picture_of(network: nn.Module) -> tuple[int, ...]:
    """Returns the shape of the pictures that a network takes as far as it is known: channels, height, width."""
    return getattr(network, "picture", ZOO_PICTURE)
