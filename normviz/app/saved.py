"""What is on disk, loaded once a server: runs, verdicts and studies. No PyTorch here: the first view needs none."""

import pandas as pd
import streamlit as st

from normviz.app import frame
from normviz.model.norms import COMPARED
from normviz.training import runs


def three_columns(minimum: int = 260, border: bool = False):
    """Yields (norm, run) inside a cell of its own for each model, always in the same order; one column on a phone."""
    found = models()
    grid = st.grid(3, min_column_width=minimum, border=border)
    for norm in COMPARED:
        with grid.cell():
            yield norm, found[norm]


def models(of: str | None = None) -> dict[str, runs.Run]:
    """Returns the three runs of a study (the chosen one unless named); a damaged run ends the page with its message."""
    try:
        return {norm: run(of or frame.study(), norm, stamp(of or frame.study(), norm)) for norm in COMPARED}
    except runs.RunError as error:
        st.error(frame.plain(error))
        st.stop()


def weights() -> tuple[str, ...]:
    """Returns the digests of the chosen study's weights, to cache by."""
    return tuple(run.info["files"]["weights.safetensors"] for run in models().values())


def stamp(name: str, norm: str) -> int:
    file = runs.folder_of(name, norm) / "run.json"
    return file.stat().st_mtime_ns if file.exists() else 0


@st.cache_resource(show_spinner=False)
def run(name: str, norm: str, stamp: int) -> runs.Run:
    return runs.load(name, norm)


def verdicts(norm: str) -> pd.DataFrame:
    """Returns the stored verdicts of one of the chosen study's models on all test pictures."""
    return _verdicts(frame.study(), norm, stamp(frame.study(), norm))


@st.cache_data(show_spinner=False)
def _verdicts(name: str, norm: str, stamp: int) -> pd.DataFrame:
    from normviz.training import evaluation

    return evaluation.verdicts(run(name, norm, stamp).predictions)


def evidence(name: str) -> pd.DataFrame | None:
    """Returns a study's table; where it is missing or damaged, its message is shown and there is none."""
    from normviz.studies import evidence as studies

    file = studies.files(name)[0]
    try:
        return _evidence(name, file.stat().st_mtime_ns if file.exists() else 0)
    except studies.EvidenceError as error:
        st.warning(frame.plain(error))
        return None


@st.cache_data(show_spinner=False)
def _evidence(name: str, stamp: int) -> pd.DataFrame:
    from normviz.studies import evidence as studies

    return studies.load(name)


def measured_words(name: str, table: pd.DataFrame) -> str:
    """Says where a study's numbers come from."""
    each = table.drop_duplicates("plan")
    epochs, seeds = ((", ".join(str(value) for value in sorted(each[c].unique()))) for c in ("epochs", "seed"))
    return (
        f"Measured here: {len(each)} runs, networks trained for {epochs} epochs, seed {seeds}, on "
        f"{', '.join(sorted(each['device'].unique()))}. Again with `python -m normviz study {name} --data DIR`."
    )
