"""The words of each page, as data: what opens it, what closes it, and where to go next."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """What a page says around its charts.

    Attributes:
        title: heading of the page.
        opening: two or three sentences for a second-year student.
        closing: what to look at next.
        next_page: key of the page that follows.
    """

    title: str
    opening: str
    closing: str
    next_page: str


TITLES = {
    "overview": "Overview",
    "parameters": "Parameters",
    "layer_statistics": "Layer statistics",
    "curves": "Accuracy curves",
    "mistakes": "Mistakes",
    "classify": "Classify a picture",
}
ICONS = {
    "overview": ":material/home:",
    "parameters": ":material/tune:",
    "layer_statistics": ":material/equalizer:",
    "curves": ":material/show_chart:",
    "mistakes": ":material/close:",
    "classify": ":material/image_search:",
}
STUDY_MEANING = {
    "controlled": "Three networks alike in width, parameters, recipe and seed. **Only the norm differs**, so a gap between "
    "them is what the norm alone is worth.",
    "published": "The source's three networks. **Norm, width and affine shape all differ**, and the network it calls GN is "
    "built from `nn.LayerNorm([C, H, W])`: a gap between them cannot be put down to the norm.",
}

LESSONS = {
    "overview": Lesson(
        "Which norm wins, by how much, and why?",
        "Batch, group and layer norm do the same thing to a feature map: subtract a mean, divide by a standard deviation. "
        "They differ only in **what they average over**. Three small networks trained on CIFAR-10 show what that is worth, "
        "once as a published comparison had it, and once with everything but the norm held equal.",
        "See where the parameters of the three networks sit.",
        "parameters",
    ),
    "parameters": Lesson(
        "Where do the parameters go?",
        "A norm that learns one gamma and one beta **a channel** costs 2 C parameters. `LayerNorm([C, H, W])` learns them for "
        "**every place** of the map and costs 2 C H W. That is why the source had to cut its channels to stay in budget, and "
        "why its networks cannot be compared by their norm.",
        "Now look at what the norm layers do to the numbers that pass through them.",
        "layer_statistics",
    ),
    "layer_statistics": Lesson(
        "What does a norm layer receive, and what does it give?",
        "Every norm computes $y = \\gamma\\,(x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon} + \\beta$. The three differ in which values "
        "share one $\\mu$ and one $\\sigma$. Pick a layer and an input, and compare what goes in with what comes out.",
        "See how these statistics played out in training.",
        "curves",
    ),
    "curves": Lesson(
        "How did they learn?",
        "Every network was trained for the same number of epochs and is judged by its **last** epoch. The source's curves are "
        "dashed: they go flat early because its scheduler cut the learning rate while the loss was still falling.",
        "Accuracy is one number. Look at the pictures behind it.",
        "mistakes",
    ),
    "mistakes": Lesson(
        "What do they get wrong?",
        "Two networks can be equally accurate and fail on different pictures. Filter the test set, or click a cell of a "
        "confusion matrix, to see the pictures and all three verdicts.",
        "Try the three networks on a picture of your own.",
        "classify",
    ),
    "classify": Lesson(
        "Classify a picture",
        "The three networks see your picture at 32 x 32 pixels and choose among ten classes. Start with an example, or bring "
        "your own.",
        "Follow this picture through the norm layers.",
        "layer_statistics",
    ),
}

MODEL_LAYERS = {
    "controlled": {"batch": "BatchNorm2d(C)", "group": "GroupNorm(4, C)", "layer": "GroupNorm(1, C)"},
    "published": {"batch": "BatchNorm2d(C)", "group": "LayerNorm([C, H, W])", "layer": "LayerNorm([C, H, W])"},
}
MODEL_NAMES = {
    "controlled": {"batch": "Batch norm", "group": "Group norm", "layer": "Layer norm"},
    "published": {"batch": "The source's BN", "group": "The source's “GN”", "layer": "The source's LN"},
}
SHORT = {
    "controlled": {"batch": "BN", "group": "GN", "layer": "LN"},
    "published": {"batch": "BN", "group": "“GN”", "layer": "LN"},
}
LABELS = {
    "controlled": {"batch": "Batch", "group": "Group", "layer": "Layer"},
    "published": {"batch": "BN", "group": "“GN”", "layer": "LN"},
}


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
            "Below zero: augmented training pictures are harder than test pictures. Rising: the network learns them by heart.",
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
    "batch": ("each channel, over all pictures of the batch (here: the running ones)", "channel"),
    "group": ("each group of channels of each picture", "group of channels, picture by picture"),
    "layer": ("each picture", "picture"),
}
