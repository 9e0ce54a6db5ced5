"""What is taken from papers: references, and the figures shown beside our own, marked as theirs."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Paper:
    """A reference: authors and year as cited in a sentence, title, and where to read it."""

    cited: str
    title: str
    url: str


PAPERS = {
    "batch_norm": Paper(
        "Ioffe & Szegedy 2015",
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        "https://arxiv.org/abs/1502.03167",
    ),
    "layer_norm": Paper("Ba, Kiros & Hinton 2016", "Layer Normalization", "https://arxiv.org/abs/1607.06450"),
    "group_norm": Paper("Wu & He 2018", "Group Normalization", "https://arxiv.org/abs/1803.08494"),
    "how_it_helps": Paper(
        "Santurkar et al. 2018", "How Does Batch Normalization Help Optimization?", "https://arxiv.org/abs/1805.11604"
    ),
    "corruptions": Paper(
        "Hendrycks & Dietterich 2019",
        "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations",
        "https://arxiv.org/abs/1903.12261",
    ),
    "shifted_statistics": Paper(
        "Schneider et al. 2020",
        "Improving robustness against common corruptions by covariate shift adaptation",
        "https://arxiv.org/abs/2006.16971",
    ),
    "learning_rates": Paper("Bjorck et al. 2018", "Understanding Batch Normalization", "https://arxiv.org/abs/1806.02375"),
    "sorted_batches": Paper(
        "Hsieh et al. 2020",
        "The Non-IID Data Quagmire of Decentralized Machine Learning",
        "https://arxiv.org/abs/1910.00189",
    ),
    "affine": Paper(
        "Frankle, Schwab & Morcos 2021",
        "Training BatchNorm and Only BatchNorm: On the Expressive Power of Random Features in CNNs",
        "https://arxiv.org/abs/2003.00152",
    ),
    "weight_standardization": Paper(
        "Qiao et al. 2019",
        "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization",
        "https://arxiv.org/abs/1903.10520",
    ),
    "unnormalized": Paper(
        "Brock, De & Smith 2021",
        "Characterizing signal propagation to close the performance gap in unnormalized ResNets",
        "https://arxiv.org/abs/2101.08692",
    ),
    "convnext": Paper("Liu et al. 2022", "A ConvNet for the 2020s", "https://arxiv.org/abs/2201.03545"),
    "demonstrations": Paper(
        "Crouch et al. 2004", "Classroom demonstrations: Learning tools or entertainment?", "https://doi.org/10.1119/1.1707018"
    ),
}

IMAGENET_ERROR = {  # Wu & He 2018, figure 1: ResNet-50, validation error by images per GPU
    "batch": {2: 0.347, 4: 0.273, 8: 0.248, 16: 0.237, 32: 0.236},
    "group": {2: 0.241, 4: 0.242, 8: 0.240, 16: 0.242, 32: 0.241},
}


def cite(key: str) -> str:
    """Returns a paper as Markdown: cited name with its link, then the title."""
    paper = PAPERS[key]
    return f"[{paper.cited}]({paper.url}), *{paper.title}*"


def imagenet_errors() -> pd.DataFrame:
    """Returns the paper's errors by batch size: norm, x (images per GPU), value (a fraction)."""
    rows = [(norm, size, error) for norm, errors in IMAGENET_ERROR.items() for size, error in errors.items()]
    return pd.DataFrame(rows, columns=["norm", "x", "value"])


def with_references(text: str) -> str:
    """Returns a Markdown text in which each {key} of `PAPERS` is its reference."""
    return text.format_map({key: cite(key) for key in PAPERS})
