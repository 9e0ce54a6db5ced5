"""Which pictures share a batch: drawn anew every epoch, mixed or sorted by class."""

import torch


def draw(labels: torch.Tensor, order: str, size: int, generator: torch.Generator) -> list[torch.Tensor]:
    """Returns the batches of one epoch, each as the places of its pictures; every picture is in one of them.

    Args:
        labels: class of each picture, N.
        order: "mixed", "one class" or "two classes": the pictures of a batch are of so many classes.
        size: pictures a batch; the last one of a class or a pair of classes may hold fewer.
        generator: source of the draws.
    """
    if order == "mixed":
        return list(torch.randperm(len(labels), generator=generator).split(size))
    classes = labels.unique()
    classes = classes[torch.randperm(len(classes), generator=generator)]
    together = classes.split({"one class": 1, "two classes": 2}[order])
    sorted_batches = [
        batch for chosen in together for batch in _shuffled(torch.isin(labels, chosen).nonzero()[:, 0], generator).split(size)
    ]
    return [sorted_batches[place] for place in torch.randperm(len(sorted_batches), generator=generator)]


def _shuffled(places: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return places[torch.randperm(len(places), generator=generator)]
