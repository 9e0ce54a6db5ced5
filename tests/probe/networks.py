"""Small networks with norms that are home-made, functional, fused, used again or never."""

import torch
from torch import nn
from torch.nn import functional


class MeanSquare(nn.Module):
    """x / root mean square over the last axis."""

    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + self.gain)


class PerPixel(nn.Module):
    """Mean and deviation over the channels of N x C x H x W at each place, then ReLU."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x):
        centred = x - x.mean(1, keepdim=True)
        return self.activation(self.weight * centred / (centred.pow(2).mean(1, keepdim=True) + 1e-6).sqrt())


class Ghost(nn.Module):
    """Batch norm over each half of the batch, without anything learned or kept."""

    def forward(self, x):
        return torch.cat([functional.batch_norm(half, None, None, training=True) for half in x.chunk(2)])


class NormAct(nn.BatchNorm2d):
    """Batch norm and activation in one, a batch norm by inheritance."""

    def forward(self, x):
        return functional.relu(super().forward(x), inplace=True)


class Mixer(nn.Module):
    """A leaf that mixes channels and looks at all of a picture, but standardises nothing."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(channels) + 0.1)

    def forward(self, x):
        return torch.einsum("nchw,dc->ndhw", x, self.weight) * torch.sigmoid(x.mean((1, 2, 3), keepdim=True))


class HomeMade(nn.Module):
    """Fused, per-pixel and ghost norms between layers that are none, and a mean square on tokens."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3, padding=1)
        self.fused, self.mixer, self.pixel, self.ghost = NormAct(8), Mixer(8), PerPixel(8), Ghost()
        self.tokens, self.drop = MeanSquare(8), nn.Dropout(0.5)
        nn.init.zeros_(self.fused.weight)

    def forward(self, x):
        x = self.ghost(self.pixel(self.mixer(self.fused(self.convolution(x)))))
        return self.drop(self.tokens(x.flatten(2).transpose(1, 2)))


class Functional(nn.Module):
    """Norms that are called, not built."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(6))
        self.register_buffer("variance", torch.ones(6))
        self.inner = nn.Sequential(nn.LayerNorm(6))

    def forward(self, x):
        x = functional.batch_norm(x, self.mean, self.variance, training=self.training)
        x = functional.group_norm(x, 3)
        x = functional.instance_norm(x)
        x = functional.layer_norm(x, x.shape[1:])
        x = functional.normalize(x)
        x = self.inner(x.movedim(1, -1))
        return functional.rms_norm(x, normalized_shape=(6,))


class Again(nn.Module):
    """Uses one norm three times and another never; takes two tensors, one of them by name."""

    def __init__(self):
        super().__init__()
        self.norm, self.unused, self.spare = nn.GroupNorm(2, 4), nn.BatchNorm2d(4), nn.ReLU()

    def forward(self, x, scale=None):
        for _ in range(3):
            x = self.norm(x) * scale
        return x, {"scale": scale}


class LastInGroups(nn.Module):
    """Group norm of N x H x W x C by hand, with nothing learned."""

    def forward(self, x):
        apart = x.reshape(*x.shape[:3], 4, -1)
        centred = apart - apart.mean((1, 2, 4), keepdim=True)
        return (centred / centred.pow(2).mean((1, 2, 4), keepdim=True).add(1e-5).sqrt()).reshape(x.shape)


class Evolved(nn.Module):
    """x sigmoid(v x) / deviation of a picture (EvoNorm-S0, Liu et al. 2020, with one group): norm and activation in one formula."""

    def __init__(self, channels: int):
        super().__init__()
        self.v = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x):
        return x * torch.sigmoid(self.v * x) / (x.var((1, 2, 3), keepdim=True) + 1e-5).sqrt()


class Kept(nn.Module):
    """Batch norm by hand, with running statistics in buffers of other names, and gamma that begins at 0."""

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels, 1, 1))
        self.register_buffer("m", torch.zeros(channels, 1, 1))
        self.register_buffer("v", torch.ones(channels, 1, 1))

    def forward(self, x):
        if not self.training:
            return self.gamma * (x - self.m) / self.v.sqrt()
        mean, variance = x.mean((0, 2, 3), keepdim=True)[0], x.var((0, 2, 3), keepdim=True)[0]
        self.m.lerp_(mean.detach(), 0.1), self.v.lerp_(variance.detach(), 0.1)
        return self.gamma * (x - mean) / (variance + 1e-5).sqrt()


