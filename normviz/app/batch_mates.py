"""The page on batch mates: the choice of mates, the batch as a picture, and the strips as batch after batch comes in."""

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from normviz.app import frame, networks, saved, take_away, test_set
from normviz.charts import batch_mates as batch_mates_charts
from normviz.explain import batch_mates
from normviz.explain.batch_mates import BATCHES, BRIGHTENING, ROUND, SIZES, STRIPS, Company, Pool
from normviz.model.norms import COMPARED
from normviz.words import naming

BOUND = {"bind": "query-params"}
SHOWN = 24  # pictures of a batch that are drawn
PAUSE = 0.3  # seconds between two rounds
KEY = (
    "One mark a batch, the first on top; the shade reaches from the lowest to the highest. The probability is that of the "
    "class which the network in evaluation mode answers for the picture alone. **Filled**: this class is the answer; **hollow**: "
    "another one is. Spread: highest minus lowest probability. The same batches went through every network, each as a whole, "
    "computed here and now; in training mode on a copy of the network."
)


def choose_company(pool: Pool) -> Company:
    """Lets the visitor choose who else is in the batch.

    Args:
        pool: what mates can be drawn from, without the picture itself.
    """
    known = pool.classes()
    kinds = [kind for kind in batch_mates.KINDS if known or kind != "one class"]
    if st.session_state.get("mates", kinds[0]) not in kinds:
        del st.session_state["mates"]
    kind = frame.one_of("The other pictures", kinds, default=kinds[0], required=True, key="mates", **BOUND)
    with st.container():  # keeps what is below in its place
        label = _choose_class(known) if kind == "one class" else None
    size = st.select_slider("Pictures in the batch", SIZES, value=8, key="batch", **BOUND)
    return Company(kind, size, label)


def _choose_class(known: list[str]) -> str:
    if st.session_state.get("class", known[0]) not in known:
        del st.session_state["class"]
    return st.selectbox("All of class", known, key="class", **BOUND)


def pool_for(pixels: np.ndarray) -> Pool:
    """Returns the test images, or the shipped examples where no data set is at hand; without the picture itself."""
    split = test_set.test_pictures()
    classes = saved.classes()
    pool = _examples(classes) if split is None else Pool(split.images, split.labels, False, split.fingerprint, names=classes)
    return pool.without(pixels)


@st.cache_resource(show_spinner=False)
def _examples(classes: tuple[str, ...]) -> Pool:
    return batch_mates.example_pool(classes)


def source_words(pool: Pool, company: Company) -> str:
    """Says where the mates come from."""
    if company.kind == "noise":
        return "Noise: every value of every pixel is drawn from 0 to 255."
    source = "the shipped examples, flipped, moved and brightened or darkened at random" if pool.few else "the test images"
    lit = f", then multiplied by {BRIGHTENING:g} and cut at white" if company.kind == "brightened" else ""
    return f"Drawn from {source}{lit}; never the picture itself."


def show_batch(pixels: np.ndarray, pool: Pool, company: Company) -> None:
    """Draws the first pictures of the first batch, the framed one being the visitor's."""
    _first_batch(networks.digest(pixels), pool.fingerprint, company, pixels, pool)


@take_away.replayed
def _first_batch(content: str, among: str, company: Company, _pixels: np.ndarray, _pool: Pool) -> None:
    shown = batch_mates.batch(_pixels, _pool, company, 0)[:SHOWN]
    sheet = Image.fromarray(batch_mates.sheet(shown))
    more = f", {len(shown)} of {company.size} pictures" if company.size > len(shown) else ""
    st.image(
        sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.NEAREST),
        caption=f"The first batch{more}. {source_words(_pool, company)}",
        alt=f"The picture, framed, among {company.size - 1} others: {company.kind}",
    )


def show_strips(pixels: np.ndarray, pool: Pool, company: Company) -> None:
    """Draws the answers for the batches of one round at once; further rounds come in by themselves until all are there."""
    choice = (saved.digests(), networks.digest(pixels), pool.fingerprint, company)
    kept, rounds = st.session_state.get("batch_mates_rounds", (None, 0))
    st.session_state["batch_mates_rounds"] = (choice, rounds if kept == choice else 0)
    waiting = st.session_state["batch_mates_rounds"][1] + 1 < _rounds_needed(company)
    st.fragment(_next_round, run_every=PAUSE if waiting else None)(choice, waiting, pixels, pool)


def _a_round(company: Company) -> int:
    return max(1, ROUND // company.size)


def _rounds_needed(company: Company) -> int:
    return -(-BATCHES // _a_round(company))


def _next_round(choice: tuple, waiting: bool, pixels: np.ndarray, pool: Pool) -> None:
    needed = _rounds_needed(choice[-1])
    rounds = min(st.session_state["batch_mates_rounds"][1] + 1, needed)
    st.session_state["batch_mates_rounds"] = (choice, rounds)
    answering = {norm: networks.network(norm) for norm in COMPARED}
    parts = [_answers(choice, number, answering, pixels, pool) for number in range(rounds)]
    given, own = np.concatenate(parts, axis=1), _own_answers(*choice[:2], answering, pixels)
    _draw(choice, rounds, frame.study(), frame.scheme(), given, own)
    if waiting and rounds == needed:
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=400)
def _answers(choice: tuple, number: int, _networks: dict, _pixels: np.ndarray, _pool: Pool) -> np.ndarray:
    company, a_round = choice[-1], _a_round(choice[-1])
    numbers = range(number * a_round, min((number + 1) * a_round, BATCHES))
    return batch_mates.answers(_networks, [batch_mates.batch(_pixels, _pool, company, one) for one in numbers])


@st.cache_data(show_spinner=False, max_entries=400)
def _own_answers(digests: tuple[str, ...], content: str, _networks: dict, _pixels: np.ndarray) -> list[int]:
    return batch_mates.own_answers(_networks, _pixels)


@take_away.replayed
def _draw(choice: tuple, rounds: int, study: str, scheme: str, _given: np.ndarray, _own: list[int]) -> None:
    table, company = batch_mates.strips(_given, _own, saved.classes()), choice[-1]
    found, count = batch_mates.spreads(table), int(table["batch"].max())
    said = batch_mates.sentence(found, count)
    names = naming.MODEL_NAMES[study]
    titles = [f"{names[norm]}{f', {mode}' if mode else ''}" for norm, mode in STRIPS.values()]
    found = found.assign(title=titles, said=[f"spread {batch_mates.written(value)}" for value in found["spread"]])
    st.subheader(f"{count} batches of {company.size}" + (f", of {BATCHES}" if count < BATCHES else ""))
    st.markdown(f"**{frame.plain(said)}**")
    frame.show(batch_mates_charts.strips(table, found, BATCHES), "Answers of each network for batch after batch.", said)
    st.caption(KEY)
    _show_answers(found)


def _show_answers(found: pd.DataFrame) -> None:
    columns = {"title": "Network", "own": "Alone", "given": "In these batches"}
    shown, names = found[list(columns)].rename(columns=columns), (columns["own"], columns["given"])
    frame.table(shown, "Table: answers alone and in these batches.", names, hide_index=True)
