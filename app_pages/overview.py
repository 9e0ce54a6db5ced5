"""The question, the answer in three cards, and the gap that goes away when the networks are made equal."""

import streamlit as st

from normviz.app import frame
from normviz.app import overview as view
from normviz.words import pages, published

frame.open_page("overview")

view.show_answer()

st.page_link(frame.PAGES["evidence"], label="What other seeds give, and what may be concluded", icon=pages.ICONS["evidence"])
with st.expander("How the source's three runs differ"):
    st.markdown("\n".join(f"- {note}" for note in published.notes()))

frame.close_page("overview")
