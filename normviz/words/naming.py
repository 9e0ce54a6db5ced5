"""How the models of each study are called: in full, short, and by the layer that they are built from."""

STUDY_MEANING = {
    "controlled": "Three networks alike in width, parameters, recipe and seed. **Only the norm differs**: a gap between "
    "them is the norm's and the seed's, which Evidence tells apart.",
    "published": "The source's three networks. **Norm, width and affine shape all differ**, and the network it calls GN is "
    "built from `nn.LayerNorm([C, H, W])`: a gap between them cannot be put down to the norm.",
    "budget": "Three networks alike in all but the norm, as in `controlled`, on **another network with residual blocks**, "
    "below the same budget of parameters: how far it can be beaten, and what the norm is worth there.",
}

OWN_MEANING = (  # instead, where a visitor's own networks stand
    "Networks of your own stand here. **Beside a shipped one more than the norm may differ**, and then a gap between them cannot "
    "be put down to the norm."
)

# where the norm alone differs
_LAYERS = {"batch": "BatchNorm2d(C)", "group": "GroupNorm({groups}, C)", "layer": "GroupNorm(1, C)"}
_NAMES = {"batch": "Batch norm", "group": "Group norm", "layer": "Layer norm"}
_SHORT = {"batch": "BN", "group": "GN", "layer": "LN"}
_LABELS = {"batch": "Batch", "group": "Group", "layer": "Layer"}

MODEL_LAYERS = {
    "controlled": _LAYERS,
    "published": {"batch": "BatchNorm2d(C)", "group": "LayerNorm([C, H, W])", "layer": "LayerNorm([C, H, W])"},
    "budget": _LAYERS,
}

MODEL_NAMES = {
    "controlled": _NAMES,
    "published": {"batch": "The source's BN", "group": "The source's “GN”", "layer": "The source's LN"},
    "budget": _NAMES,
}

SHORT = {
    "controlled": _SHORT,
    "published": {"batch": "BN", "group": "“GN”", "layer": "LN"},
    "budget": _SHORT,
}

LABELS = {
    "controlled": _LABELS,
    "published": {"batch": "BN", "group": "“GN”", "layer": "LN"},
    "budget": _LABELS,
}
