"""What is on disk, loaded once a server: runs, verdicts and studies. No PyTorch here: the first view needs none."""

import json
from functools import lru_cache
from hashlib import sha256

import pandas as pd
import streamlit as st

from normviz.app import frame, this_run
from normviz.model.norms import COMPARED, NORMS
from normviz.training import runs
from normviz.words import lab, naming, questions

OWN_PAGES = ("layer_statistics", "journey", "batch_mates", "invariances", "mistakes", "classify")  # that show single networks


def three_columns(minimum: int = 260, border: bool = False):
    """Yields (norm, run) inside a cell of its own for each model, always in the same order; one column on a phone."""
    found = models()
    grid = st.grid(3, min_column_width=minimum, border=border)
    for norm in COMPARED:
        with grid.cell():
            yield norm, found[norm]


def models(of: str | None = None) -> dict[str, runs.Run]:
    """Returns the three runs of a study (the chosen one unless named); a damaged run ends the page with its message."""
    name = of or frame.study()
    try:
        return this_run.once(("models", name), lambda: {norm: run(name, norm, stamp(name, norm)) for norm in COMPARED})
    except runs.RunError as error:
        st.error(frame.plain(error))
        st.stop()


def classes() -> tuple[str, ...]:
    """Returns the classes that the networks of the page know."""
    return models()["batch"].classes


def shows_own_data() -> bool:
    """Returns whether the networks of the page were trained on own data."""
    return models()["batch"].is_own


def digests(of: str | None = None) -> tuple[str, ...]:
    """Returns a digest of each of a study's runs (the chosen one unless named), to cache by.

    It is one of everything that run.json holds: runs of equal weights may differ in their test pictures and class names.
    """
    return tuple(digest(run) for run in models(of).values())


def digest(run: runs.Run) -> str:
    """Returns what tells a run from all others."""
    return sha256(json.dumps(run.info, sort_keys=True).encode()).hexdigest()


def use_own(root: str, norms: list[str], said: str, brought: str = "") -> None:
    """Puts a visitor's own finished runs in the place of the shipped ones of `controlled`, for this visit.

    Args:
        root: folder that holds controlled/<norm>/.
        norms: which it holds.
        said: how they are called on the pages.
        brought: key of the pictures that they were trained on, where the visitor has brought them.
    """
    st.session_state["own"] = {"root": root, "norms": norms, "said": said, "brought": brought}


def own() -> dict | None:
    """Returns what `use_own` was given; None on a page of the shipped networks alone, and where there are no others."""
    return st.session_state.get("own") if st.session_state.get("page") in OWN_PAGES else None


def show_own(page: str) -> None:
    """Notes which page runs, and says on a page that shows a visitor's own networks that it does, with the way back."""
    st.session_state["page"] = page
    chosen = own()
    if chosen and frame.study() == "controlled":
        frame.explain_study(naming.OWN_MEANING)
        names = ", ".join(NORMS[norm].label for norm in chosen["norms"])
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(lab.OWN.format(names=names, run=frame.plain(chosen["said"])), width="content")
            st.button("Back to the shipped networks", icon=":material/undo:", on_click=st.session_state.pop, args=("own", None))


def _root(name: str, norm: str) -> str:
    chosen = own()
    return chosen["root"] if chosen and name == "controlled" and norm in chosen["norms"] else str(runs.CHECKPOINTS)


def stamp(name: str, norm: str) -> tuple[str, int]:
    """Returns the folder that holds a run, and when it was written: what its caches go by."""
    return this_run.once(("stamp", name, norm), lambda: _stamp(name, norm))


def _stamp(name: str, norm: str) -> tuple[str, int]:
    root = _root(name, norm)
    file = runs.folder_of(name, norm, root) / "run.json"
    return root, file.stat().st_mtime_ns if file.exists() else 0


@lru_cache(maxsize=32)  # a key of Streamlit's caches takes longer to make, and a page asks a hundred times
def run(name: str, norm: str, stamp: tuple[str, int]) -> runs.Run:
    return runs.load(name, norm, stamp[0])


def verdicts(norm: str) -> pd.DataFrame:
    """Returns the stored verdicts of one of the chosen study's models on all test pictures; shared, never change them."""
    return _verdicts(frame.study(), norm, stamp(frame.study(), norm))


@st.cache_resource(show_spinner=False, max_entries=32)
def _verdicts(name: str, norm: str, stamp: tuple[str, int]) -> pd.DataFrame:
    from normviz.training import evaluation

    return evaluation.verdicts(run(name, norm, stamp).predictions)


def evidence(name: str) -> pd.DataFrame | None:
    """Returns a study's table, shared, never change it; where it is missing or damaged, its message is shown and there is
    none."""
    from normviz.studies import evidence as studies

    try:
        return _evidence(name, evidence_stamp(name))
    except studies.EvidenceError as error:
        st.warning(frame.plain(error))
        return None


def evidence_stamp(name: str) -> int:
    """Returns when a study's table was written, 0 where there is none: what its caches go by."""
    from normviz.studies import evidence as studies

    file = studies.files(name)[0]
    return file.stat().st_mtime_ns if file.exists() else 0


def seeds() -> pd.DataFrame | None:
    """Returns the chosen study's networks trained over seeds; None where that was not begun for `budget`, or as `evidence`."""
    from normviz.studies import evidence as studies

    name = studies.SEEDS_OF[frame.study()]
    return evidence(name) if name == "seeds" or studies.files(name)[0].exists() else None


def covers(table: pd.DataFrame | None, name: str) -> bool:
    """Returns whether a study holds the three networks of the one that is chosen on the page, and says so where it does not.

    Of a damaged table `evidence` has said what is wrong.
    """
    whole = table is not None and _covers(name, evidence_stamp(name), frame.study(), table)
    if not whole and (table is not None or not evidence_stamp(name)):
        st.info(questions.NOT_YET.format(study=frame.study(), name=name), icon=":material/hourglass_empty:")
    return whole


@st.cache_data(show_spinner=False, max_entries=100)
def _covers(name: str, stamp: int, study: str, _table: pd.DataFrame) -> bool:
    from normviz.studies import findings

    return findings.covers(_table, study)


@st.cache_resource(show_spinner=False, max_entries=32)
def _evidence(name: str, stamp: int) -> pd.DataFrame:
    from normviz.studies import evidence as studies

    return studies.load(name)


def measured_words(name: str, table: pd.DataFrame) -> str:
    """Says where a study's numbers come from."""
    return _measured_words(name, evidence_stamp(name), table)


@st.cache_data(show_spinner=False, max_entries=100)
def _measured_words(name: str, stamp: int, _table: pd.DataFrame) -> str:
    each = _table.drop_duplicates("plan")
    epochs, seeds = (sorted(each[column].unique()) for column in ("epochs", "seed"))
    epochs_said = f"{', '.join(map(str, epochs))} epoch{'s' * (epochs != [1])}"
    seeds_said = f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    return (
        f"Measured here: {len(each)} runs, networks trained for {epochs_said}, {seeds_said}, on "
        f"{', '.join(sorted(each['device'].unique()))}. Again with `python -m normviz study {name} --data DIR`."
    )
