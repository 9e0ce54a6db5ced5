import torch
from torch import nn

from normviz.probe import norms, report

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
    assert "track_running_stats=False" in said(nn.BatchNorm2d(4, track_running_stats=False))[0]


def test_one_sentence_a_fault_and_a_count_of_what_was_reached():
    network = nn.Sequential(*[nn.BatchNorm2d(4) for _ in range(5)])
    layers = norms.probe(network, X)
    (sentence,) = report.warnings(network, layers)
    assert sentence.endswith("5 norm layers (0, 1, 2 and 2 more)")
    assert report.reached(layers) == "5 of 5 norm layers reached"
