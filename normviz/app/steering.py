"""The runs of a visit: begun, steered, kept, and opened on the other pages."""

import secrets
import time
from dataclasses import asdict, replace

import streamlit as st

from normviz import disk
from normviz.app import browsers, frame, lab, saved
from normviz.lab import asking, recorded, store
from normviz.lab.presets import PRESETS
from normviz.lab.settings import Settings
from normviz.lab.setup import LIMITS, Setup
from normviz.lab.store import LabRun
from normviz.model.norms import COMPARED
from normviz.words import lab as words

ROOM_BYTES = 50_000_000  # that a run may write
_OF_NO_MATTER = ("steps", "seeds", "seed", "pictures", "data", "brought", "learning_rate", "rule")  # the rate counts
OPENING_SECONDS = 60  # that making finished runs may take


def visit() -> str:
    """Returns the name that the runs of this browser carry; where it keeps no cookies, those of this visit."""
    return st.session_state.setdefault("visit", browsers.name(st.context.cookies) or secrets.token_hex(6))


def is_mine(run: LabRun) -> bool:
    """Returns whether this browser has begun a run; who comes by a link may watch it, and leave it as it is."""
    return run.about().visit == visit()


def find_run(chosen: Settings) -> LabRun | None:
    """Returns the run that the address or this visit is about."""
    key = st.query_params.get("run") or st.session_state.get("lab_run")
    run = store.find(chosen.folder, key) if key else None
    if run is not None:
        show_run(run.key)
    return run


def show_run(key: str | None) -> None:
    """Makes a run the one that the page shows, by its address too."""
    st.session_state["lab_run"] = key
    if key:
        st.query_params["run"] = key
    else:
        st.query_params.pop("run", None)


def begin(chosen: Settings, setup: Setup, demo: str, guess: tuple[str, str], rehearsal: bool = False) -> None:
    """Puts a run into the queue and shows it; one that this visit has under way is stopped first.

    Where the disk is full that is said, and nothing is begun.
    """
    if not lab.may_train(chosen):
        return
    try:
        _begin(chosen, setup, demo, guess, rehearsal)
    except (disk.DiskError, OSError) as error:
        st.error(frame.plain(error))


def _begin(chosen: Settings, setup: Setup, demo: str, guess: tuple[str, str], rehearsal: bool) -> None:
    disk.check_writable(chosen.folder, ROOM_BYTES)
    for run in store.of_visit(chosen.folder, visit()):
        if run.state().name in store.ACTIVE:
            run.want(do="stop")
    preset = demo if is_of(demo, setup) else ""
    number = len(store.of_visit(chosen.folder, visit())) + 1
    title = words.DEMOS[demo].title if preset else f"Own {'network' if setup.design else 'set-up'}"
    about = store.About(f"{number}. {title}", visit(), preset, *guess, rehearsal)
    show_run(store.create(chosen.folder, setup, about).key)


def is_of(demo: str, setup: Setup) -> bool:
    """Returns whether a set-up is the demo's, whatever its steps, seeds and pictures."""
    given, of_demo = asdict(setup) | {"rate": setup.rate}, asdict(PRESETS[demo].setup) | {"rate": PRESETS[demo].setup.rate}
    return all(given[name] == of_demo[name] for name in given if name not in _OF_NO_MATTER)


