"""What each network looked at: the choices and the three overlays, on the pages that show one picture."""

import numpy as np
import streamlit as st

from normviz.app import controls, frame, networks, saved, take_away
from normviz.explain import maps, saliency
from normviz.explain.saliency import Saliency

BOUND = {"bind": "query-params"}
OWN = "its own answer"
SIDE = 288  # pixels of an overlay, nine times the picture's own
MEANING = {
    "Grad-CAM": "**Red**: where the maps of that block speak for the class, in full colour where they do so most; each network has "
    "its own scale. (Grad-CAM: Selvaraju et al. 2017, computed by Captum.)",
    "integrated gradients": "**Red** pixels raise the class's logit over the baseline's, **blue** pixels lower it; each network "
    "has its own scale. All pixels together should add up to the whole difference; what is missing is the error of a finite "
    f"number of steps (here {saliency.STEPS}). (Integrated gradients: Sundararajan et al. 2017, computed by Captum.)",
}
CAUTION = (
    "A convincing map does not show that the answer is right, nor that the network is. Adebayo et al. 2018 (“Sanity Checks for "
    "Saliency Maps”) report that some saliency methods give much the same map for a network with random weights; Grad-CAM "
    "passed their tests. That finding is theirs and was not measured here."
)


def show_saliency(pixels: np.ndarray, default: str = "none") -> None:
    """Asks what the visitor wants to know, and shows it for the three networks.

    Args:
        pixels: the picture, uint8, 32 x 32 x 3.
        default: one of `saliency.METHODS`.
    """
    st.subheader("What did it look at?")
    options = {"default": default, "required": True, "key": "saliency", **BOUND}
    method = frame.one_of("Method", saliency.METHODS, **options)
    if method == "none":
        return
    target, option = _choose(method)
    for norm, run in saved.three_columns():
        frame.norm_heading(norm, run)
        _show_one(saved.digest(run), networks.digest(pixels), target, method, option, norm, pixels)
    st.caption(f"{MEANING[method]} {_where(method, option)}")
    st.caption(CAUTION)


def _choose(method: str) -> tuple[int | None, int | str]:
    """Returns the class that is asked about (None: each network's own answer), and the method's own choice."""
    grid = st.grid(2, min_column_width=240)
    target = controls.choose_class(grid, "Class", OWN, key="target")
    if method == "Grad-CAM":
        label, options, key = "After the block of norm layer", saliency.late_blocks(networks.norm_layers()), "block"
    else:
        label, options, key = "Baseline: where the way to the picture starts", saliency.BASELINES, "baseline"
    if st.session_state.get(key, options[0]) not in options:  # chosen where the networks had more blocks
        del st.session_state[key]
    default = options[-1] if key == "block" else options[0]
    with grid.cell():
        return target, frame.one_of(label, options, default=default, required=True, key=key, **BOUND)


@take_away.replayed
def _show_one(
    digest: str, content: str, target: int | None, method: str, option: int | str, _norm: str, _pixels: np.ndarray
) -> None:
    with networks.own_copy(_norm) as copy:
        found = saliency.look(copy, _pixels, target, method, option)
    name = saved.classes()[found.target]
    limit = maps.extent(found.values, share=1 if found.difference is None else 0.99)
    picture = controls.enlarge(maps.overlay(_pixels, found.values, limit), SIDE)
    st.image(picture, output_format="PNG", alt=f"The picture in grey, tinted where the network looked for {name}")
    st.markdown(_measured(found, frame.plain(name), limit))


def _measured(found: Saliency, name: str, limit: float) -> str:
    if found.difference is not None:
        return (
            f"For **{name}**: the pixels add up to **{found.total:+.2f}**, the logit differs from the baseline's by "
            f"**{found.difference:+.2f}**; full colour at ±{limit:.2g}"
        )
    if not found.values.any():
        return f"For **{name}**: nothing in the picture speaks for it"
    return f"For **{name}**: full colour at {limit:.2g}, on a map of {found.side} x {found.side}"


def _where(method: str, option: int | str) -> str:
    if method == "Grad-CAM":
        return f"Taken after the block of norm layer {option}; each value lies where its cell looks, with smooth edges between."
    if option == "black":
        return "A pixel that is black already equals its baseline and gets nothing."
    return f"The baseline is the picture itself, blurred over {saliency.BLUR_RADIUS} pixels: colours stay, details go."
