"""What a visitor of the lab chooses: a demo, a set-up, a guess; and how long it would take."""

import streamlit as st

from normviz.app import frame, test_set
from normviz.lab import asking, brought
from normviz.lab.presets import PRESETS
from normviz.lab.settings import Settings, SettingsError, settings
from normviz.lab.setup import LIMITS, OPTIMIZERS, RULES, WIDTHS, Setup
from normviz.model.norms import NORMS
from normviz.training.plans import CHOICES
from normviz.words import lab as words
from normviz.words import own_data

BOUND = {"bind": "query-params"}
SOONEST_SECONDS = 2  # between two looks at whether the time has been measured


def open_lab() -> Settings:
    """Returns the owner's settings, after starting the engine for who may train; ends the page where the lab is off."""
    try:
        chosen = settings()
    except SettingsError as error:
        st.error(frame.plain(error))
        st.stop()
    if chosen.mode == "off":
        st.info(words.OFF, icon=":material/block:")
        st.stop()
    try:
        keep_engine(chosen)
    except OSError as error:
        st.error(
            frame.plain(f"The folder of the lab must be one that can be written: {error}. Name another, NORMVIZ_LAB_FOLDER.")
        )
        st.stop()
    return chosen


def keep_engine(chosen: Settings) -> bool:
    """Notes that a page of the lab is looked at, and starts the engine for who may train; returns whether the workers are up.

    Raises:
        OSError: the folder of the lab cannot be written.
    """
    running = _engines()
    if may_train(chosen) and (not running or running[-1].poll() is not None):  # the first visitor, or it has died
        running.append(asking.start())
    return asking.wake(chosen)


@st.cache_resource(show_spinner=False)
def _engines() -> list:
    """Returns the engines that this server has started; the last one works, or waits for another server's to end."""
    return []


def may_train(chosen: Settings) -> bool:
    """Returns whether this visitor may start runs, or only play recorded ones."""
    return chosen.mode == "on" or (bool(chosen.owner) and st.query_params.get("owner") == chosen.owner)


def choose_demo() -> str:
    """Returns a key of `PRESETS`; choosing one sets every other choice."""
    options = {"format_func": lambda key: words.DEMOS[key].title, "required": True, "on_change": _set_up, **BOUND}
    key = frame.one_of("Demo", list(PRESETS), default="one-class", key="demo", **options)
    st.markdown(words.DEMOS[key].asks)
    return key


def _set_up() -> None:
    setup = PRESETS[st.session_state["demo"]].setup
    for name in words.CHOICES:
        value = getattr(setup, name)
        st.session_state[name] = list(value) if isinstance(value, tuple) else value


def choose_setup(demo: str, chosen: Settings, design: str) -> Setup | None:
    """Shows every choice of the set-up, folded; returns it, or None and says why it cannot be."""
    start = PRESETS[demo].setup
    with st.expander("Change the set-up", icon=":material/tune:"):
        values = _choose_values(start, chosen, own_network=bool(design))
    data, key = _choose_data(_brought(chosen.folder))
    told = words.DEMOS[demo]
    if data in ("cifar10", "drawn") and not design:
        st.markdown(f"*{told.shows_drawn if data == 'drawn' and told.shows_drawn else told.shows}*")
    try:
        return Setup(**values, data=data, design=design, brought=key)
    except ValueError as error:
        st.warning(frame.plain(f"{error}. Change the set-up above."))
        return None


def _choose_values(start: Setup, chosen: Settings, own_network: bool) -> dict:
    values = {"norms": tuple(_pills("norms", list(NORMS), list(start.norms), lambda key: NORMS[key].label))}
    grid = st.grid(4, min_column_width=190)
    lists = {"order": CHOICES["order"], "rule": list(RULES), "optimizer": OPTIMIZERS, "augmentation": CHOICES["augmentation"]}
    for name, options in (lists | {"width": list(WIDTHS)}).items():
        with grid.cell():
            values[name] = _select(name, list(options), getattr(start, name), own_network and name == "width")
    for name in ("batch_size", "groups", "pictures", "steps", "seeds", "seed"):
        with grid.cell():
            values[name] = _number(name, getattr(start, name), chosen)
    with grid.cell():
        values["learning_rate"] = _rate(start.learning_rate)
    return values


def _pills(name: str, options: list, start: list, names) -> list:
    label, _ = words.CHOICES[name]
    return st.pills(label, options, default=start, selection_mode="multi", format_func=names, key=name, **BOUND)


