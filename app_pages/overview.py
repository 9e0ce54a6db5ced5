"""The question, the answer in three cards, and the gap that goes away when the networks are made equal."""

import streamlit as st

from normviz.app import frame, saved
from normviz.charts import accuracies as accuracy_charts
from normviz.explain import accuracies
from normviz.training import runs
from normviz.words import pages, published

frame.open_page("overview")

for norm, run in saved.three_columns(border=True):
    final = runs.final_figures(run)
    frame.norm_heading(norm)
    st.metric("Test accuracy after the last epoch", f"{final['accuracy']:.1%}")
    st.markdown(
        f"95 % interval {final['low']:.1%} to {final['high']:.1%}  \n"
        f"**{run.info['parameters']:,}** parameters, {run.info['epochs']} epochs  \n"
        f"The source's {published.model(norm)['label_in_source']}: {published.reported(norm):.1%}, "
        f"{published.model(norm)['total_parameters']:,} parameters"
    )

table = accuracies.accuracies({"published": saved.models("published"), "controlled": saved.models("controlled")})
gap = table.groupby("series", sort=False)["accuracy"].agg(accuracies.spread)
st.subheader(f"From {gap.iloc[0]:.1f} points apart to {gap.iloc[2]:.1f}")
st.markdown(
    f"As the source reported them, the three lie **{gap.iloc[0]:.1f} points** apart. The same networks trained with a repaired "
    f"recipe: {gap.iloc[1]:.1f} points. Three networks of equal width and equal parameters: **{gap.iloc[2]:.1f} points**. "
    f"The recipe moves the gap by {abs(gap.iloc[0] - gap.iloc[1]):.1f} points, equal networks by {gap.iloc[1] - gap.iloc[2]:.1f}: "
    "nearly all of what looked like the norm was the network around it."
)
frame.show(
    accuracy_charts.accuracy_intervals(table),
    f"Test accuracy with 95 % intervals: {gap.iloc[0]:.1f} points between the source's three figures, {gap.iloc[2]:.1f} "
    "points between the three equal networks.",
)
st.caption(
    f"Points: accuracy on the {run.info['data']['test_pictures']:,} test pictures after the last epoch, seed {run.info['seed']} "
    "alone. Lines: 95 % Wilson interval, for pictures drawn anew; it does not hold the spread between seeds. The source gives "
    "no interval."
)
st.page_link(frame.PAGES["evidence"], label="What other seeds give, and what may be concluded", icon=pages.ICONS["evidence"])
with st.expander("How the source's three runs differ"):
    st.markdown("\n".join(f"- {note}" for note in published.notes()))

frame.close_page("overview")
