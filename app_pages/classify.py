"""One picture, three answers."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app.saliency import show_saliency
from normviz.charts import verdicts as verdict_charts
from normviz.explain import verdicts

frame.open_page("classify")

picture = pictures.choose_picture("three answers appear here")
pixels = picture.pixels

given = st.grid(3, min_column_width=260)
with given.cell():
    st.image(picture.given, caption=frame.plain(picture.name), alt=f"The picture as given: {picture.name}")
with given.cell():
    st.image(
        controls.enlarge(pixels, 288),
        output_format="PNG",
        caption="What the networks see: 32 x 32",
        alt="The same picture at 32 by 32 pixels",
    )
answers = {norm: networks.answers(norm, pixels) for norm in saved.models()}
with given.cell():
    controls.show_agreement(answers)

for norm, run in saved.three_columns():
    frame.norm_heading(norm, run)
    frame.show(
        verdict_charts.probabilities(answers[norm], norm),
        f"Probabilities of the {norm} network.",
        verdicts.top_sentence(answers[norm]),
    )

st.caption(
    f"The networks know {len(saved.classes())} classes and must choose one of them: a picture of anything else gets a confident "
    "answer too. A probability here says how a network divides its belief among them, not how likely it is to be right."
)

show_saliency(pixels)

frame.close_page("classify")
