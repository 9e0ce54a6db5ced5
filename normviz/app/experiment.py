"""A run of the lab on the page: live, finished, or played from a recording."""

import contextlib
import math
import time
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from normviz.app import frame, lab, lab_network, test_set
from normviz.charts.lab import Axis, Growing, stray
from normviz.lab import asking, outcome, recorded, store
from normviz.lab.settings import Settings
from normviz.lab.setup import Setup
from normviz.lab.store import About, LabRun
from normviz.model.norms import NORMS
from normviz.words import lab as words

TICK_SECONDS = 1.0
LOW = 0.6  # test accuracy at which the axis of a run on CIFAR-10 ends, as long as the run stays below
SPEEDS = {"1x": 1, "2x": 2, "5x": 5, "20x": 20}


@dataclass(frozen=True)
class Shown:
    """What the charts draw: the run's set-up, what was guessed, its points so far, where its rate was changed, and earlier runs."""

    setup: Setup
    about: About
    points: pd.DataFrame
    rates: tuple = ()
    behind: tuple[tuple[str, pd.DataFrame], ...] = ()


def show_live(run: LabRun, state: store.State, chosen: Settings, behind: list[LabRun]) -> None:
    """Draws a run that the page found in this state, once a second while it is under way."""
    active, design = state.name in store.ACTIVE, run.setup().design
    if design:
        st.caption(f"This run trains: {lab_network.spoken(design)}.")
    st.fragment(run_every=TICK_SECONDS if active else None)(_tick)(run, chosen, active, behind)


def _tick(run: LabRun, chosen: Settings, active: bool, behind: list[LabRun]) -> None:
    with contextlib.suppress(OSError):  # a full disk, or a run that was just deleted: what is there is shown
        run.look()
        lab.keep_engine(chosen)
    state = run.state()
    _say_state(run, state)
    if state.name == "queued" and asking.trouble(chosen):
        st.caption(lab.starting(chosen))
    points = run.table()
    earlier = tuple((other.about().name, other.table()) for other in behind)
    shown = Shown(run.setup(), run.about(), points, run.wanted().rates, earlier)
    draw(shown)
    if active and state.name not in store.ACTIVE:
        st.rerun()
    if state.name in store.OVER and len(points):
        conclude(shown)


def _say_state(run: LabRun, state: store.State) -> None:
    said = [f"**{frame.plain(run.about().name)}**: {words.STATES[state.name]}"]
    if state.place:
        said.append(f"place {state.place} in the queue")
    if state.seconds_left and state.name in store.ACTIVE:
        said.append(f"about {lab.spoken(state.seconds_left)} left")
    if state.why:
        said.append(frame.plain(state.why.rstrip(".")))
    st.markdown(", ".join(said) + ".")


def draw(shown: Shown) -> None:
    """Draws the charts of a run and the line of its numbers."""
    points = shown.points
    st.markdown(outcome.numbers(points, shown.setup) if len(points) else "The first point comes when the workers have begun.")
    for said in outcome.diverged(points):
        st.warning(said, icon=":material/trending_up:")
    grid = st.grid(2, min_column_width=340)
    with grid.cell():
        st.markdown("**Test accuracy**")
        axis = Axis("test accuracy", 0.0, _highest(shown))
        _chart(shown, "accuracy", axis, "Test accuracy by pictures seen, a line a norm; dashed: with the batch's statistics.")
    with grid.cell():
        st.markdown("**Training loss**")
        _chart(
            shown,
            "loss",
            Axis("cross-entropy", 0.0, 1.5 * math.log(len(test_set.classes_of(shown.setup.data, shown.setup.brought))), "~r"),
            "Training loss by pictures seen.",
        )
    _draw_causes(shown)


def _highest(shown: Shown) -> float:
    """Returns the end of the axis of accuracies: a short run on CIFAR-10 stays low; one that does not gets the whole axis."""
    drawn = [table["accuracy"].max() for table in (shown.points, *(points for _, points in shown.behind)) if len(table)]
    return LOW if shown.setup.data == "cifar10" and max(drawn, default=0.0) < 0.9 * LOW else 1.0