def _select(name: str, options: list, start: str, disabled: bool) -> str:
    label, help_text = words.CHOICES[name]
    place = options.index(start)
    shown = {"format_func": lambda key: words.NAMES.get(key, key), "help": help_text, "disabled": disabled}
    return st.selectbox(label, options, index=place, key=name, **shown, **BOUND)


def _number(name: str, start: int, chosen: Settings) -> int:
    label, help_text = words.CHOICES[name]
    low, high = LIMITS.get(name, (1, 32))
    high = min(high, chosen.most_pictures) if name == "pictures" else high
    return int(frame.number(label, low, high, value=min(start, high), key=name, help=help_text, **BOUND))


def _rate(start: float) -> float:
    label, help_text = words.CHOICES["learning_rate"]
    low, high = LIMITS["learning_rate"]
    options = {"format": "%.6g", "step": start / 2, "key": "learning_rate", "help": help_text}
    return float(frame.number(label, low, high, value=start, **options, **BOUND))


def _brought(root: str) -> str:
    """Returns the key of the pictures that the address or this visit has brought; empty without any, or where they are gone."""
    key = st.query_params.get("brought") or st.session_state.get("lab_brought", "")
    if not key:
        return ""
    try:
        brought.find(root, key)
    except brought.GoneError as error:
        st.warning(frame.plain(error), icon=":material/folder_off:")
        return ""
    st.session_state["lab_brought"] = st.query_params["brought"] = key
    return key


def _choose_data(key: str) -> tuple[str, str]:
    """Returns what is trained on, and the key of pictures that were brought where it is they."""
    split = test_set.at_hand()
    if split is None and not key:
        st.info(words.DRAWN, icon=":material/category:")
        return "drawn", ""
    here = [*(["brought"] if key else []), *([] if split is None else ["own" if split.is_own else "cifar10"]), "drawn"]
    if st.session_state.get("data", here[0]) not in here:  # chosen where other data were at hand
        del st.session_state["data"]
    options = {"format_func": words.NAMES.get, "default": here[0], "required": True, "key": "data"}
    chosen = frame.one_of("Pictures", here, **options, **BOUND)
    key = key if chosen == "brought" else ""
    if chosen in ("own", "brought"):
        classes = test_set.classes_of(chosen, key)
        st.caption(words.OWN_DATA.format(count=len(classes), classes=own_data.listed(classes)))
    return chosen, key


def choose_guess(setup: Setup) -> tuple[str, str]:
    """Lets the visitor say which norm will be best and worst; either may stay open."""
    norms = list(setup.norms)
    options = {"format_func": lambda key: NORMS[key].label, "index": None, "placeholder": "no guess"}
    grid = st.grid(2, min_column_width=240)
    with grid.cell():
        best = st.selectbox("Your guess: best at the end", norms, key="best", **options)
    with grid.cell():
        worst = st.selectbox("Your guess: worst at the end", norms, key="worst", **options)
    return best or "", worst or ""


def show_time(setup: Setup, chosen: Settings) -> None:
    """Says how long the set-up takes here, as soon as it has been measured by a few steps."""
    known = asking.speed_file(chosen, setup).exists()
    st.fragment(run_every=None if known else SOONEST_SECONDS)(_say_time)(setup, chosen, known)


def _say_time(setup: Setup, chosen: Settings, known: bool) -> None:
    try:
        up = keep_engine(chosen)
        seconds = asking.expected_seconds(chosen, setup, setup.steps, setup.seeds)
        if up and seconds is None:
            asking.ask_speed(chosen, setup)
    except (RuntimeError, OSError) as error:
        st.caption(frame.plain(f"The time could not be measured: {error}"))
        return
    if seconds is None:
        st.caption("Measuring how long a step takes here …" if up else starting(chosen))
    else:
        st.caption(f"Takes about **{spoken(seconds)}** here: {setup.steps:,} steps, measured by a few of them.")
        if not known:
            st.rerun()  # which ends the ticking


def starting(chosen: Settings) -> str:
    """Says that the workers are being started, or why they could not be."""
    trouble = asking.trouble(chosen)
    return frame.plain(f"The workers could not be started: {trouble}") if trouble else "Starting the workers …"


def spoken(seconds: float) -> str:
    """Returns a time for reading: 8 s, 3 min."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
