"""The test pictures, where they are at hand, and what is said where they are not."""

import streamlit as st

from normviz.app import frame, saved, this_run
from normviz.settings import SettingsError
from normviz.words import own_data
from normviz.words.classes import CLASS_NAMES


def test_pictures():
    """Returns the test split that the networks of the page answer for, or None where it is not at hand."""
    from normviz.pictures import drawn

    if saved.classes() == drawn.CLASSES:
        return _drawn()
    key = (saved.own() or {}).get("brought")
    split = brought_split(key) if key else at_hand()
    return split if split is not None and _belongs(split) else None


def _belongs(split) -> bool:
    """Returns whether a split is what the networks of the page were measured on; of own data the content tells."""
    run = saved.models()["batch"]
    if split.is_own and run.is_own:
        return split.fingerprint == run.info["data"]["test_fingerprint"]
    return split.is_own == run.is_own and split.classes == run.classes


def at_hand():
    """Returns the test split at hand, of CIFAR-10 or own data, or None; a damaged one is named on the page.

    A setting that cannot be used ends the page with its message.
    """
    return this_run.once("test split at hand", _look_for_split)


def _look_for_split():
    from normviz.pictures import dataset
    from normviz.pictures.choices import choices

    try:
        folder = dataset.find_folder()
        return None if folder is None else _split(str(folder), choices())
    except SettingsError as error:
        st.error(frame.plain(error))
        st.stop()
    except dataset.DataError as error:
        st.warning(frame.plain(error))
        return None


@st.cache_resource(show_spinner=False)
def _drawn():
    """Returns the test split that the lab draws, which needs no file."""
    from normviz.lab.tasks import TEST_PICTURES
    from normviz.pictures import drawn

    return drawn.split("test", TEST_PICTURES)


@st.cache_resource(show_spinner="Reading the test pictures", max_entries=2)
def _split(folder: str, chosen):
    from normviz.pictures import dataset

    return dataset.load_split("test", folder, chosen)


def _is_own_at_hand() -> bool:
    """Returns whether own data are at hand, readable or not."""
    from normviz.pictures import dataset

    folder = dataset.find_folder()
    return folder is not None and dataset.is_own(folder)


def classes_of(data: str, key: str = "") -> tuple[str, ...]:
    """Returns the classes of a data set of the lab, `key` being that of pictures that were brought; CIFAR-10's where it is gone."""
    from normviz.pictures import drawn

    if data == "brought":
        return _of_brought(key, "classes") or CLASS_NAMES
    split = at_hand() if data == "own" else None
    return split.classes if split else drawn.CLASSES if data == "drawn" else CLASS_NAMES


def brought_split(key: str):
    """Returns the test split of pictures that were brought to the lab; None where they are gone."""
    return _of_brought(key, "split", "test")


def _of_brought(key: str, what: str, *more: str):
    from normviz.lab import brought
    from normviz.lab.settings import settings
    from normviz.pictures.originals import DataError

    try:
        return getattr(brought, what)(settings().folder, key, *more)
    except (brought.GoneError, DataError):
        return None


def offer_download() -> None:
    """Shows the button that fetches CIFAR-10, its progress, and what went wrong if it did; beside own data, what is missing."""
    from normviz.pictures import dataset, download

    own_shown = saved.shows_own_data()
    if own_shown or _is_own_at_hand():
        said = own_data.OTHERS_SHOWN if own_shown else own_data.SHIPPED_SHOWN
        st.info(said.format(classes=own_data.listed(saved.classes())), icon=":material/folder_open:")
        return
    with st.container(border=True):
        st.markdown(
            "The pictures of CIFAR-10 are not part of this project. Everything but them is shown; one click fetches them "
            f"({download.ARCHIVE_BYTES / 1e6:.0f} MB) into `{dataset.download_folder().name}/`."
        )
        if not st.button("Fetch CIFAR-10", icon=":material/download:", key="fetch"):
            return
        bar = st.progress(0.0, "Fetching CIFAR-10")
        try:
            download.fetch(dataset.download_folder(), lambda part: bar.progress(part, f"Fetching CIFAR-10: {part:.0%}"))
        except dataset.DataError as error:
            bar.empty()
            st.error(frame.plain(f"{error}. The button above tries again."))
            return
    st.rerun()