def _draw_causes(shown: Shown) -> None:
    st.markdown("**What explains it**")
    has_batch_norm = "batch" in shown.setup.norms
    grid = st.grid(2 + has_batch_norm, min_column_width=300)
    if has_batch_norm:
        with grid.cell():
            st.caption("Batch norm: how far the last batch's mean lies from the running mean, by layer")
            frame.show(stray(outcome.stray(shown.points)), "Distance of the batch mean from the running mean by layer.")
    with grid.cell():
        st.caption("Length of the gradient")
        _chart(shown, "gradient", Axis("gradient norm", 0.01, 100.0, "~g", log=True), "Norm of the gradient by pictures seen.")
    with grid.cell():
        st.caption("Channels that are zero throughout a batch")
        _chart(shown, "dead", Axis("share of channels", 0.0, 1.0), "Share of dead channels by pictures seen.")


def _chart(shown: Shown, quantity: str, axis: Axis, said: str) -> None:
    setup = shown.setup
    names = {norm: NORMS[norm].short + _guessed(norm, shown.about) for norm in setup.norms}
    names |= {f"{norm}, its batch": f"{NORMS[norm].short}, its batch" for norm in setup.norms}
    changes = outcome.changes(shown.points, shown.rates)
    table = outcome.lines(shown.points, quantity)
    for name, points in shown.behind:
        behind = outcome.lines(points, quantity).query("not dashed").assign(dashed=True)
        behind["series"] = behind["norm"] + f", {name}"
        names |= {f"{norm}, {name}": f"{NORMS[norm].short}, {name}" for norm in behind["norm"].unique()}
        table = pd.concat([table, behind], ignore_index=True)
    end = setup.steps * setup.batch_size
    frame.show(Growing(end, axis).drawing(table, names, changes), said, key=f"{quantity}_{end}")


def _guessed(norm: str, about: About) -> str:
    guesses = {about.best: " (your best)", about.worst: " (your worst)"}
    return guesses.get(norm, "") if norm else ""


def conclude(shown: Shown) -> None:
    """Answers the guess and says what may be concluded."""
    st.subheader("What came out")
    said = outcome.answer(shown.about, shown.points)
    if said:
        st.markdown(f"**{said}**")
    st.markdown("\n".join(f"- {line}" for line in outcome.verdict(shown.points)))
    if shown.about.preset:
        st.markdown(f"**Why?** {words.DEMOS[shown.about.preset].why}")
    if shown.about.rehearsal:
        st.info(outcome.rehearsed(shown.about, shown.points), icon=":material/fact_check:")


def replay(demo: str) -> None:
    """Plays the recording of a demo, with the controls of a live run."""
    record = recorded.load(demo)
    player = st.session_state.get("player", {})
    if player.get("demo") != demo:
        player = st.session_state["player"] = {"demo": demo, "at": 0.0, "since": time.monotonic(), "playing": True}
    st.info(f"**Recorded on {record.recorded_on}**, {record.machine}. Nothing is trained now.", icon=":material/movie:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        speed = frame.one_of("Speed", list(SPEEDS), default="2x", required=True, key="speed")
        playing = player["playing"]
        label, icon = ("Pause", ":material/pause:") if playing else ("Go on", ":material/play_arrow:")
        st.button(label, icon=icon, on_click=_play, args=(not playing,))
        st.button("One step", icon=":material/skip_next:", on_click=_one_point, disabled=playing)
        st.button("From the start", icon=":material/replay:", on_click=st.session_state.pop, args=("player", None))
        st.button("Close the recording", icon=":material/close:", on_click=_close_player)
    over = player["at"] >= record.seconds
    st.fragment(run_every=TICK_SECONDS / 2 if playing and not over else None)(_play_on)(record, SPEEDS[speed])


def _play(playing: bool) -> None:
    st.session_state["player"] |= {"playing": playing, "since": time.monotonic()}


def _one_point() -> None:
    player = st.session_state["player"]
    player["at"] = recorded.load(player["demo"]).next_point(player["at"])


def _close_player() -> None:
    st.session_state.pop("player", None)
    st.session_state["replaying"] = False


def _play_on(record: recorded.Recording, speed: int) -> None:
    player = st.session_state.get("player")
    if player is None:
        return
    now = time.monotonic()
    if player["playing"]:
        player["at"] = min(record.seconds, player["at"] + speed * (now - player["since"]))
    player["since"] = now
    shown = Shown(record.setup, record.about, record.until(player["at"]))
    draw(shown)
    if player["at"] >= record.seconds:
        if player["playing"]:
            player["playing"] = False
            st.rerun()
        conclude(shown)
