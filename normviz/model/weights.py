"""Weights of a stranger's network: safetensors only, and only where each tensor has its place in the network."""

import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".tar", ".pt2", ".jit")
ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # as torch.save, TorchScript and torch.export write it; as older torch.save did
HEADER = b"{"  # of a safetensors file, after 8 bytes with its length, whose first may be any
NAMED = 3  # tensors of a kind
COUNT = "num_batches_tracked"  # of a batch norm; evaluation does without
READERS = {  # what is in the file -> how its owner reads a state dict out of it
    "export": "torch.export.load({file!r}).state_dict",
    "script": "torch.jit.load({file!r}).state_dict()",
    "pickle": "torch.load({file!r}, weights_only=True)",
}


class WeightsError(ValueError):
    """Weights that cannot be used; the message names file, rule and value.

    Attributes:
        lines: what the owner may run in a shell of their own, empty where that does not help.
    """

    def __init__(self, message: str, lines: str = ""):
        super().__init__(message)
        self.lines = lines


def load(network: nn.Module, file: str | Path) -> None:
    """Puts a file's weights into a network, in place; nothing is changed where one does not fit.

    Raises:
        WeightsError: a file that may hold code, one that cannot be read, or tensors that are missing, left over, of another
            shape or complex, which are named. One of a tensor's names is enough; `COUNT` may be missing or left over.
    """
    file = Path(file)
    _refuse_code(file)
    try:
        with safe_open(file, "pt") as held:
            _check({name: held.get_slice(name) for name in held.keys()}, network, file)  # noqa: SIM118
            network.load_state_dict({name: held.get_tensor(name) for name in held.keys()}, strict=False)  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"weights must be a safetensors file: {file} ({error}); save them again") from error


def _refuse_code(file: Path) -> None:
    """Raises WeightsError for files whose reading may run what they hold: they are refused by name and by content."""
    begins = b""
    if file.is_file():
        with file.open("rb") as opened:
            begins = opened.read(9)
    is_code = begins.startswith(ZIP) or (begins.startswith(PICKLE) and begins[8:] != HEADER)
    if file.suffix.lower() in PICKLES or is_code:
        reader = READERS[_content(file)].format(file=str(file))
        lines = (
            "import torch, safetensors.torch\n"
            f"safetensors.torch.save_file({{name: values.clone().contiguous() for name, values in {reader}.items()}}, "
            f"{str(file.with_suffix('.safetensors'))!r})"
        )
        rule = (
            "reading it could run code that it holds; trust it only where you made it, and convert it in a Python of your own"
        )
        raise WeightsError(f"weights must be a safetensors file: {file}: {rule}:", lines)


def _content(file: Path) -> str:
    if file.suffix.lower() == ".pt2":
        return "export"
    try:
        with zipfile.ZipFile(file) as held:
            return "script" if any(name.endswith("constants.pkl") for name in held.namelist()) else "pickle"
    except (OSError, zipfile.BadZipFile):
        return "pickle"


def _check(held: dict, network: nn.Module, file: Path) -> None:
    needed = network.state_dict()
    shapes = {name: (tuple(held[name].get_shape()), tuple(needed[name].shape)) for name in needed if name in held}
    there = {_place(needed[name]) for name in shapes}
    missing = [name for name in needed if name not in held and _place(needed[name]) not in there]
    found = {
        "missing": [name for name in missing if not name.endswith(COUNT)],
        "left over": [name for name in held if name not in needed and not name.endswith(COUNT)],
        "of another shape": [f"{name} is {_by(of)}, not {_by(to)}" for name, (of, to) in shapes.items() if of != to],
        "complex, not real": [
            name for name in shapes if held[name].get_dtype().startswith("C") and not needed[name].is_complex()
        ],
    }
    said = [f"{what}: {_some(names)}" for what, names in found.items() if names]
    if said:
        raise WeightsError(f"weights must have each tensor of the network and no other: {file}: {'; '.join(said)}")


def _place(values: torch.Tensor) -> tuple:
    """Returns what two names of one tensor share."""
    return values.data_ptr(), values.shape, values.stride()


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
