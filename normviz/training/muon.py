"""Muon for dense weights with AdamW for all else, as one optimizer. In float32: processors without bfloat16 take part."""

import torch
from torch import nn

MOMENTUM = 0.95
ROUNDS = 5  # of Newton-Schulz
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of its polynomial: steepest at 0, values between 0.7 and 1.2 after five rounds
WEIGHTS = (2, 4)  # axes of what a linear layer and a convolution learn; a norm's gamma and beta have 1, or C x H x W
ADAMW_SIZE = 0.2  # root mean square of AdamW's usual update (Liu et al. 2025, arXiv 2502.16982, section 2.2)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Brings the singular values of a matrix, rows x columns, near 1 and keeps its singular vectors.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.AdamW):
    """Muon for convolutions over all channels and linear layers; AdamW for depthwise convolutions, norms and biases.

    Both take the same rate, as Muon's update is scaled to the size of AdamW's. Norms and biases do not decay.
    """

    def __init__(self, network: nn.Module, lr: float, weight_decay: float, **options):
        dense, depthwise, vectors = [], [], []
        for parameter in filter(lambda each: each.requires_grad, network.parameters()):
            kind = vectors if parameter.dim() not in WEIGHTS else depthwise if parameter.shape[1] == 1 else dense
            kind.append(parameter)
        groups = [{"params": dense}, {"params": depthwise}, {"params": vectors, "weight_decay": 0.0}]
        super().__init__([group for group in groups if group["params"]], lr=lr, weight_decay=weight_decay, **options)
        self._dense = set(dense)

    @torch.no_grad()
    def step(self, closure=None):
        """Takes one step with the gradients at hand; they stay as they are."""
        gradients = {}
        for group in self.param_groups:
            for weight in self._dense.intersection(group["params"]):
                gradients[weight], weight.grad = weight.grad, None
                self._turn(weight, gradients[weight], group)
        super().step(closure)
        for weight, gradient in gradients.items():
            weight.grad = gradient

    def _turn(self, weight: torch.Tensor, gradient: torch.Tensor, group: dict) -> None:
        if not self.state[weight]:  # AdamW looks for a count of steps in every state that it loads
            self.state[weight] = {"step": torch.zeros(()), "momentum": torch.zeros_like(weight)}
        self.state[weight]["step"] += 1
        momentum = self.state[weight]["momentum"]
        momentum.lerp_(gradient, 1 - MOMENTUM)
        update = orthogonal(gradient.lerp(momentum, MOMENTUM).flatten(1))
        size = ADAMW_SIZE * max(update.shape) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update.view(weight.shape), alpha=group["lr"] * size)
