"""The page on mistakes: confusion matrices to click, filters, and test pictures with all three verdicts."""

from html import escape

import pandas as pd
import streamlit as st

from normviz.app import controls, frame, saved, take_away, test_set
from normviz.charts import verdicts as verdict_charts
from normviz.charts.parts import Drawing
from normviz.explain import maps, verdicts
from normviz.model.norms import COMPARED
from normviz.training import evaluation
from normviz.words import naming

ANY = "any"
SIDE = 128  # pixels of a test picture on screen, four times its own


def all_verdicts() -> pd.DataFrame:
    """Returns `evaluation.side_by_side` of the chosen study; shared by all sessions, never change it."""
    return _side_by_side(saved.digests(), {norm: saved.verdicts(norm) for norm in COMPARED})


@st.cache_resource(show_spinner=False, max_entries=4)
def _side_by_side(digests: tuple[str, ...], _verdicts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return evaluation.side_by_side(_verdicts)


def choose_confusion(norm: str) -> dict[str, dict]:
    """Draws a model's confusion matrix and returns {norm: its chosen cell}, empty where none is chosen."""
    drawing, said = _confusion(norm, saved.digests(), saved.classes(), saved.verdicts(norm))
    key = f"confusion_{norm}_{'_'.join(saved.classes())}_{st.session_state.get('cleared', 0)}"
    event = frame.show(
        drawing, f"Confusion matrix of the {norm} network.", said, key=key, on_select="rerun", selection_mode="cell"
    )
    chosen = event.selection.get("cell") or []
    return {norm: chosen[0]} if chosen else {}


@st.cache_resource(show_spinner=False, max_entries=32)
def _confusion(norm: str, digests: tuple[str, ...], classes: tuple[str, ...], _verdicts: pd.DataFrame) -> tuple[Drawing, str]:
    confusion = verdicts.named_confusion(evaluation.confusion(_verdicts, len(classes)), classes)
    return verdict_charts.confusion(confusion, norm, classes), verdicts.worst_sentence(confusion)


def choose_filters() -> dict:
    """Shows the filters and returns them as arguments of `verdicts.choose`."""
    grid = st.grid(4, min_column_width=200)
    options = {"bind": "query-params"}
    return {
        "show": grid.selectbox("Show", list(verdicts.SHOW), key="show", **options),
        "true": controls.choose_class(grid, "True class", ANY, key="true"),
        "predicted": controls.choose_class(grid, "Predicted by any network", ANY, key="predicted"),
        "confidence": _as_fractions(grid.slider("Highest confidence, %", 0, 100, (0, 100), key="confidence", **options)),
    }


def _as_fractions(percentages: tuple[int, int]) -> tuple[float, float]:
    return percentages[0] / 100, percentages[1] / 100


def describe_cells(cells: dict[str, dict]) -> None:
    """Names the chosen confusion cells, with a button that takes the choice back."""
    if not cells:
        return
    names = naming.MODEL_NAMES[frame.study()]
    said = [
        f"{names[norm]} took **{frame.plain(cell['label'])}** for **{frame.plain(cell['predicted'])}**"
        for norm, cell in cells.items()
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(" and ".join(said), width="content")
        st.button("Show all cells", icon=":material/close:", on_click=_clear_cells)


def _clear_cells() -> None:
    st.session_state["cleared"] = st.session_state.get("cleared", 0) + 1


def show_gallery(chosen: pd.DataFrame, size: int = 24) -> None:
    """Shows one page of test pictures with their verdicts, and the pages to turn."""
    if chosen.empty:
        st.info("No test picture fits these filters. Widen them, or take back the chosen cell.", icon=":material/search_off:")
        return
    pages = -(-len(chosen) // size)
    if st.session_state.get("at", 1) > pages:
        st.session_state["at"] = 1
    at = st.pagination(pages, key="at", bind="query-params") if pages > 1 else 1
    rows = chosen.iloc[(at - 1) * size : at * size]
    _pictures(*_shown(), tuple(rows["index"]), "auto-fill", rows, test_set.test_pictures())


def show_mistakes(norm: str, table: pd.DataFrame) -> None:
    """Shows the mistakes of `evaluation.side_by_side` of which a network was most confident."""
    _mistakes(norm, *_shown(), table, test_set.test_pictures())


def _shown() -> tuple:
    """Returns what tells pictures with their verdicts from others."""
    split = test_set.test_pictures()
    return frame.study(), saved.digests(), frame.scheme(), None if split is None else split.fingerprint


@take_away.replayed
def _mistakes(
    norm: str, study: str, digests: tuple[str, ...], scheme: str, content: str | None, _table: pd.DataFrame, _split
) -> None:
    _write_pictures(verdicts.most_confident_mistakes(_table, norm), _split, columns=2)


@take_away.replayed
def _pictures(
    study: str,
    digests: tuple[str, ...],
    scheme: str,
    content: str | None,
    indices: tuple[int, ...],
    columns: int | str,
    _rows: pd.DataFrame,
    _split,
) -> None:
    _write_pictures(_rows, _split, columns)


def _write_pictures(rows: pd.DataFrame, split, columns: int | str) -> None:
    """Shows test pictures (none where there is no data set) with the three verdicts under each, in one piece of HTML: an
    element for each would be slow.

    Args:
        rows: of `evaluation.side_by_side`.
        split: the test split, or None.
        columns: how many stand side by side; "auto-fill" for as many as fit.
    """
    classes, tags = [escape(name) for name in saved.classes()], {norm: controls.norm_tag(norm) for norm in COMPARED}
    lines = [f"{_image(row['index'], split)}{_verdict_lines(row, classes, tags)}" for row in rows.to_dict("records")]
    shown = "".join(f"<div>{line}</div>" for line in lines)
    look = f"display: grid; grid-template-columns: repeat({columns}, minmax(140px, 1fr)); gap: 1rem"
    st.html(f"<div style='{look}'>{shown}</div>")


def _image(index: int, split) -> str:
    place = None if split is None else split.place_of(index)
    if place is None:
        return ""
    look = f"display: block; width: {SIDE}px; image-rendering: pixelated; border-radius: 0.25rem"
    return f'<img src="{maps.data_address(split.images[place])}" alt="Test picture {index}" style="{look}">'


def _verdict_lines(row: dict, classes: list[str], tags: dict[str, str]) -> str:
    """Returns the true class and the verdicts of the three networks on one test picture, as HTML."""
    lines = [f"<b>{classes[row['label']]}</b> <span style='opacity: 0.7'>#{row['index']}</span>"]
    for norm in COMPARED:
        mark = "✓" if row[f"correct_{norm}"] else "✗"
        said = f"{mark} {classes[row[f'predicted_{norm}']]} {row[f'confidence_{norm}']:.0%}"
        lines.append(f"{tags[norm]} {said}")
    return f"<div style='font-size: 0.85rem; line-height: 1.45'>{'<br>'.join(lines)}</div>"


def show_calibration() -> None:
    """Draws how often each network is right, by its confidence."""
    _calibration(frame.scheme(), frame.study(), saved.digests(), {norm: saved.verdicts(norm) for norm in COMPARED})


@take_away.replayed
def _calibration(scheme: str, study: str, digests: tuple[str, ...], _verdicts: dict[str, pd.DataFrame]) -> None:
    calibration = verdicts.by_norm({norm: evaluation.calibration(verdict) for norm, verdict in _verdicts.items()})
    frame.show(
        verdict_charts.calibration(calibration, naming.LABELS[study]),
        "Share of right answers by confidence, one line a network, against the diagonal.",
    )
