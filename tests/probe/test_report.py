import torch
from torch import nn

from normviz.probe import norms, report
from tests.probe import networks

X = torch.randn(32, 4, 6, 6, generator=torch.Generator().manual_seed(0))


def said(module: nn.Module, x: torch.Tensor = X, **options) -> list[str]:
    network = nn.Sequential(module)
    return report.warnings(network, norms.probe(network, x), **options)


def fed(module: nn.Module) -> nn.Module:
    for _ in range(50):
        module.train()(X)
    return module


def test_statistics_that_were_kept_are_no_fault():
    assert said(fed(nn.BatchNorm2d(4))) == [] and said(nn.GroupNorm(2, 4)) == []


def test_faults_of_running_statistics_are_named():
    assert "never updated" in said(nn.BatchNorm2d(4))[0] and said(nn.BatchNorm2d(4))[0].endswith("1 norm layer (0)")
    (drifted,) = said(fed(nn.BatchNorm2d(4)), 5 * X + 20)
    assert "drifted" in drifted and said(fed(nn.BatchNorm2d(4)), 5 * X, pictures=False) == []
    assert "momentum is None" in said(fed(nn.BatchNorm2d(4, momentum=None)))[0]
    assert "momentum is 0" in said(fed(nn.BatchNorm2d(4, momentum=0.0)))[-1]
    lost = fed(nn.BatchNorm2d(4))
    lost.running_var[1] = float("nan")
    assert "not finite" in said(lost)[0]
    assert "cannot be run by itself" in said(networks.Never(4), pictures=False)[0]
    assert "never trained" in said(networks.Never(4))[0]
    assert "track_running_stats=False" in said(nn.BatchNorm2d(4, track_running_stats=False))[0]


def test_a_batch_of_few_values_says_nothing_of_drift():
    assert said(fed(nn.BatchNorm2d(4)), X[:2, :, :1, :1]) == []


def test_a_norm_made_in_the_forward_pass_has_no_statistics_to_look_at():
    assert said(networks.Late()) == []


def test_one_sentence_a_fault_and_a_count_of_what_was_reached():
    network = nn.Sequential(*[nn.BatchNorm2d(4) for _ in range(5)])
    layers = norms.probe(network, X)
    (sentence,) = report.warnings(network, layers)
    assert sentence.endswith("5 norm layers (0, 1, 2 and 2 more)")
    assert report.reached(layers) == "5 of 5 norm layers reached"


class ByHand(nn.Module):
    """Batch norm as courses write it, with channels at an axis of choice, and running statistics of a shape of choice."""

    def __init__(self, at: int, shape: tuple[int, ...], variance: bool = True):
        super().__init__()
        self.at = at
        self.register_buffer("running_mean", torch.zeros(shape))
        if variance:
            self.register_buffer("running_var", torch.ones(shape))

    def forward(self, x):
        axes = [axis for axis in range(x.ndim) if axis != self.at % x.ndim]
        if not self.training:
            variance = self.running_var if hasattr(self, "running_var") else 1.0
            return (x - self._wide(self.running_mean, x)) / self._wide(variance, x) ** 0.5
        mean, variance = x.mean(axes), x.var(axes)
        self.running_mean = mean.detach().view_as(self.running_mean)
        if hasattr(self, "running_var"):
            self.running_var = variance.detach().view_as(self.running_var)
        return (x - self._wide(mean, x)) / self._wide(variance, x) ** 0.5

    def _wide(self, values, x):
        return (
            values.reshape([-1 if axis == self.at % x.ndim else 1 for axis in range(x.ndim)])
            if torch.is_tensor(values)
            else values
        )


def test_running_statistics_of_any_form_are_compared_channel_by_channel():
    scaled = X * torch.tensor([1.0, 10, 100, 1000])[:, None, None]  # compared with one another they would have drifted
    last = X.movedim(1, 3)
    for module, x in ((ByHand(1, (1, 4, 1, 1)), scaled), (ByHand(-1, (4,)), last), (ByHand(1, (4,), variance=False), X)):
        module.train()(x)
        assert said(module.eval(), x) == []
    with_mean_alone = ByHand(1, (4,), variance=False)
    assert "never updated" in said(with_mean_alone)[0]
