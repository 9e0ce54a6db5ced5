"""Files that a visitor hands in: Streamlit keeps them in memory as long as the visit lasts, so they are freed or moved."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile


def free(key: str, file: UploadedFile) -> None:
    """Frees a file, which the widget of this key has just returned."""
    context = get_script_run_ctx()
    context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    for held in (file, st.session_state[key]):
        held.truncate(0)


def on_disk(key: str, file: UploadedFile | None) -> Path | None:
    """Moves a file, which the uploader of this key has just returned, out of memory; returns where it lies.

    It lies there until another is handed in, it is taken out of the uploader's list, or the visit ends. None without one.
    """
    of, folder, _ = kept = st.session_state.get(f"{key}_lies_at", (None, None, None))
    if file is not None and of != file.file_id:
        kept = file.file_id, *_moved(file)
        free(key, file)
    elif st.session_state[key] is None:  # a file that was freed is not None there
        kept = (None, None, None)
    if folder is not None and kept[1] is not folder:
        folder.cleanup()
    st.session_state[f"{key}_lies_at"] = kept
    return kept[2]


def _moved(file: UploadedFile) -> tuple[TemporaryDirectory, Path]:
    """Returns a folder, deleted with the last reference to it, and the file in it."""
    folder = TemporaryDirectory(prefix="normviz-")
    path = Path(folder.name) / Path(file.name).name
    path.write_bytes(file.getbuffer())
    return folder, path
