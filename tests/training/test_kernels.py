import pytest
import torch
from torch import nn

from normviz.model.network import Network, architecture
from normviz.training import kernels

LAST = {"memory_format": torch.channels_last}


def maps(*shape, dtype=torch.bfloat16, offset=0.0):
    x = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) + offset).to(dtype)
    return x.contiguous(**LAST).requires_grad_()


def results(layer, x, gradient):
    """Returns what a layer gives, and the gradients of its input and its learned values, in float32."""
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    return [value.detach().float() for value in (y, *torch.autograd.grad(y, (x, *layer.parameters()), gradient))]


def largest_error(given, exact):
    return max(float((one - other).abs().max() / other.abs().max()) for one, other in zip(given, exact, strict=True))


@pytest.mark.parametrize("groups", [2, 4, 16])
@pytest.mark.parametrize("offset", [0.0, 8.0])
def test_group_norm_and_its_gradients_are_those_of_float32_but_for_rounding(groups, offset):
    layer = nn.GroupNorm(groups, 16)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    x, gradient = maps(6, 16, 7, 5, offset=offset), maps(6, 16, 7, 5).detach().flip(0)
    with kernels.QuickKernels():
        quick = results(layer, x, gradient)
        assert "GroupNormBackward object" in repr(layer(x).grad_fn), "the quick one was not taken"
    y = layer(x.float())
    exact = [y, *torch.autograd.grad(y, (x, *layer.parameters()), gradient.float())]
    assert largest_error(quick, [value.detach().float() for value in exact]) < 2**-7


def test_maps_that_are_the_same_everywhere_become_beta_but_for_rounding():
    layer = nn.GroupNorm(2, 8)
    x = torch.full((3, 8, 4, 4), 300.0, dtype=torch.bfloat16).contiguous(**LAST)
    with kernels.QuickKernels():
        assert layer(x).abs().max() < 0.01, "no variance must not become a large factor"


@pytest.mark.parametrize(
    ("channels", "options"), [(8, {"padding": 2}), (24, {"padding": 1, "stride": 2}), (16, {"dilation": 2})]
)
def test_a_depthwise_convolution_and_its_gradients_are_those_of_float32_but_for_rounding(channels, options):
    layer = nn.Conv2d(channels, channels, 3, groups=channels, bias=False, **options)
    with torch.no_grad():
        layer.weight.copy_(maps(channels, 1, 3, 3))
    x = maps(5, channels, 9, 9)
    exact = layer(x.float())
    gradient = maps(*exact.shape).detach().flip(0)
    exact = [exact, *torch.autograd.grad(exact, (x, layer.weight), gradient.float())]
    with kernels.QuickKernels():
        quick = results(layer, x, gradient)
        with torch.autocast("cpu", torch.bfloat16):
            assert "DepthwiseBackward object" in repr(layer(x).grad_fn), "the quick one was not taken"
    errors = [largest_error([given], [value.detach()]) for given, value in zip(quick, exact, strict=True)]
    assert errors[0] < 2**-7 and errors[2] < 2**-7
    # PyTorch's own, which adds up in bf16 where the processor has none.
    assert errors[1] < 2**-6


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.GroupNorm(4, 16), maps(2, 16, 4, 4, dtype=torch.float32)),
        (nn.GroupNorm(1, 16), maps(2, 16, 4, 4)),
        (nn.GroupNorm(4, 16, affine=False), maps(2, 16, 4, 4)),
        (nn.GroupNorm(4, 16), maps(2, 16, 4, 4).contiguous()),
        (nn.Conv2d(12, 12, 3, groups=12, bias=False, dtype=torch.bfloat16), maps(2, 12, 4, 4)),
        (nn.Conv2d(16, 16, 3, groups=16, dtype=torch.bfloat16), maps(2, 16, 4, 4)),
        (nn.Conv2d(16, 32, 3, groups=16, bias=False, dtype=torch.bfloat16), maps(2, 16, 4, 4)),
        (nn.Conv2d(16, 16, 3, padding="same", groups=8, bias=False, dtype=torch.bfloat16), maps(2, 16, 4, 4)),
    ],
)
def test_everything_else_is_left_to_pytorch(layer, x):
    with kernels.QuickKernels():
        given = layer(x)
    assert torch.equal(given, layer(x))
    assert "GroupNormBackward object" not in repr(given.grad_fn) and "Depthwise" not in repr(given.grad_fn)


@pytest.mark.parametrize("norm", ["batch", "group", "layer"])
def test_a_whole_network_learns_the_same(norm):
    network = Network(architecture("budget", norm)).to(**LAST).train()
    x = maps(4, 3, 32, 32, dtype=torch.float32).detach()

    def gradients():
        with torch.autocast("cpu", torch.bfloat16):
            loss = nn.functional.cross_entropy(network(x).float(), torch.arange(4))
        return torch.cat([each.flatten() for each in torch.autograd.grad(loss, list(network.parameters()))])

    plain = gradients()
    with kernels.QuickKernels():
        quick = gradients()
    assert torch.cosine_similarity(plain, quick, dim=0) > 0.99
