"""One picture classified again and again while only the other pictures of its batch change."""

import streamlit as st

from normviz.app import batch_mates as view
from normviz.app import controls, frame, pictures

frame.open_page("batch_mates")

picture = pictures.choose_picture("its answers in many batches appear here")
pixels = picture.pixels
pool = view.pool_for(pixels)

grid = st.grid(2, min_column_width=320)
with grid.cell():
    st.image(
        controls.enlarge(pixels, 288),
        output_format="PNG",
        caption=frame.plain(picture.name),
        alt=f"The classified picture: {picture.name}",
    )
with grid.cell():
    company = view.choose_company(pool)
    view.show_batch(pixels, pool, company)

view.show_strips(pixels, pool, company)

frame.close_page("batch_mates")
