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
        "The study chosen above, trained again and again with the same recipe. Points and lines: mean and its 95 % interval; "
        "ticks: the single seeds. The intervals are not corrected for the number of pairs.",
    ),
    "gap": Question(
        "Where did the source's gap come from?",
        "From the gap that the source reported to what the norm alone is worth, one change at a time: its own recipe repeated "
        "(Adam, its plateau scheduler, dropout, its batch sizes); the repaired recipe; equal width; and at last the norm as "
        "`controlled` has it. Each bar ends where the gap stands after the change; the whiskers are the 95 % interval of the "
        "change.",
    ),
    "batch-size": Question(
        "What does a small batch do?",
        "The three equal networks trained at six batch sizes for the same number of epochs, the learning rate scaled in "
        "proportion to the batch size, as in the paper. With the same epochs a smaller batch takes more steps; after so short a "
        "training that alone can lower its error.",
    ),
    "groups": Question(
        "How many groups?",
        "From one group, which is layer norm, to one group a channel, which is instance norm: the question of the paper's "
        "table 3, on the equal networks.",
    ),
    "shift": Question(
        "What if the pictures change?",
        "The shipped networks of the study chosen above on test pictures that get darker, brighter, lower in contrast, "
        "blurred, noisy or JPEG-compressed. Batch norm is drawn twice: with its running statistics and, dashed, with those of "
        "the shifted batch. Lines at the points: 95 % Wilson interval over the test pictures.",
    ),
}

NOT_YET = "Not carried out yet for the networks of `{study}`: `python -m normviz study {name} --data DIR` does it."

STATISTIC_DISTANCES = {  # column of the study batch-statistics: axis title and caption
    "mean_distance": (
        "distance of the means",
        "|batch mean − running mean| in running standard deviations, mean over channels and batches.",
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
    "Group and layer norm never look at the batch, so what they lose at small batches is the recipe's doing, not the norm's. The "
    "paper trained with SGD; the step of AdamW hardly depends on the size of the gradient, so the same scaling leaves it slow at "
    "small batches: a likely cause, not measured here."
)
