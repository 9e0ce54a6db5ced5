"""Three layer tables side by side, where the parameters sit, the budget, and widths of the visitor's own."""

import streamlit as st

from normviz.app import frame, networks, saved, take_away
from normviz.app import parameters as view
from normviz.charts import parameters as parameter_charts
from normviz.explain import parameters
from normviz.words import captions, naming, published

frame.open_page("parameters")

layers = {norm: networks.layer_table(norm) for norm in saved.models()}
parts = {norm: parameters.parameter_parts(rows) for norm, rows in layers.items()}
totals = parameters.totals(parts, naming.MODEL_NAMES[frame.study()])
budget = published.target()["max_parameters"]

st.subheader(f"Against the budget of {budget:,}")
frame.show(
    parameter_charts.budget_bars(totals, budget),
    f"Parameters against the budget of {budget:,}. {parameters.total_sentence(totals)}",
)

st.subheader("Layer by layer")
highest = max(table["parameters"].max() for table in parts.values())
for norm, _ in saved.three_columns():
    frame.norm_heading(norm)
    frame.show(
        parameter_charts.parameter_bars(parts[norm], norm, highest),
        f"Convolution and norm parameters of the {norm} network by convolution. {parameters.total_sentence(totals, norm)}",
    )
    view.show_layer_table(layers[norm])

st.subheader("Choose the widths yourself")
st.markdown(
    "Change the channels of each convolution and see what each kind of norm would cost. Residual convolutions keep the width of "
    "the one before them, so they share a number."
)
widths = view.choose_widths()
for problem in parameters.group_problems(widths):
    st.info(problem, icon=":material/info:")
chosen = {norm: parameters.parameter_parts(networks.summary(kind, widths)) for norm, (kind, _) in captions.COSTS.items()}
own_totals = parameters.totals(chosen, captions.COST_NAMES)
frame.show(
    parameter_charts.budget_bars(own_totals, budget), f"Your widths against the budget. {parameters.total_sentence(own_totals)}"
)
costs = parameters.cost_table(chosen)
take_away.keep("Table: parameters of each convolution and its norm.", costs)
st.table(costs.style.format(thousands=","), border="horizontal", hide_index=True)

frame.close_page("parameters")
