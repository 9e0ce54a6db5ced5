"""Three layer tables side by side, where the parameters sit, the budget, and widths of the visitor's own."""

import streamlit as st

from normviz import charts, controls, lessons, published, tables, ui

ui.open_page("parameters")

layers = {norm: ui.layer_table(norm) for norm in ui.models()}
parts = {norm: tables.parameter_parts(rows) for norm, rows in layers.items()}
totals = tables.totals(parts, lessons.MODEL_NAMES[ui.study()])
budget = published.target()["max_parameters"]

st.subheader(f"Against the budget of {budget:,}")
ui.show(charts.budget_bars(totals, budget), f"Parameters against the budget of {budget:,}. {tables.total_sentence(totals)}")

st.subheader("Layer by layer")
highest = max(table["parameters"].max() for table in parts.values())
for norm, _ in ui.three_columns():
    ui.norm_heading(norm)
    ui.show(
        charts.parameter_bars(parts[norm], norm, highest),
        f"Convolution and norm parameters of the {norm} network by convolution. {tables.total_sentence(totals, norm)}",
    )
    controls.show_layer_table(layers[norm])

st.subheader("Choose the widths yourself")
st.markdown(
    "Change the channels of each convolution and see what each kind of norm would cost. Residual convolutions keep the width of "
    "the one before them, so they share a number."
)
widths = controls.choose_widths()
for problem in tables.group_problems(widths):
    st.info(problem, icon=":material/info:")
chosen = {norm: tables.parameter_parts(ui.summary(kind, widths)) for norm, (kind, _) in lessons.COSTS.items()}
own_totals = tables.totals(chosen, lessons.COST_NAMES)
ui.show(charts.budget_bars(own_totals, budget), f"Your widths against the budget. {tables.total_sentence(own_totals)}")
st.dataframe(
    tables.cost_table(chosen).style.format(thousands=","),
    hide_index=True,
    height="content",
    alt="Parameters of your widths by convolution and kind of norm",
)

ui.close_page("parameters")
