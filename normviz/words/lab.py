"""What the lab says: its demos, its choices, and why what is seen happens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Demo:
    """A demo with one click.

    Attributes:
        title: what it is called.
        asks: its question.
        shows: what it can and cannot show in its time on CIFAR-10.
        why: why that happens.
        shows_drawn: the same on the drawn shapes, where it differs.
    """

    title: str
    asks: str
    shows: str
    why: str
    shows_drawn: str = ""


DEMOS = {
    "one-class": Demo(
        "One class a batch",
        "Every batch holds pictures of **one class alone**, the batches come in random order. Who can still learn?",
        "It shows within half a minute.",
        "Batch norm subtracts what the pictures of a batch have in common, and here that is their class. Dashed: with the "
        "statistics of such a batch it is blind to what it should tell apart, and so it has learnt nothing for the running ones. Group "
        "and layer norm look at one picture at a time, so the order of the batches only makes their way rougher.",
    ),
    "size-2": Demo(
        "Batch size 2",
        "Two pictures a batch. Does batch norm fall behind?",
        "In so few steps they lie a few points apart, and which one leads changes with the seed. What two pictures cost in "
        "longer training is measured on the page Evidence.",
        "The mean of two pictures strays far from the running mean: the chart of the stray shows it, layer by layer. That noise "
        "harms a finished network more than one that has hardly begun to learn.",
        "Wait for the end: on the way the order turns. Then batch norm lies below group norm; layer norm changes with the seed.",
    ),
    "ten-times": Demo(
        "Ten times the learning rate",
        "The rate of “No norm at all”, times ten. Who stands it?",
        "It shows within a minute.",
        "A norm divides by the size of what it receives, so weights that a large step has blown up change its output little. "
        "Without a norm nothing holds them back.",
    ),
    "no-norm": Demo(
        "No norm at all",
        "The same network with batch norm, and with nothing in its place.",
        "It shows within a minute: who learns faster, not who ends higher.",
        "Without a norm the numbers shrink or grow from layer to layer, and with them the gradient: look at its norm.",
    ),
    "groups": Demo(
        "One group to C groups",
        "From one group (layer norm) over four to one group a channel (instance norm). How fine may it be?",
        "It shows within seconds for instance norm; one group and four lie close together.",
        "Instance norm gives every channel of every picture the same mean, and this network averages each channel over the whole "
        "map before it answers: nothing is left to tell the pictures apart.",
    ),
}
CHOICES = {  # field of the set-up: label, and help where there is something to say
    "norms": ("Norms, a column each", None),
    "order": ("Pictures of a batch", "“One class”: all pictures of a batch show the same class."),
    "batch_size": ("Batch size", "A batch of one picture has no statistics but its own: batch norm still averages its places."),
    "learning_rate": ("Learning rate", "Constant. At a batch size of 128, where a rule is chosen."),
    "rule": (
        "Rate at another batch size",
        "Linear: half the batch, half the rate. The choice confounds every comparison of sizes.",
    ),
    "optimizer": ("Optimizer", None),
    "groups": ("Groups of group norm", None),
    "pictures": ("Training pictures", "The same number of each class."),
    "steps": ("Steps", None),
    "seeds": ("Seeds", "Trainings of each norm, with other weights and batches."),
    "seed": ("First seed", None),
    "augmentation": ("Augmentation", None),
    "width": ("Width", "Channels, against the source's batch network."),
}
NAMES = {
    "adamw": "AdamW",
    "sgd": "SGD, momentum 0.9",
    "cifar10": "CIFAR-10",
    "drawn": "drawn shapes",
    "own": "your own",
    "brought": "what you brought",
}
DRAWN = (
    "CIFAR-10 is not at hand, so the lab trains on **ten classes of textured shapes that this project draws itself**: easier than "
    "photographs, the same networks and norms."
)
OWN_DATA = (
    "**{count} classes of your own**: {classes}. What the demos show was measured on CIFAR-10; on other pictures it may come out "
    "otherwise. Where there are fewer training pictures than chosen above, all are used."
)
STATES = {
    "queued": "waiting",
    "running": "training",
    "paused": "paused",
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
}
OFF = "The lab is switched off on this server."
WATCHED = "Another browser has begun this run and steers it; here you can watch. **Start** begins one of your own, and takes nothing from it."
REPLAY = "On this server guests play recorded runs. Choose a demo and press **Play the recording**."
NOT_FOR_PAGES = (
    "Runs on CIFAR-10 with batch, group or layer norm can be opened on the other pages; runs on other pictures, or of a network of "
    "your own, need all three, since no shipped network can stand beside them."
)
NOTHING_SAVED = (
    "This run ended before any of its steps was saved, so there is nothing to open on the other pages: let it train longer."
)
OWN_NETWORK = (
    "**Your network**: {spoken}. In each column every norm of it is that column's; its last linear layer gives a number a class, "
    "and where it ends in none, the mean over all places and a linear layer follow."
)
PARTS = {  # of a design: what it is called in a sentence
    "C": "convolution {part.kernel}x{part.kernel} to {part.width} channels",
    "N": "norm",
    "A": "GELU",
    "U": "ReLU",
    "P": "max pooling",
    "M": "mean pooling",
    "G": "mean over all places",
    "R": "plain residual block",
    "X": "mixing residual block of {part.width}",
    "B": "basic residual block to {part.width}",
    "L": "linear to {part.width}",
}
OWN = "Your own networks stand here in the place of the shipped ones: **{names}**, from the lab ({run})."
