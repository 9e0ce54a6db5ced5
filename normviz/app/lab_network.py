"""The network that the lab trains where it is not the lab's own: written on the page "Your network", carried by the address."""

import streamlit as st

from normviz.app import frame
from normviz.lab import allowed
from normviz.model import designs
from normviz.words import lab as words


def chosen() -> str:
    """Returns the design that the address or this visit names; empty for the lab's own network."""
    design = st.query_params.get("design") or st.session_state.get("lab_design", "")
    if design:
        _keep(design)
    return design


def _keep(design: str) -> None:
    st.session_state["lab_design"] = design
    if design:
        st.query_params["design"] = design
    else:
        st.query_params.pop("design", None)


def show(design: str) -> None:
    """Says which network of the visitor's own is trained, with the way back to the lab's."""
    if not design:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(words.OWN_NETWORK.format(spoken=spoken(design)), width="stretch")
        st.button("The lab's own network", icon=":material/undo:", on_click=_keep, args=("",))


def spoken(design: str) -> str:
    """Returns a design for reading; letter by letter where it is none."""
    try:
        return ", ".join(words.PARTS[part.kind].format(part=part) for part in designs.read(design))
    except ValueError:
        return frame.plain(design[: allowed.LONGEST_TEXT])


def offer(text: str) -> None:
    """Shows the way from a network in YAML to the lab, or why the lab does not train it."""
    from normviz.model import written

    try:
        design = written.design_of(text)
        allowed.check(design)
    except ValueError as error:
        st.caption(frame.plain(f"Not for the lab: {error}"))
        return
    link = {"label": "Train it in the lab, a column a norm", "icon": ":material/experiment:"}
    st.page_link(frame.PAGES["lab"], query_params={"design": design}, **link)