class Silent(nn.Module):
    """Keeps its norm in evaluation, and its `train` and `eval` return nothing."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.norm(x)

    def train(self, mode=True):
        super().train(mode)
        self.norm.train(False)


class SilentNorm(nn.BatchNorm2d):
    """A norm whose `train` and `eval` return nothing."""

    def train(self, mode=True):
        super().train(mode)


class ByGradients(nn.Module):
    """Batch norm of "Dive into Deep Learning": it trains while gradients are asked for."""

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.mean, self.variance = torch.zeros(1, channels, 1, 1), torch.ones(1, channels, 1, 1)

    def forward(self, x):
        if not torch.is_grad_enabled():
            return self.gamma * (x - self.mean) / self.variance.sqrt()
        mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
        self.mean, self.variance = (0.9 * self.mean + 0.1 * mean).data, (0.9 * self.variance + 0.1 * variance).data
        return self.gamma * (x - mean) / (variance + 1e-5).sqrt()


class Detached(nn.Module):
    """Batch norm whose statistics have no gradients."""

    def forward(self, x):
        with torch.no_grad():
            mean = x.mean((0, 2, 3), keepdim=True)
        return (x - mean) / (x.var((0, 2, 3), keepdim=True) + 1e-5).sqrt().detach()


class WithoutGradients(nn.BatchNorm2d):
    """Batch norm for use alone."""

    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class LocalContrast(nn.Module):
    """Mean and deviation over a window of 3 x 3 places."""

    def forward(self, x):
        mean, square = (functional.avg_pool2d(each, 3, 1, 1, count_include_pad=False) for each in (x, x**2))
        return (x - mean) / ((square - mean**2).clamp_min(0) + 1e-8).sqrt()


class Causal(nn.Module):
    """Mean and deviation over the channels of all places so far."""

    def forward(self, x):
        count = torch.arange(1, x.shape[-1] + 1) * x.shape[1]
        mean, square = (each.sum(1, keepdim=True).cumsum(-1) / count for each in (x, x**2))
        return (x - mean) / (square - mean**2 + 1e-8).sqrt()


class InstanceLast(nn.Module):
    """Instance norm of N x H x W x C with nothing learned."""

    def forward(self, x):
        return (x - x.mean((1, 2), keepdim=True)) / (x.var((1, 2), keepdim=True) + 1e-5).sqrt()


class SingleLayer(nn.LayerNorm):
    """Layer norm in single precision, as in CLIP."""

    def forward(self, x):
        return super().forward(x.float()).type(x.dtype)


class SingleBatch(nn.BatchNorm2d):
    """Batch norm in single precision."""

    def forward(self, x):
        return super().forward(x.float()).type(x.dtype)


class Never(nn.BatchNorm2d):
    """Runs as long as it does not train."""

    def forward(self, x):
        assert not self.training, "never trained"
        return super().forward(x)


class FrozenBatchNorm2d(nn.Module):
    """As in detectron2: a functional norm in evaluation; and an empty buffer."""

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("cache", torch.empty(0))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if x.requires_grad:
            return (x - self.running_mean[:, None, None]) * (self.running_var[:, None, None] + 1e-5).rsqrt()
        return functional.batch_norm(x, self.running_mean, self.running_var, training=False)


class StandardisedConvolution(nn.Conv2d):
    """Norm of the weights, as in timm's StdConv2d."""

    def forward(self, x):
        weight = functional.batch_norm(self.weight.reshape(1, len(self.weight), -1), None, None, training=True)
        return functional.conv2d(x, weight.reshape_as(self.weight))


class Standardised(nn.Module):
    """A parametrization that does the same."""

    def forward(self, weight):
        return (weight - weight.mean((1, 2, 3), keepdim=True)) / (weight.std((1, 2, 3), keepdim=True) + 1e-5)


class Picky(nn.Module):
    """An activation that refuses large values."""

    def forward(self, x):
        assert x.abs().max() < 1e3, "diverged"
        return x * torch.sigmoid(x)


class Late(nn.Module):
    """Makes its norm in its first pass."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(4, 4, 1), None

    def forward(self, x):
        self.norm = self.norm or nn.BatchNorm2d(x.shape[1])
        return self.norm(self.convolution(x))


class Careless(nn.Module):
    """Writes over its input, and over its weights."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        nn.init.constant_(self.convolution.weight, 9.0)

    def forward(self, x):
        self.convolution.weight.data = torch.renorm(self.convolution.weight.data, 2, 0, 1.0)
        return self.norm(self.convolution(x.sub_(1)))


class Pooled(nn.Module):
    """Smooths maps; no norm."""

    def forward(self, x):
        return functional.avg_pool2d(x, 3, 1, 1)


class Centred(nn.Module):
    """Subtracts a mean and divides by nothing; no norm."""

    def forward(self, x):
        return x - x.mean((2, 3), keepdim=True)


class Shares(nn.Module):
    """Makes shares of 1 out of channels; large ones stay the same for being saturated, so no norm."""

    def forward(self, x):
        return x.softmax(1)


class Attention(nn.Module):
    """Tokens that look at each other; no norm."""

    def forward(self, x):
        return torch.softmax(x @ x.transpose(1, 2), -1) @ x
