"""Accuracy and loss by epoch for the three models, beside the source's own curves."""

import streamlit as st

from normviz import ui
from normviz.views import curves as view

ui.open_page("curves")

with_source = st.toggle("Show the source's published curves (dashed)", value=True, key="source", bind="query-params")
view.show_curves(with_source)

ui.close_page("curves")
