"""What the page on a network of the visitor's own says."""

EXAMPLE = """picture: 3x32x32
norm: batch
parts:
  - convolution: 16
    kernel: 3
  - norm: usual
  - activation: relu
  - pooling: max
  - residual: basic
    width: 32
  - norm: group
    groups: 8
  - pooling: all
  - linear: 10
"""
WRITTEN, ZOO, SERVERS = "written here", "torchvision", "this server's"
KEEPS, DIVIDES, MET = "keeps statistics", "subtracts no mean", "met {count} times"
FOUND = (
    "Nothing is asked of a layer's name: it is run by itself, and one output is followed back to the inputs that it depends on. "
    "**Averages** names the axes that share one mean: N pictures, C channels, H rows, W columns, L places."
)
GROUPS_TAKEN = "In {groups} groups; where that does not divide a layer's channels, in the largest number that divides both."
NOT_SWAPPED = "no norm of this network can be swapped: only BatchNorm and GroupNorm can, and no layer made from them"
NO_LAYER = (
    "None of these can be looked into: that takes a layer which the network keeps and reaches, not a function or a layer that it "
    "makes anew each time."
)
NO_CELLS = "It shares a mean along axes that the cells of *What is averaged* do not show: **{averages}**."
CELLS = "Drawn on 3 pictures of 4 channels: cells of one colour and letter share one mean in this layer, in training."
AVERAGES, STATISTICS, CHANGED, OTHERS, ONE = "what shares a mean", "statistics", "changed input", "other batches", "one picture"
LOOKS = (AVERAGES, STATISTICS, CHANGED, OTHERS, ONE)
NO_GROUPS = "It averages over **{averages}**, which has no row a group here."
GROUPS = "One mean and one standard deviation for {averaged_over}{shown}."
FIRST = ", the first {shown:,} of {count:,}"
LEARNED = "Gamma and beta by channel{shown}; 1 and 0 where the layer has no such parameters."
KEPT = (
    "In training it takes the batch's own statistics; in evaluation, as here, the running ones that it kept. Where the two part "
    "by more than so few pictures scatter, they are unlike those that it was trained on, or it was never trained."
)
NOT_KEPT = "It uses no running statistics: in training and in evaluation it does the same."
KEPT_UNSEEN = (
    "In training it takes the batch's own statistics; in evaluation, as here, kept ones. These cannot be drawn: they are no "
    "`running_mean` and `running_var` with a number a channel each."
)
LEARNED_UNSEEN = (
    "What it learns cannot be drawn as gamma and beta: none of it is called weight, gamma or scale, nor bias, beta or shift."
)
CHANGES = (
    "What the layer receives for the example pictures is multiplied by {factor:g}, or shifted by {constant:g} standard "
    "deviation, as a whole or by picture or channel; then the layer is run again. **Moved**: the largest change of any value that it "
    "gives, in standard deviations of all of them; below {limit:g} it counts as staying."
)
NO_LABELS = (
    "Nobody has labelled these pictures for this network, so there is no accuracy to draw: what is drawn is how far its answer for "
    "one picture moves with the others of the batch. Only the norms are switched to training, so dropout moves nothing."
)
BATCHES = "A mark a batch, the mates drawn anew for each; filled where the answer is the one for the picture alone."
DEPTH = (
    "Standard deviation of all values that each norm layer received and gave for this picture alone, in evaluation, in the order of the "
    "forward pass."
)
MAPS = (
    "The {count} channels of norm layer {path} that spread most after it, before and after: red above zero, blue below. Both sides "
    "have a range of their own."
)
NO_MAPS = "Norm layer {path} receives no maps of rows and columns that could be drawn."
