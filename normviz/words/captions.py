"""What charts and choices are called, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """One chart of the curves page: which column of the history, and how it is named and drawn."""

    column: str
    title: str
    axis: str
    caption: str
    percent: bool = False
    log: bool = False


CURVES = (
    (
        Curve("test_accuracy", "Test accuracy", "test accuracy", "On all test pictures, after each epoch.", percent=True),
        Curve(
            "train_accuracy",
            "Training accuracy",
            "training accuracy",
            "On the augmented training pictures, while the network changes: lower than on pictures left as they are.",
            percent=True,
        ),
    ),
    (
        Curve("test_loss", "Test loss", "cross-entropy", "Cross-entropy on the test pictures."),
        Curve("train_loss", "Training loss", "cross-entropy", "The source published no training loss."),
    ),
    (
        Curve(
            "learning_rate",
            "Learning rate",
            "learning rate",
            "Mean over the epoch's steps. The source's rate falls by ten whenever the training loss has *fallen* for a while.",
            log=True,
        ),
        Curve(
            "gap",
            "Training minus test accuracy",
            "difference",
            "Below zero: training pictures are augmented, and counted while the network still changes. Rising: it gets better on "
            "them than on new ones.",
            percent=True,
        ),
    ),
)

COSTS = {  # whose colour: the kind of norm layer, and what it learns
    "batch": ("batch", "gamma, beta a channel"),
    "layer": ("layer_elementwise", "gamma, beta a place"),
}

COST_NAMES = {norm: name for norm, (_, name) in COSTS.items()}

SQUEEZES = (3, 7)  # convolutions without a norm

WIDTH_CHOICES = {  # key in the URL: label and the convolutions (from 1) that share the number
    "w1": ("1", (1,)),
    "w2": ("2", (2,)),
    "w3": ("3, a 1x1", (3,)),
    "w4": ("4", (4,)),
    "w5": ("5 and 6", (5, 6)),
    "w7": ("7, a 1x1", (7,)),
    "w8": ("8, 9 and 10", (8, 9, 10)),
}

QUANTITIES = {
    "std_before": "standard deviation received",
    "mean_before": "mean received",
    "std_after": "standard deviation given",
    "mean_after": "mean given",
    "gamma": "gamma",
    "beta": "beta",
}

STATISTIC_GROUPS = {  # what shares one mean and one standard deviation, and the axis title of one such group
    "batch": ("each channel, over all pictures of this batch", "channel"),
    "group": ("each group of channels of each picture", "group of channels, picture by picture"),
    "layer": ("each picture", "picture"),
    "instance": ("each channel of each picture", "channel, picture by picture"),
    "place": ("all channels at each place of each picture", "place"),
}
