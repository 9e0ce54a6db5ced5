"""Files that a visitor hands in: Streamlit keeps them in memory as long as the visit lasts, so they are freed or moved."""

from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from normviz import disk
from normviz.app import frame

LONGEST_STEM = 60  # letters, of at most four bytes: a file's name may have 255 bytes


def free(key: str, file: UploadedFile) -> None:
    """Frees a file, which the widget of this key has just returned."""
    context = get_script_run_ctx()
    context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    for held in (file, st.session_state[key]):
        held.truncate(0)


def on_disk(key: str, file: UploadedFile | None) -> Path | None:
    """Moves a file, which the uploader of this key has just returned, out of memory; returns where it lies.

    It lies there until another is handed in, it is taken out of the uploader's list, or the visit ends. None without one, or
    where there is no room, which is named.
    """
    of, folder, _ = kept = st.session_state.get(f"{key}_lies_at", (None, None, None))
    if file is not None and of != file.file_id:
        try:
            kept = file.file_id, *_moved(file)
        except (disk.DiskError, OSError) as error:
            st.error(frame.plain(error))
            return None
        free(key, file)
    elif st.session_state[key] is None:  # a file that was freed is not None there
        kept = (None, None, None)
    if folder is not None and kept[1] is not folder:
        folder.cleanup()
    st.session_state[f"{key}_lies_at"] = kept
    return kept[2]


def _moved(file: UploadedFile) -> tuple[TemporaryDirectory, Path]:
    """Returns a folder, deleted with the last reference to it, and the file in it, whose name may be cut short.

    Raises:
        DiskError: no room for it.
    """
    name = Path(file.name)
    disk.check_writable(gettempdir(), file.size)
    folder = TemporaryDirectory(prefix="normviz-")
    path = Path(folder.name) / f"{name.stem[:LONGEST_STEM]}{name.suffix}"
    path.write_bytes(file.getbuffer())
    return folder, path
