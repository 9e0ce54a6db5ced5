import pickle

import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

from normviz.model import weights


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "own.safetensors"


def test_weights_are_put_in(file):
    one, other = network(), network()
    save_file(one.state_dict(), file)
    weights.load(other, file)
    assert all(torch.equal(values, other.state_dict()[name]) for name, values in one.state_dict().items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"1.running_var": None}, "missing: 1.running_var"),
        ({"2.weight": torch.ones(1)}, "left over: 2.weight"),
        ({"0.weight": torch.ones(4, 3)}, "of another shape: 0.weight is 4x3, not 4x3x1x1"),
        ({"0.bias": torch.ones(4, dtype=torch.complex64)}, "complex, not real: 0.bias"),
        ({f"more.{n}": torch.ones(1) for n in range(5)}, "left over: more.0, more.1, more.2 and 2 more"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_change_nothing(file, change, said):
    changed = network().state_dict() | change
    save_file({name: values for name, values in changed.items() if values is not None}, file)
    own = network()
    before = {name: values.clone() for name, values in own.state_dict().items()}
    with pytest.raises(weights.WeightsError, match=said):
        weights.load(own, file)
    assert all(torch.equal(values, before[name]) for name, values in own.state_dict().items())


def test_one_name_of_two_is_enough(file):
    def tied() -> nn.Sequential:
        return nn.Sequential(*network(), norm := nn.BatchNorm2d(4), norm)

    one, other = tied(), tied()
    save_model(one.requires_grad_(False).apply(lambda layer: [nn.init.normal_(values) for values in layer.parameters()]), file)
    weights.load(other, file)
    assert all(torch.equal(values, other.state_dict()[name]) for name, values in one.state_dict().items())


@pytest.mark.parametrize("tracked", [True, False])
def test_a_count_of_batches_may_be_missing_or_left_over(file, tracked):
    count, own = "1.num_batches_tracked", network()
    held = own.state_dict() | {count: torch.tensor(7)}
    if tracked:
        del held[count]
    else:
        del own[1].num_batches_tracked
    save_file(held, file)
    weights.load(own, file)


def test_a_damaged_or_missing_file_is_named(file, tmp_path):
    file.write_bytes(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}")
    for each in (file, tmp_path / "none.safetensors"):
        with pytest.raises(weights.WeightsError, match=f"must be a safetensors file: {each}"):
            weights.load(network(), each)


class Harm:
    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


def test_pickles_are_refused_by_name_and_content_and_converted_by_their_owner(tmp_path):
    torch.save(network().state_dict(), tmp_path / "a.pth")
    torch.save(network().state_dict(), tmp_path / "b.safetensors")
    (tmp_path / "c.safetensors").write_bytes(pickle.dumps(Harm()))
    for name in ("a.pth", "b.safetensors", "c.safetensors", "missing.bin"):
        with pytest.raises(weights.WeightsError, match="must be a safetensors file") as refused:
            weights.load(network(), tmp_path / name)
        assert len(refused.value.lines.splitlines()) == 2
    with pytest.raises(weights.WeightsError) as refused:
        weights.load(network(), tmp_path / "a.pth")
    exec(refused.value.lines, {})
    weights.load(network(), tmp_path / "a.safetensors")


def test_other_formats_that_hold_code_have_their_own_lines(tmp_path):
    torch.jit.save(torch.jit.script(nn.ReLU()), tmp_path / "a.pt")
    for name, reader in (("a.pt", "torch.jit.load"), ("b.pt2", "torch.export.load"), ("c.pt", "weights_only=True")):
        with pytest.raises(weights.WeightsError) as refused:
            weights.load(network(), tmp_path / name)
        assert reader in refused.value.lines


def test_a_header_whose_length_begins_as_a_pickle_does_is_none(file):
    one, other = network(), network()
    for letters in range(256):
        save_file(one.state_dict(), file, {"of": "x" * letters})
        if file.read_bytes()[:1] == weights.PICKLE:
            break
    assert file.read_bytes()[:1] == weights.PICKLE
    weights.load(other, file)
    assert torch.equal(one[0].weight, other[0].weight)
