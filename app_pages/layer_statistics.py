"""What each norm layer receives and gives, by statistic group, by depth and by training epoch."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app import layer_statistics as view

frame.open_page("layer_statistics")

layer = controls.choose_layer()
pixels = pictures.choose_batch()
if pixels is None:
    st.stop()
looks = {norm: networks.look(norm, layer, pixels) for norm in saved.models()}
shown = (frame.study(), saved.digests(), layer, networks.digest(pixels), frame.scheme())

view.show_layer(*shown, looks)
st.subheader("By depth and by training epoch")
view.show_course(*shown, controls.choose_quantity(), looks)

frame.close_page("layer_statistics")