def steer(run: LabRun, state: store.State, chosen: Settings) -> None:
    """Shows the buttons that pause, step, go on, stop and repeat a run, and change its rate. They stand outside the part
    that ticks, where a click would wait for it."""
    if state.name in store.ACTIVE and not is_mine(run):
        st.info(words.WATCHED, icon=":material/visibility:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if state.name in store.ACTIVE:
            paused = run.wanted().do == "pause"
            label, icon = ("Go on", ":material/play_arrow:") if paused else ("Pause", ":material/pause:")
            st.button(label, icon=icon, on_click=_want, args=(run,), kwargs={"do": "run" if paused else "pause"})
            st.button("One step", icon=":material/skip_next:", on_click=_grant_step, args=(run,), disabled=not paused)
            st.button("Stop", icon=":material/stop:", on_click=_want, args=(run,), kwargs={"do": "stop"})
            _change_rate(run)
        else:
            again = (chosen, run.setup(), run.about().preset or "one-class", (run.about().best, run.about().worst))
            st.button("Again, same seed", icon=":material/replay:", on_click=begin, args=again)
            st.download_button(
                "Points as CSV",
                run.table().to_csv(index=False),
                f"normviz-{run.key}.csv",
                "text/csv",
                icon=":material/download:",
            )
            st.button("Close", icon=":material/close:", on_click=show_run, args=(None,))


def _want(run: LabRun, **changes) -> None:
    try:
        run.want(**changes)
    except OSError as error:
        st.error(frame.plain(error))


def _grant_step(run: LabRun) -> None:
    _want(run, do="pause", granted=run.wanted().granted + 1)


def _change_rate(run: LabRun) -> None:
    rates = run.wanted().rates
    now = rates[-1][1] if rates else run.setup().rate
    low, high = LIMITS["learning_rate"]
    low, high = min(low, now), max(high, now)  # a rule may have taken it beyond
    options = {"format": "%.6g", "step": now, "key": f"rate_{run.key}"}
    st.number_input("Learning rate from here on", low, high, value=now, on_change=_want_rate, args=(run,), width=220, **options)


def _want_rate(run: LabRun) -> None:
    _want(run, rates=[*run.wanted().rates, (run.state().step, st.session_state[f"rate_{run.key}"])])


def show_start(chosen: Settings, setup: Setup | None, demo: str, guess: tuple[str, str]) -> None:
    """Shows the buttons that begin: the run itself, a rehearsal of the demo, and its recording.

    What was chosen just before the click counts: a callback would be given what the page held when the button was drawn.
    """
    with st.container(horizontal=True):
        if lab.may_train(chosen):
            # Streamlit writes in white on the primary colour, which on a dark page must be light itself
            kind = "primary" if frame.scheme() == "light" else "secondary"
            options = {"type": kind, "icon": ":material/play_arrow:", "disabled": setup is None}
            if st.button("Start", **options):
                _begin_here(chosen, setup, demo, guess)
            preset = PRESETS[demo]
            small = setup and replace(
                preset.setup,
                steps=preset.rehearsal_steps,
                pictures=min(preset.setup.pictures, chosen.most_pictures),
                data=setup.data,
                brought=setup.brought,
            )
            if st.button("Check this demo here", icon=":material/fact_check:", disabled=setup is None):
                _begin_here(chosen, small, demo, ("", ""), True)
        if demo in recorded.demos():
            st.button("Play the recording", icon=":material/movie:", on_click=_replay)
    if not lab.may_train(chosen):
        st.info(words.REPLAY, icon=":material/movie:")


def _begin_here(*arguments) -> None:
    st.session_state["replaying"] = False
    begin(*arguments)


def _replay() -> None:
    st.session_state["replaying"] = True
    st.session_state.pop("player", None)


def show_kept(chosen: Settings, shown: LabRun, state: store.State) -> None:
    """Shows the other runs of the visit, a name for this one, and the way to the other pages."""
    others = [run for run in store.of_visit(chosen.folder, visit()) if run.key != shown.key]
    if others or is_mine(shown):
        with st.expander("Runs of this visit", icon=":material/history:"):
            if is_mine(shown):
                options = {"key": f"name_{shown.key}", "on_change": _rename, "args": (shown,)}
                st.text_input("Name of this run", value=shown.about().name, **options)
            for run in others:
                label = f"{frame.plain(run.about().name)}: {words.STATES[run.state().name]}"
                st.button(label, key=f"show_{run.key}", icon=":material/visibility:", on_click=show_run, args=(run.key,))
    if state.name in store.OVER:
        _offer_pages(chosen, shown)


def choose_overlay(chosen: Settings, shown: LabRun) -> list[LabRun]:
    """Lets the visitor draw earlier runs of the visit behind the one that is shown."""
    others = {run.key: run for run in store.of_visit(chosen.folder, visit()) if run.key != shown.key}
    if not others:
        return []
    names = {key: run.about().name for key, run in others.items()}
    keys = st.multiselect("Earlier runs behind it", list(others), format_func=names.get, key="overlay")
    return [others[key] for key in keys]


def _rename(run: LabRun) -> None:
    try:
        run.rename(st.session_state[f"name_{run.key}"])
    except OSError as error:
        st.error(frame.plain(error))


def _offer_pages(chosen: Settings, run: LabRun) -> None:
    """Offers to put the run's networks in the place of the shipped ones, as they stood at a saved step."""
    setup, steps = run.setup(), run.saved_steps()
    norms = [norm for norm in COMPARED if norm in setup.norms]
    beside_shipped = setup.data == "cifar10" and not setup.design
    if len(norms) < (1 if beside_shipped else len(COMPARED)) or not steps:
        st.caption(words.NOT_FOR_PAGES if steps else words.NOTHING_SAVED)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.select_slider("As it stood at step", steps, value=steps[-1], width=320) if len(steps) > 1 else steps[0]
        if st.button("Open on the other pages as my network", icon=":material/open_in_new:"):
            _open_on_pages(chosen, run, step, norms)


def _open_on_pages(chosen: Settings, run: LabRun, step: int, norms: list[str]) -> None:
    before, deadline = run.state().why, time.monotonic() + OPENING_SECONDS
    try:
        if not _is_exported(run, step, norms):
            asking.ask_export(chosen, run, step)
        with st.spinner("Measuring it on the test pictures"):
            while not _is_exported(run, step, norms) and time.monotonic() < deadline and run.state().why == before:
                lab.keep_engine(chosen)
                time.sleep(0.2)
    except OSError as error:
        st.error(frame.plain(error))
        return
    if _is_exported(run, step, norms):
        saved.use_own(str(run.exported(step)), norms, f"{run.about().name}, step {step:,}", run.setup().brought)
        st.rerun()
    why = run.state().why
    st.error(frame.plain(why if why != before else "The workers did not answer: try again."))


def _is_exported(run: LabRun, step: int, norms: list[str]) -> bool:
    return all((run.exported(step) / "controlled" / norm / "run.json").exists() for norm in norms)
