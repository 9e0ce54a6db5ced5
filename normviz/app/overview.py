"""What the overview is made of, the seeds study where it is at hand, else the shipped networks; drawn once and replayed."""

import pandas as pd
import streamlit as st

from normviz.app import frame, saved, take_away
from normviz.charts import accuracies as accuracy_charts
from normviz.explain import accuracies
from normviz.studies import evidence, headline
from normviz.training import runs
from normviz.training.runs import Run
from normviz.words import published


def seeds() -> pd.DataFrame | None:
    """Returns the seeds study, None where it was not carried out or not yet for all networks that are compared."""
    if not evidence.files("seeds")[0].exists():
        return None
    table = saved.evidence("seeds")
    return table if headline.has_all(table) else None


def show_answer() -> None:
    """Shows a card a network, and what lies between them."""
    stamps = tuple(map(saved.evidence_stamp, ("seeds", evidence.SEEDS_OF[frame.study()])))
    shipped = tuple(digest for study in headline.STUDIES for digest in saved.digests(study))
    _show_answer(frame.scheme(), frame.study(), saved.digests(), shipped, stamps)


@take_away.replayed
def _show_answer(scheme: str, study: str, digests: tuple[str, ...], shipped: tuple[str, ...], stamps: tuple[int, ...]) -> None:
    table = seeds()
    of_study = table if study in headline.STUDIES else saved.seeds()
    for norm, run in saved.three_columns(border=True):
        frame.norm_heading(norm, run)
        _show_card(norm, run, of_study)
    _show_gap(table)


def _show_card(norm: str, run: Run, table: pd.DataFrame | None) -> None:
    """Shows the shipped network's own figures, the mean over seeds, and the source's.

    Args:
        norm: key of the network.
        run: the shipped one.
        table: of the study that trains it over seeds, or None.
    """
    final = runs.final_figures(run)
    st.metric(f"Shipped network, seed {run.info['seed']}: test accuracy", f"{final['accuracy']:.1%}")
    st.markdown(
        f"95% interval over test pictures: {final['low']:.1%} to {final['high']:.1%}  \n{_mean(norm, table)}"
        f"**{run.info['parameters']:,}** parameters, {run.info['epochs']} epochs  \n"
        f"The source's {published.model(norm)['label_in_source']}: {published.reported(norm):.1%}, "
        f"{published.model(norm)['total_parameters']:,} parameters"
    )


def _mean(norm: str, table: pd.DataFrame | None) -> str:
    seeds = [] if table is None else evidence.by_seed(table, frame.study(), norm)
    if not len(seeds):
        return ""
    found = evidence.mean_interval(seeds)
    return f"Mean of {found['count']} seeds: **{found['mean']:.1%}**, {found['low']:.1%} to {found['high']:.1%}  \n"


def _show_gap(table: pd.DataFrame | None) -> None:
    """Shows what lies between the three networks: over seeds where there are some, else between the shipped ones."""
    if table is None:
        _show_shipped_gap()
        return
    left = headline.apart(table, "controlled")
    st.subheader(f"From {headline.reported():.1f} points apart to {left.points:.1f}")
    st.markdown(headline.sentence(table))
    frame.show(
        accuracy_charts.accuracy_intervals(accuracies.over_seeds(table)),
        f"Mean test accuracy over seeds with 95% intervals: {headline.reported():.1f} points between the source's three "
        f"figures, {left} between the best and the worst of the three equal networks.",
    )
    st.caption(
        f"Points: mean accuracy after the last epoch over {left.seeds} seeds. Lines: 95% Student t interval of the mean; that of "
        "a gap is paired by seed. The source gives one run each and no interval."
    )


def _show_shipped_gap() -> None:
    shipped = {study: saved.models(study) for study in accuracies.SERIES}
    table = accuracies.of_shipped(shipped)
    theirs, ours, equal = table.groupby("series", sort=False)["accuracy"].agg(accuracies.spread)
    st.subheader(f"From {theirs:.1f} points apart to {equal:.1f}")
    st.markdown(
        f"As the source reported them, the three lie **{theirs:.1f} points** apart. The same networks trained with a repaired "
        f"recipe: {ours:.1f} points. Three networks of equal width and equal parameters: **{equal:.1f} points**. One run each: "
        "another seed gives another gap."
    )
    frame.show(
        accuracy_charts.accuracy_intervals(table),
        f"Test accuracy of single runs with 95% intervals: {theirs:.1f} points between the source's three figures, {equal:.1f} "
        "points between the three equal networks.",
    )
    data, seed = _facts(shipped)
    st.caption(
        f"Points: accuracy on the {data['test_pictures']:,} test pictures after the last epoch, seed {seed} alone. Lines: 95% "
        "Wilson interval, for pictures drawn anew; it does not hold the spread between seeds. The source gives no interval."
    )


def _facts(shipped: dict[str, dict[str, Run]]) -> tuple[dict, int]:
    info = shipped["controlled"]["batch"].info
    return info["data"], info["seed"]
