"""One picture classified again and again while only the other pictures of its batch change."""

import streamlit as st

from normviz import controls, images, ui
from normviz.views import batch_mates as view

ui.open_page("batch_mates")

chosen = controls.choose_picture()
if chosen is None:
    st.info("Choose a picture above; its answers in many batches appear here.", icon=":material/arrow_upward:")
    st.stop()
name, picture = chosen
pixels = images.to_network_size(picture)
pool = view.pool_for(pixels)

grid = st.grid(2, min_column_width=320)
with grid.cell():
    st.image(controls.enlarge(pixels, 288), caption=ui.plain(name), alt=f"The picture that is classified: {name}")
with grid.cell():
    company = view.choose_company(pool)
    view.show_batch(pixels, pool, company)

view.show_strips(pixels, pool, company)

ui.close_page("batch_mates")
