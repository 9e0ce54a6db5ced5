"""The frame of every page: navigation, the study, heading and closing, and how a chart is put on it. No PyTorch here."""

import re
from html import escape

import pandas as pd
import streamlit as st

from normviz.app import take_away, this_run
from normviz.charts import specification
from normviz.model.norms import NORMS, STUDIES
from normviz.training.runs import Run
from normviz.words import naming, pages, papers

FIRST_STUDY = "controlled"
GROUPS = 4  # of group norm, where a run does not say
PAGES = {key: f"app_pages/{key}.py" for key in pages.PAGES}


def navigation():
    """Returns the page to run; every page can be reached from the bar on top, which a page inside another page goes without."""
    menus = {menu: [_page(key) for key in keys] for menu, keys in pages.SECTIONS.items()}
    return st.navigation(menus, position="hidden" if st.context.is_embedded else "top")


def _page(key: str):
    return st.Page(PAGES[key], title=pages.TITLES[key], url_path=key, icon=pages.ICONS[key], default=key == "overview")


def choose_study() -> None:
    """Shows the one choice that every page shares; it is kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="center", key="study_choice"):
        one_of("Study", list(STUDIES), default=FIRST_STUDY, required=True, key="study", bind="query-params")
        explain_study(naming.STUDY_MEANING[study()])


def explain_study(meaning: str) -> None:
    """Says beside that choice what the three networks are, in the place of what was said there before."""
    this_run.once("what the study means", st.empty).caption(meaning, width="stretch")


def hide_study() -> None:
    """Takes that choice off a page where it would change nothing; it is kept for the others, and so is the address."""
    st.html("<style>.st-key-study_choice { display: none; }</style>")


def study() -> str:
    return st.session_state["study"] or FIRST_STUDY


def one_of(label: str, options, *, default, **more):
    """Shows a choice that always has a value: an address that names it without a value, as `?study=`, chooses the default."""
    chosen = st.segmented_control(label, options, default=default, **more)
    return default if chosen is None else chosen


def number(label: str, low: float, high: float, *, key: str, bind: str, place=st, **more) -> float:
    """Shows a number that is kept in the address; one from there that is infinite, as 1e999, is as good as none."""
    try:
        return place.number_input(label, low, high, key=key, bind=bind, **more)
    except OverflowError:
        return place.number_input(label, low, high, key=f"{key}_here", **more)


def open_page(key: str) -> None:
    """Writes a page's heading and opening words."""
    take_away.begin()
    st.title(pages.PAGES[key].title)
    st.markdown(pages.PAGES[key].opening)


def close_page(key: str) -> None:
    """Writes what can be taken away, what is from papers, and the links of the tour: back, and what to look at next."""
    page = pages.PAGES[key]
    take_away.offer(key)
    if page.sources:
        small(f"**From papers.** {papers.with_references(page.sources)}")
    st.divider()
    st.markdown(f"**{page.closing}**")
    before, after = pages.neighbours(key)
    with st.container(horizontal=True, gap="small"):
        if before:
            st.page_link(PAGES[before], label=f"Back: {pages.TITLES[before]}", icon=":material/arrow_back:")
        st.page_link(PAGES[after], label=f"Next: {pages.TITLES[after]}", icon=":material/arrow_forward:")


def small(text: str) -> None:
    """Writes small text that holds links: a caption is faint, and a link in it too faint to be read (WCAG 2.2, 1.4.3)."""
    st.markdown(f":small[{text}]")


def scheme() -> str:
    """Returns "light" or "dark", as the visitor's page is; a change of it is seen at the next choice."""
    return st.context.theme.type or "light"


def norm_heading(norm: str, run: Run) -> None:
    """Writes a model's name in its colour, with the layer it is built from."""
    name, layer = naming.MODEL_NAMES[study()][norm], naming.MODEL_LAYERS[study()][norm]
    layer = layer.format(groups=run.info["architecture"].get("groups", GROUPS))
    st.html(
        f'<div style="border-left: 0.5rem solid {NORMS[norm].on(scheme()).mark}; padding-left: 0.6rem; line-height: 1.3">'
        f'<span style="font-size: 1.25rem; font-weight: 700">{escape(name)}</span><br>'
        f'<code style="opacity: 0.8">{escape(layer)}</code></div>'
    )


def show(chart: specification.Chart, alt_text: str, said: str = "", **options):
    """Draws a chart at full width with words for those who cannot see it.

    A chart of which only the numbers change is not built anew in the browser, which takes three times as long.

    Args:
        chart: in the tones of a light page.
        alt_text: a sentence on what it shows; another one is another chart.
        said: what its numbers come to, which changes with them.
    """
    take_away.keep(f"{alt_text} {said}".rstrip(), lambda: specification.specification(chart))
    spec = specification.specification(chart, scheme())
    spec = specification.speaking(spec, said) if said else spec
    return st.vega_lite_chart(spec=spec, width="stretch", alt=alt_text, **options)


def table(data: pd.DataFrame, sentence: str, names: tuple[str, ...] = (), **options) -> None:
    """Shows a table, which can be taken away by its sentence; columns of `names`, such as of classes, are no Markdown."""
    take_away.keep(sentence, data)
    st.table(data.assign(**{column: data[column].map(plain) for column in names}), **options)


def plain(message: object) -> str:
    """Returns a text that Markdown shows letter by letter; file names hold underscores and stars, a list begins with + or -."""
    return re.sub(r"(^[-+]|[\\`*_{}\[\]#$~|<>:])", r"\\\1", str(message))
