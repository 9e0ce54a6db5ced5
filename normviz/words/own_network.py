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
KEEPS, DIVIDES, MET = "keeps statistics", "subtracts no mean", "met {count} times"
FOUND = (
    "Nothing is asked of a layer's name: it is run by itself, and one output is followed back to the inputs that it depends on. "
    "**Averages** names the axes that share one mean: N pictures, C channels, H rows, W columns, L places."
)
NO_CELLS = "It shares a mean along axes that the cells of *What is averaged* do not show: **{averages}**."
CELLS = "Drawn on 3 pictures of 4 channels: cells of one colour and letter share one mean in this layer, in training."
KINDS = {"NHW": "batch", "CHW": "layer", "HW": "instance"}  # what is averaged -> the norm whose cells are drawn
