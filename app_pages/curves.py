"""Accuracy and loss by epoch for the three models, beside the source's own curves."""

import streamlit as st

from normviz.app import curves as view
from normviz.app import frame

frame.open_page("curves")

with_source = st.toggle("Show the source's published curves (dashed)", value=True, key="source", bind="query-params")
view.show_curves(with_source)

frame.close_page("curves")
