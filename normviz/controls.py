"""What a visitor chooses with, and the parts of a page that several charts or pages share."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from normviz import images, lessons, tables, ui
from normviz.classes import CLASS_NAMES
from normviz.norms import COMPARED, NORMS

SIDE = 128  # pixels of a test picture on screen, four times its own


def show_layer_table(layers: list[dict]) -> None:
    table = pd.DataFrame(layers)
    table["output_shape"] = [" x ".join(map(str, shape[1:])) for shape in table["output_shape"]]
    st.dataframe(
        table.rename(columns={"index": "#", "output_shape": "output C x H x W"}),
        hide_index=True,
        height=420,
        column_config={"parameters": st.column_config.NumberColumn(format="localized")},
        alt=f"Layer table: {len(table)} rows, {table['parameters'].sum():,} parameters",
    )


def choose_widths() -> tuple[int, ...]:
    """Returns ten widths, from a number a row of `lessons.WIDTH_CHOICES` and presets of the source's three networks."""
    from normviz.network import PUBLISHED_WIDTHS

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Start from", width="content")
        for norm, preset in PUBLISHED_WIDTHS.items():
            st.button(lessons.MODEL_NAMES["published"][norm], key=f"preset_{norm}", on_click=_set_widths, args=(preset,))
    numbers = {}
    for key, (label, places) in _width_cells():
        start = PUBLISHED_WIDTHS["batch"][places[0] - 1]
        value = st.number_input(label, 1, 256, value=start, key=key, bind="query-params")
        numbers |= dict.fromkeys(places, int(value))
    return tuple(numbers[place] for place in sorted(numbers))


def _width_cells():
    grid = st.grid(7, min_column_width=120)
    for key, choice in lessons.WIDTH_CHOICES.items():
        with grid.cell():
            yield key, choice


def _set_widths(preset: tuple[int, ...]) -> None:
    for key, (_, places) in lessons.WIDTH_CHOICES.items():
        st.session_state[key] = preset[places[0] - 1]


def offer_download() -> None:
    """Shows the button that fetches CIFAR-10, its progress, and what went wrong if it did."""
    from normviz import data

    with st.container(border=True):
        st.markdown(
            "The pictures of CIFAR-10 are not part of this project. Everything but them is shown; one click fetches them "
            f"({data.ARCHIVE_BYTES / 1e6:.0f} MB) into `{data.download_folder().name}/`."
        )
        if not st.button("Fetch CIFAR-10", icon=":material/download:", key="fetch"):
            return
        bar = st.progress(0.0, "Fetching CIFAR-10")
        try:
            data.download(data.download_folder(), lambda part: bar.progress(part, f"Fetching CIFAR-10: {part:.0%}"))
        except data.DataError as error:
            bar.empty()
            st.error(ui.plain(f"{error}. The button above tries again."))
            return
    st.rerun()


def choose_picture() -> tuple[str, Image.Image] | None:
    """Lets the visitor choose an example, a test image by its index, a file or the camera.

    Returns:
        (name, RGB picture), or None as long as there is none; a picture that cannot be used gets one sentence. The last
        picture is kept for the other pages.
    """
    way = st.segmented_control(
        "Picture",
        ["example", "test image", "upload", "camera"],
        default="example",
        required=True,
        key="from",
        bind="query-params",
    )
    if way in ("example", "test image"):
        return _choose_example() if way == "example" else _choose_test_image()
    file = _ask_for_file(way)
    if file is not None:
        st.session_state["picture"] = (way, file.name, file.getvalue())
    kept = st.session_state.get("picture")
    return _read(*kept[1:]) if kept and kept[0] == way else None


def _choose_example() -> tuple[str, Image.Image]:
    known = {example.key: example for example in images.examples()}
    key = st.segmented_control(
        "Example", list(known), default=next(iter(known)), required=True, key="example", bind="query-params"
    )
    return known[key].title, images.example_picture(key)


def _choose_test_image() -> tuple[str, Image.Image] | None:
    split = ui.test_pictures()
    if split is None:
        offer_download()
        return None
    last = int(split.indices[-1])
    index = int(st.number_input(f"Index in the test set, 0 to {last}", 0, last, key="index", bind="query-params"))
    places = np.flatnonzero(split.indices == index)
    if not len(places):
        st.warning(f"The data set at hand has no test image {index}: choose another index.")
        return None
    return f"Test image {index}: {CLASS_NAMES[split.labels[places[0]]]}", Image.fromarray(split.images[places[0]])


def _ask_for_file(way: str):
    if way == "camera":
        return st.camera_input("Take a picture")
    return st.file_uploader(f"A picture: {images.ACCEPTED}", key="upload")


def _read(name: str, content: bytes) -> tuple[str, Image.Image] | None:
    try:
        return name, images.read_picture(content, name)
    except images.ImageError as error:
        st.error(ui.plain(error))
        return None


def enlarge(pixels: np.ndarray, side: int = SIDE) -> Image.Image:
    """Returns a 32x32 picture (uint8, 32 x 32 x 3) with every pixel drawn as a square."""
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)


def show_agreement(answers_by_norm: dict[str, pd.DataFrame]) -> None:
    """Says in large letters what each network answers, and whether they agree."""
    first = {norm: table.iloc[0] for norm, table in answers_by_norm.items()}
    classes = {answer["class"] for answer in first.values()}
    words = {1: "All three agree", 2: "Two of three agree", 3: "Three different answers"}
    st.subheader(words[len(classes)])
    lines = [f"{_tag(norm)} <b>{answer['class']}</b> {answer['probability']:.0%}" for norm, answer in first.items()]
    st.html(f"<div style='font-size: 1.4rem; line-height: 1.7'>{'<br>'.join(lines)}</div>")


