"""The test pictures, where they are at hand, and the button that fetches them where they are not."""

import streamlit as st

from normviz.app import frame


def test_pictures():
    """Returns the test split, or None where no data set is at hand; a damaged one is named on the page."""
    from normviz.pictures import dataset

    folder = dataset.find_folder()
    if folder is None:
        return None
    try:
        return _split(str(folder))
    except dataset.DataError as error:
        st.warning(frame.plain(error))
        return None


@st.cache_resource(show_spinner="Reading the test pictures")
def _split(folder: str):
    from normviz.pictures import dataset

    return dataset.load_split("test", folder)


def offer_download() -> None:
    """Shows the button that fetches CIFAR-10, its progress, and what went wrong if it did."""
    from normviz.pictures import dataset, download

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
