"""The script of a visit: page settings, navigation, the study that every page shares, and the page itself."""

import streamlit as st

from normviz.app import ahead, frame, saved, this_run

st.set_page_config(page_title="normviz: batch, group and layer norm", page_icon="🔬", layout="wide")
ahead.note_click()
this_run.begin()
page = frame.navigation()
frame.choose_study()
saved.show_own(page.url_path)
with ahead.turn():
    page.run()
