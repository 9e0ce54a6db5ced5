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
        sources: what is taken from papers, in Markdown; a key of `papers.PAPERS` in braces stands for its reference.
    """

    title: str
    opening: str
    closing: str
    next_page: str
    sources: str = ""


TITLES = {
    "overview": "Overview",
    "parameters": "Parameters",
    "averaging": "What is averaged",
    "layer_statistics": "Layer statistics",
    "journey": "One picture, three networks",
    "batch_mates": "Who else is in the batch",
    "invariances": "What does not change",
    "train_or_evaluate": "Train or evaluate",
    "evidence": "Evidence",
    "curves": "Accuracy curves",
    "mistakes": "Mistakes",
    "classify": "Classify a picture",
}
SECTIONS = {  # the menus of the bar on top; pages without a menu stand in it themselves
    "": ("overview", "classify"),
    "What a norm does": ("averaging", "layer_statistics", "journey", "invariances"),
    "The batch": (
        "batch_mates",
        "train_or_evaluate",
    ),
    "The three networks": ("parameters", "curves", "evidence", "mistakes"),
}
ICONS = {
    "overview": ":material/home:",
    "parameters": ":material/tune:",
    "averaging": ":material/grid_on:",
    "layer_statistics": ":material/equalizer:",
    "journey": ":material/route:",
    "batch_mates": ":material/groups:",
    "invariances": ":material/balance:",
    "train_or_evaluate": ":material/toggle_on:",
    "evidence": ":material/science:",
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
    "evidence": Lesson(
        "What can be concluded?",
        "One run of each norm invites a false winner: another seed, another order. Here every network is trained with several "
        "seeds, and a difference counts only if its 95 % interval $\\bar d \\pm t\\, s_d/\\sqrt{n}$ leaves out zero, where $d$ "
        "is the difference of two networks at the same seed.",
        "Accuracy is one number. Look at the pictures behind it.",
        "mistakes",
        "Training at several batch sizes, and the number of groups: {group_norm}, figure 1 and table 3. Shifted pictures at five "
        "severities: after {corruptions}. Batch norm with the statistics of the shifted pictures: {shifted_statistics}.",
    ),
    "train_or_evaluate": Lesson(
        "Train or evaluate: whose statistics?",
        "Batch norm has two modes. In training it uses the mean and variance of the batch at hand; in evaluation it uses "
        "**running** ones, kept while it trained: $\\mu_{run} \\leftarrow (1 - m)\\,\\mu_{run} + m\\,\\mu_{batch}$ with momentum "
        "$m$. Forget to switch and its answers depend on the batch: the smaller the batch, the worse. Group and layer norm "
        "have one mode.",
        "A shift of the pictures moves these statistics too. See how the networks stand it.",
        "evidence",
        "Running statistics for evaluation: {batch_norm}, algorithm 2. There as here they belong to the network once it is trained.",
    ),
    "batch_mates": Lesson(
        "Who else is in the batch?",
        "In training, batch norm takes its mean $\\mu_c = \\frac{1}{N H W}\\sum_{n,h,w} x_{nchw}$ over **all N pictures of the "
        "batch**, and its variance likewise: the answer for one picture depends on the others. Group and layer norm sum over no "
        "other picture. Keep one picture, change its mates, and see which answers move.",
        "In evaluation batch norm stands still too. See what the switch is worth over the whole test set.",
        "train_or_evaluate",
        "{batch_norm}, section 3.4, notes that a picture's training answer is not fixed, since it is seen together with others, and "
        "reports that this helps generalization. That claim is the paper's and was not measured here.",
    ),
    "invariances": Lesson(
        "What does not change?",
        "Multiply by $a > 0$ and add $b$ to **all numbers that share one mean**: mean and deviation follow, and "
        "$\\frac{(a x + b) - (a \\mu + b)}{\\sqrt{a^2 \\sigma^2 + \\epsilon}} \\approx \\frac{x - \\mu}{\\sqrt{\\sigma^2 + "
        "\\epsilon}}$ stays. So what a norm averages over decides what it cannot see. Change what a layer receives, and check.",
        "Batch norm shares its mean with other pictures. See what they do to an answer.",
        "batch_mates",
    ),
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
    "averaging": Lesson(
        "What does each norm average?",
        "A feature map is a block of numbers: N pictures x C channels x H x W pixels. Every norm replaces a number $x$ by "
        "$\\hat x = (x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon}$; they differ **only in which numbers share one $\\mu$ and one "
        "$\\sigma^2$**. Cells of one colour and letter share theirs.",
        "See what these means and variances are in the trained networks.",
        "layer_statistics",
        "The formulas: {batch_norm}, {layer_norm}, {group_norm}; the division by pictures and channels is drawn as in figure 2 of "
        "the last.",
    ),
    "layer_statistics": Lesson(
        "What does a norm layer receive, and what does it give?",
        "Every norm computes $y = \\gamma\\,(x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon} + \\beta$. The three differ in which values "
        "share one $\\mu$ and one $\\sigma$. Pick a layer and an input, and compare what goes in with what comes out.",
        "See how these statistics played out in training.",
        "curves",
        "Why does it help? {batch_norm} say: because each layer's input shifts less while the others learn (“internal covariate "
        "shift”). {how_it_helps} dispute it: with noise that brings such shifts back, batch norm trained as well in their "
        "experiments; they credit a smoother loss. Both claims are the papers'; what is drawn above was measured here and decides "
        "neither.",
    ),
    "journey": Lesson(
        "One picture through three networks",
        "In evaluation every norm still computes $y = \\gamma\\,(x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon} + \\beta$ for this one "
        "picture. Batch norm takes a $\\mu$ and $\\sigma$ that it kept from training; group and layer norm measure them on the "
        "picture itself. Follow the picture layer by layer, and see where the three networks part ways.",
        "See how the three networks came to be.",
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
        "Follow this picture through the norm layers of the three networks.",
        "journey",
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