def choose_layer(default: int = 1) -> int:
    """Returns the norm layer to look at, 1 to 8."""
    from normviz.network import NORM_LAYERS

    numbers = list(range(1, NORM_LAYERS + 1))
    return st.segmented_control("Norm layer", numbers, default=default, required=True, key="layer", bind="query-params")


def choose_quantity() -> str:
    """Returns a key of `lessons.QUANTITIES`."""
    return st.selectbox(
        "Quantity", list(lessons.QUANTITIES), format_func=lessons.QUANTITIES.get, key="quantity", bind="query-params"
    )


def choose_batch() -> np.ndarray | None:
    """Returns the pictures that go in, uint8 N x 32 x 32 x 3, or None as long as there are none."""
    way = st.segmented_control(
        "What goes in",
        ["examples", "test images", "picture", "noise"],
        default="examples",
        required=True,
        key="input",
        bind="query-params",
    )
    if way == "examples":
        return np.stack([images.to_network_size(images.example_picture(e.key)) for e in images.examples()])
    if way == "picture":
        chosen = choose_picture()
        return images.to_network_size(chosen[1])[None] if chosen else None
    return _choose_many(way)


def _choose_many(way: str) -> np.ndarray | None:
    split = ui.test_pictures() if way == "test images" else None
    if way == "test images" and split is None:
        offer_download()
        return None
    count = st.slider("Pictures", 2, 64, 32, key="pictures", bind="query-params")
    if way == "test images":
        return split.images[:count]
    noise = np.random.default_rng(0).normal(128, 64, (count, 32, 32, 3))
    return noise.clip(0, 255).astype(np.uint8)


def mistake_filters() -> dict:
    """Shows the filters of the mistakes page and returns them as arguments of `tables.choose`."""
    grid = st.grid(4, min_column_width=200)
    options = {"bind": "query-params"}
    return {
        "show": grid.selectbox("Show", list(tables.SHOW), key="show", **options),
        "true": grid.selectbox("True class", CLASS_NAMES, index=None, placeholder="any", key="true", **options),
        "predicted": grid.selectbox(
            "Predicted by any network", CLASS_NAMES, index=None, placeholder="any", key="predicted", **options
        ),
        "confidence": _as_fractions(grid.slider("Highest confidence, %", 0, 100, (0, 100), key="confidence", **options)),
    }


def _as_fractions(percentages: tuple[int, int]) -> tuple[float, float]:
    return percentages[0] / 100, percentages[1] / 100


def choose_cell(chart: alt.TopLevelMixin, norm: str, sentence: str) -> dict[str, dict]:
    """Draws a confusion matrix and returns {norm: its chosen cell}, empty where none is chosen."""
    key = f"confusion_{norm}_{ui.study()}_{st.session_state.get('cleared', 0)}"
    event = ui.show(chart, f"Confusion matrix. {sentence}", key=key, on_select="rerun", selection_mode="cell")
    chosen = event.selection.get("cell") or []
    return {norm: chosen[0]} if chosen else {}


def describe_cells(cells: dict[str, dict]) -> None:
    """Names the chosen confusion cells, with a button that takes the choice back."""
    if not cells:
        return
    names = lessons.MODEL_NAMES[ui.study()]
    said = [f"{names[norm]} took **{cell['label']}** for **{cell['predicted']}**" for norm, cell in cells.items()]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(" and ".join(said), width="content")
        st.button("Show all cells", icon=":material/close:", on_click=_clear_cells)


def _clear_cells() -> None:
    st.session_state["cleared"] = st.session_state.get("cleared", 0) + 1


def show_gallery(chosen: pd.DataFrame, split, size: int = 24) -> None:
    """Shows one page of test pictures with their verdicts, and the pages to turn."""
    if chosen.empty:
        st.info("No test picture fits these filters. Widen them, or take back the chosen cell.", icon=":material/search_off:")
        return
    pages = -(-len(chosen) // size)
    if st.session_state.get("at", 1) > pages:
        st.session_state["at"] = 1
    at = st.pagination(pages, key="at", bind="query-params") if pages > 1 else 1
    show_pictures(chosen.iloc[(at - 1) * size : at * size], split)


def show_pictures(rows: pd.DataFrame, split, columns: int | str = "auto") -> None:
    """Shows test pictures (an empty frame where there is no data set) with the three verdicts under each."""
    place = {} if split is None else {index: row for row, index in enumerate(split.indices)}
    grid = st.grid(columns, min_column_width=140)
    for _, row in rows.iterrows():
        with grid.cell():
            if row["index"] in place:
                st.image(enlarge(split.images[place[row["index"]]]), alt=f"Test picture {row['index']}")
            st.html(verdict_lines(row))


def verdict_lines(row: pd.Series) -> str:
    """Returns the true class and the verdicts of the three networks on one test picture, as HTML."""
    lines = [f"<b>{CLASS_NAMES[row['label']]}</b> <span style='opacity: 0.7'>#{row['index']}</span>"]
    for norm in COMPARED:
        mark = "✓" if row[f"correct_{norm}"] else "✗"
        said = f"{mark} {CLASS_NAMES[row[f'predicted_{norm}']]} {row[f'confidence_{norm}']:.0%}"
        lines.append(f"{_tag(norm)} {said}")
    return f"<div style='font-size: 0.85rem; line-height: 1.45'>{'<br>'.join(lines)}</div>"


def _tag(norm: str) -> str:
    return (
        f"<span style='background: {NORMS[norm].colour}; color: {NORMS[norm].ink}; border-radius: 0.25rem; "
        f"padding: 0 0.3rem; font-weight: 700'>{lessons.SHORT[ui.study()][norm]}</span>"
    )
