"""How the models of both studies are called: in full, short, and by the layer that they are built from."""

STUDY_MEANING = {
    "controlled": "Three networks alike in width, parameters, recipe and seed. **Only the norm differs**, so a gap between "
    "them is what the norm alone is worth.",
    "published": "The source's three networks. **Norm, width and affine shape all differ**, and the network it calls GN is "
    "built from `nn.LayerNorm([C, H, W])`: a gap between them cannot be put down to the norm.",
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
