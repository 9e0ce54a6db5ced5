"""Networks that the owner of a server offers on the page "Your network": `normviz.toml`, table [networks]. No PyTorch."""

import shlex
from dataclasses import dataclass

from normviz import settings

RULE = "NETWORK [--input CxHxW] [--weights FILE], as for normviz probe"
SHAPE_RULE = "numbers from 1 to 4096 joined by x, as 3x64x64"
OPTIONS = ("--input", "--weights")


@dataclass(frozen=True)
class Offer:
    """A network as `normviz probe` takes it: `own_network.build`'s name, the shape of one input, a safetensors file."""

    network: str
    shape: tuple[int, ...] | None = None
    weights: str = ""


def offers() -> dict[str, Offer]:
    """Returns the owner's networks by the names that visitors see.

    Raises:
        SettingsError: one that cannot be used.
    """
    return {name: _read(name, text) for name, text in settings.read_texts("networks").items()}


def _read(name: str, text: str) -> Offer:
    try:
        network, *rest = shlex.split(text)
        words = [part for word in rest for part in (word.split("=", 1) if word.startswith("--") else [word])]
        if len(words) % 2:
            raise ValueError(f"an option must be a name and its value: {words[-1]} stands alone")
        options = dict(zip(words[::2], words[1::2]))
        if set(options) - set(OPTIONS):
            raise ValueError(f"no such option: {', '.join(sorted(set(options) - set(OPTIONS)))}")
        return Offer(network, read_shape(options["--input"]) if "--input" in options else None, options.get("--weights", ""))
    except ValueError as error:
        raise settings.SettingsError(
            f"a network must be {RULE}: {name}={text!r} ({error}); see normviz.toml, table [networks]"
        ) from error


def read_shape(text: str) -> tuple[int, ...]:
    """Returns the shape that a text such as 3x64x64 names.

    Raises:
        ValueError: none, or one with another number of axes than 1 to 6, or longer ones than 4096.
    """
    shape = tuple(map(int, text.lower().split("x")))
    if not (1 <= len(shape) <= 6 and all(1 <= size <= 4096 for size in shape)):
        raise ValueError(f"a shape must be {SHAPE_RULE}: {text}")
    return shape
