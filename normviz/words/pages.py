"""The words of each page, as data: what opens it, what closes it, and where to go next."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """What a page says around its charts.

    Attributes:
        title: heading of the page.
        opening: two or three sentences for a second-year student.
        closing: what to look at next; it leads to the page that follows in `TOUR`.
        sources: what is taken from papers, in Markdown; a key of `papers.PAPERS` in braces stands for its reference.
    """

    title: str
    opening: str
    closing: str
    sources: str = ""


TITLES = {
    "overview": "Overview",
    "averaging": "What is averaged",
    "invariances": "What does not change",
    "batch_mates": "Who else is in the batch",
    "train_or_evaluate": "Train or evaluate",
    "layer_statistics": "Layer statistics",
    "journey": "One picture, three networks",
    "parameters": "Parameters",
    "curves": "Accuracy curves",
    "evidence": "Evidence",
    "mistakes": "Mistakes",
    "classify": "Classify a picture",
    "own_data": "Your data",
    "lab": "The lab",
    "own_network": "Your network",
    "lesson": "The lesson",
}
SECTIONS = {  # the menus of the bar on top, in the order of the tour; the page without a menu stands in it itself
    "": ("overview",),
    "What a norm does": ("averaging", "invariances"),
    "The batch": ("batch_mates", "train_or_evaluate"),
    "Inside the networks": ("layer_statistics", "journey"),
    "The three networks": ("parameters", "curves", "evidence", "mistakes"),
    "Try it": ("classify", "own_data", "lab", "own_network", "lesson"),
}
TOUR = tuple(key for keys in SECTIONS.values() for key in keys)  # from the question to the answer, each page once
ICONS = {
    "overview": ":material/home:",
    "averaging": ":material/grid_on:",
    "invariances": ":material/balance:",
    "batch_mates": ":material/groups:",
    "train_or_evaluate": ":material/toggle_on:",
    "layer_statistics": ":material/equalizer:",
    "journey": ":material/route:",
    "parameters": ":material/tune:",
    "curves": ":material/show_chart:",
    "evidence": ":material/science:",
    "mistakes": ":material/close:",
    "classify": ":material/image_search:",
    "own_data": ":material/folder_open:",
    "lab": ":material/experiment:",
    "own_network": ":material/hub:",
    "lesson": ":material/school:",
}

PAGES = {
    "overview": Page(
        "Which norm wins, by how much, and why?",
        "Batch, group and layer norm do the same thing to a feature map: subtract a mean, divide by a standard deviation. "
        "They differ only in **what they average over**. Three small networks trained on CIFAR-10 show what that is worth, "
        "once as a published comparison had it, and once with everything but the norm held equal.",
        "See what each norm averages over, cell by cell.",
    ),
    "averaging": Page(
        "What does each norm average?",
        "A feature map is a block of numbers: N pictures x C channels x H x W pixels. Every norm replaces a number $x$ by "
        "$\\hat x = (x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon}$; they differ **only in which numbers share one $\\mu$ and one "
        "$\\sigma^2$**. Cells of one colour and letter share theirs.",
        "What shares a mean decides what a norm cannot see. Try that next.",
        "The formulas: {batch_norm}, {layer_norm}, {group_norm}; the division by pictures and channels is drawn as in figure 2 of "
        "the last.",
    ),
    "invariances": Page(
        "What does not change?",
        "Multiply by $a > 0$ and add $b$ to **all numbers that share one mean**: mean and deviation follow, and "
        "$\\frac{(a x + b) - (a \\mu + b)}{\\sqrt{a^2 \\sigma^2 + \\epsilon}} \\approx \\frac{x - \\mu}{\\sqrt{\\sigma^2 + "
        "\\epsilon}}$ stays. So what a norm averages over decides what it cannot see. Change what a layer receives, and check.",
        "Batch norm shares its mean with other pictures. See what they do to an answer.",
    ),
    "batch_mates": Page(
        "Who else is in the batch?",
        "In training, batch norm takes its mean $\\mu_c = \\frac{1}{N H W}\\sum_{n,h,w} x_{nchw}$ over **all N pictures of the "
        "batch**, and its variance likewise: the answer for one picture depends on the others. Group and layer norm sum over no "
        "other picture. Keep one picture, change its mates, and see which answers move.",
        "In evaluation batch norm stands still too. See what the switch is worth over the whole test set.",
        "{batch_norm}, section 3.4, notes that a picture's training answer is not fixed, since it is seen together with others, and "
        "reports that this helps generalization. That claim is the paper's and was not measured here.",
    ),
    "train_or_evaluate": Page(
        "Train or evaluate: whose statistics?",
        "Batch norm has two modes. In training it uses the mean and variance of the batch at hand; in evaluation it uses "
        "**running** ones, kept while it trained: $\\mu_{run} \\leftarrow (1 - m)\\,\\mu_{run} + m\\,\\mu_{batch}$ with momentum "
        "$m$. Forget to switch and its answers depend on the batch: the smaller the batch, the worse. Group and layer norm "
        "have one mode.",
        "So much for the batch. See what the norm layers of the trained networks receive, and what they give.",
        "Running statistics for evaluation: {batch_norm}, algorithm 2. There as here they belong to the network once it is trained.",
    ),
    "layer_statistics": Page(
        "What does a norm layer receive, and what does it give?",
        "Every norm computes $y = \\gamma\\,(x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon} + \\beta$. The three differ in which values "
        "share one $\\mu$ and one $\\sigma$. Pick a layer and an input, and compare what goes in with what comes out.",
        "These were many pictures at one layer. Now follow one picture through all of them.",
        "Why does it help? {batch_norm} say: because each layer's input shifts less while the others learn (“internal covariate "
        "shift”). {how_it_helps} dispute it: with noise that brings such shifts back, batch norm trained as well in their "
        "experiments; they credit a smoother loss. Both claims are the papers'; what is drawn above was measured here and decides "
        "neither.",
    ),
    "journey": Page(
        "One picture through three networks",
        "In evaluation every norm still computes $y = \\gamma\\,(x - \\mu)/\\sqrt{\\sigma^2 + \\epsilon} + \\beta$ for this one "
        "picture. Batch norm takes a $\\mu$ and $\\sigma$ that it kept from training; group and layer norm measure them on the "
        "picture itself. Follow the picture layer by layer, and see where the three networks part ways.",
        "So far the numbers that pass through. See where the learned ones sit, and what each norm costs.",
    ),
    "parameters": Page(
        "Where do the parameters go?",
        "A norm that learns one gamma and one beta **a channel** costs 2 C parameters. `LayerNorm([C, H, W])` learns them for "
        "**every place** of the map and costs 2 C H W. That is why the source had to cut its channels to stay in budget, and "
        "why its networks cannot be compared by their norm.",
        "See how these parameters were learned.",
    ),
    "curves": Page(
        "How did they learn?",
        "Every network was trained for the same number of epochs and is judged by its **last** epoch. The source's curves are "
        "dashed: they go flat early because its scheduler cut the learning rate while the loss was still falling.",
        "These lines are single runs. See what other seeds give, and what may be concluded.",
    ),
    "evidence": Page(
        "What can be concluded?",
        "One run of each norm invites a false winner: another seed, another order. Here most networks are trained with several "
        "seeds, and where it is one that is said. A difference counts only if its 95% interval $\\bar d \\pm t\\, "
        "s_d/\\sqrt{n}$ leaves out zero, where $d$ is the difference of two networks at the same seed.",
        "Accuracy is one number. Look at the pictures behind it.",
    ),
    "mistakes": Page(
        "What do they get wrong?",
        "Two networks can be equally accurate and fail on different pictures. Filter the test set, or click a cell of a "
        "confusion matrix, to see the pictures and all three verdicts.",
        "Try the three networks on a picture of your own.",
    ),
    "classify": Page(
        "Classify a picture",
        "The three networks see your picture at 32 x 32 pixels and choose among the classes they were trained on. Start with an example, or bring "
        "your own.",
        "That was one picture. See what it takes to bring a whole data set.",
    ),
    "own_data": Page(
        "Bring your own pictures",
        "The same networks and norms learn on any pictures of 2 to 100 classes. Before anything is trained, see what a data set "
        "holds: how many pictures of which classes, which of them cannot be used, and what is left of them at 32 x 32 pixels.",
        "So far they were trained for you. Train them yourself.",
    ),
    "lab": Page(
        "Train them yourself",
        "The norms learn side by side, in lockstep: the same network, the same pictures in the same batches, and the quicker waits "
        "for the slower. Say first which one will win, then start.",
        "You have trained these. Now look into a network of your own.",
    ),
    "own_network": Page(
        "What do the norms of your network average?",
        "Write a network, or take one of torchvision's. Each of its norm layers is run by itself to see **which numbers share one "
        "mean**: a layer may be called layer norm and average over the channels of a single pixel.",
        "Now say what will come out before you see it, step by step, or with a class.",
    ),
    "lesson": Page(
        "Say first, then see",
        "Each step asks before it shows, and every answer is computed from what was measured. Your predictions stay beside it.",
        "That was the whole tour. Back to the question: which norm wins, by how much, and why?",
        "Why guess first? In {demonstrations}, students who only watched a demonstration understood no more than those who had not "
        "seen it; those who predicted first understood more. The claim is the paper's and was not measured here.",
    ),
}


def neighbours(key: str) -> tuple[str | None, str]:
    """Returns the keys of the pages before and after one in `TOUR`; none is before the first, and the last leads back to it."""
    place = TOUR.index(key)
    return TOUR[place - 1] if place else None, TOUR[(place + 1) % len(TOUR)]
