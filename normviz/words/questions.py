"""The words of the studies, as data: what each asks, and how its steps and lines are named."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What a study asks and how, above its chart."""

    title: str
    opening: str


STUDIES = {
    "seeds": Question(
        "Which norm wins?",
        "The study chosen above, trained again and again with the same recipe. Points and lines: mean and its 95% interval; "
        "ticks: the single seeds.",
    ),
    "networks": Question(
        "What is a norm worth on another network?",
        "Three networks, on each of which only the norm differs: the source's skeleton, a narrow ResNet-8, and the one of the "
        "study `budget`, whose design was chosen mostly with layer norm. Each has the recipe that its network was given, the same for its three norms: optimizer and rates change with the network.",
    ),
    "gap": Question(
        "Where did the source's gap come from?",
        "From the gap that the source reported to what the norm alone is worth, one change at a time: its own recipe repeated "
        "(Adam, its plateau scheduler, dropout, its batch sizes); the repaired recipe; equal width, still with a gamma and a beta "
        "for every place, so with by far the most parameters of all; and at last the norm as `controlled` has it. Each bar ends "
        "where the gap stands after the change; the whiskers are the 95% interval of the change.",
    ),
    "batch-size": Question(
        "What does a small batch do?",
        "The three equal networks trained at six batch sizes for the same number of epochs, the learning rate scaled in "
        "proportion to the batch size, as in {group_norm}, figure 1. With the same epochs a smaller batch takes more steps; after so short a "
        "training that alone can lower its error.",
    ),
    "rates": Question(
        "Which learning rates does a norm bear?",
        "The equal networks and the one without norm, trained for one epoch, one cycle of the learning rate up to each of eight rates, with each of two optimizers. "
        "{learning_rates} say that batch norm's gain is that large rates do not diverge.",
    ),
    "groups": Question(
        "How many groups?",
        "From one group, which is layer norm, to one group a channel, which is instance norm, on the equal networks: the "
        "question of {group_norm}, table 3.",
    ),
    "layer-norms": Question(
        "Which layer norm?",
        "Three layers share the name. `GroupNorm(1, C)`: one mean for a whole picture, one gamma and beta a channel, as the group "
        "norm paper draws it. `LayerNorm([C, H, W])`: the same with a gamma and beta for every place, as the source has it. "
        "`LayerNorm2d`: a mean for each place by itself, as in {convnext}. The same network otherwise, so the second has more "
        "parameters.",
    ),
    "sorted": Question(
        "What if a batch holds one class?",
        "The equal networks trained for one epoch of batches of 16 pictures, drawn from all classes, from two, or from one. "
        "{sorted_batches} found that batch norm fails where the batches of each machine hold few classes, and that group norm recovers "
        "much of it.",
    ),
    "affine": Question(
        "What can gamma and beta do alone?",
        "Every filter stays as it was drawn at random; only the gammas and betas of the norms learn. {affine} did that with "
        "batch norm, and reached 82% on CIFAR-10 with a ResNet-866.",
    ),
    "weight-standardization": Question(
        "Do standardized weights do instead?",
        "Weight standardization ({weight_standardization}) subtracts the mean of each filter and divides by its standard deviation, "
        "so it normalizes weights where a norm normalizes maps. Scaled as by {unnormalized}, it needs no norm to keep the maps in "
        "range. The same recipe and seeds, without and with it.",
    ),
    "shift": Question(
        "What if the pictures change?",
        "The shipped networks of the study chosen above on test pictures that get brighter, lower in contrast, "
        "blurred, noisy or JPEG-compressed, after {corruptions}, or darker. Batch norm is drawn twice: with its running statistics and, dashed, with those of "
        "the shifted batch, as {shifted_statistics} has it. Lines at the points: 95% Wilson interval over the test pictures.",
    ),
}

OPTIMIZERS = {"sgd": "SGD with momentum.", "adamw": "AdamW."}
ORDERS = ("mixed", "two classes", "one class")  # what a training batch holds, as recipes name it
LAYER_NORMS = {
    "layer": "GroupNorm(1, C)",
    "layer_elementwise": "LayerNorm([C, H, W])",
    "layer_place": "LayerNorm2d",
}
TRAINED = {"all": "all learned", "norms": "gamma and beta"}
NETWORKS = {"controlled": "Skeleton", "resnet": "ResNet-8", "budget": "Budget"}
ADAPTED = {"running": "running", "batch": "a mixed batch", "one class": "a batch of one class"}

NOTHING_YET = "No study has been carried out yet: `python -m normviz study seeds --data DIR` begins with the first."
TOO_FEW = "Not carried out yet far enough to say anything."
NOT_YET = "Not carried out yet for the networks of `{study}`: `python -m normviz study {name} --data DIR` does it."

STATISTIC_DISTANCES = {  # column of the study batch-statistics: axis title and caption
    "mean_distance": (
        "distance of the means",
        "|batch mean − running mean| in running standard deviations, mean over channels and batches. The deeper a layer, the thinner its line.",
    ),
    "std_distance": (
        "distance of the standard deviations",
        "|ln(batch std / running std)|, mean over channels and batches. A layer also receives what the layers before it "
        "passed on with the batch's statistics.",
    ),
}
GAP_STEPS = {  # what changes from bar to bar of the waterfall
    "group": ("its|recipe|repeated", "repaired|recipe", "equal|width", "true|group|norm"),
    "layer": ("its|recipe|repeated", "repaired|recipe", "equal|width", "one|gamma a|channel"),
}
GROUP_COUNTS = {"1": "1 group: layer norm", "2": "2 groups", "4": "4 groups", "8": "8 groups", "C": "C groups: instance norm"}
STATISTICS_USED = {"running": ", running", "batch": ", its batch", "own": ""}
INSTANCE_NOTE = (
    "Instance norm cannot learn here: it gives every channel of every picture the same mean, beta, and this network averages "
    "each channel over the whole map before it answers. So it answers the same for every picture, and is right on one class "
    "alone."
)
SHIFT_UNITS = {
    "darker": "factor",
    "brighter": "factor",
    "lower contrast": "factor",
    "blurred": "sigma in pixels",
    "noisy": "standard deviation, share of full scale",
    "JPEG": "quality",
}
SCALING_NOTE = (
    "Group and layer norm never look at the batch, so where they lose at small batches it is the recipe's doing, not the norm's. The "
    "paper trained with SGD; the step of AdamW hardly depends on the size of the gradient, so the same scaling leaves it slow at "
    "small batches: a likely cause, not measured here."
)
