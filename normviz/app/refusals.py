"""Files that the browser refuses by itself, as too large or of another kind: Streamlit does not tell the server of them."""

import streamlit as st

from normviz.pictures.formats import ImageError

# A file that was refused is a chip marked invalid, with its reason beside it; a file that is still on its way has a spinner.
_WATCH = """
export default function ({ parentElement, setStateValue }) {
  const block = parentElement.closest('[data-testid="stVerticalBlock"]')
  let told = "null"
  const look = () => {
    const chip = [...block.querySelectorAll('[data-testid="stFileChip"]')].at(-1)
    if (chip?.querySelector('[data-testid="stFileChipIconSpinner"]')) return
    const name = chip?.querySelector('[data-testid="stFileChipName"]')?.title ?? ""
    const reason = chip?.querySelector('[role="alert"]')?.textContent ?? ""
    const refused = chip?.getAttribute("aria-invalid") === "true" ? [name, reason] : null
    if (JSON.stringify(refused) === told) return
    told = JSON.stringify(refused)
    setStateValue("refused", refused)
  }
  parentElement.watcher?.disconnect()
  parentElement.watcher = new MutationObserver(look)
  parentElement.watcher.observe(block, { attributes: true, childList: true, subtree: true })
  look()
  return () => parentElement.watcher.disconnect()
}
"""
_watch = st.components.v2.component("refused_upload", js=_WATCH, isolate_styles=False)


def find_refusal() -> ImageError | None:
    """Returns why the latest file was refused, in one sentence; None if it was not.

    Stands in one container with a file uploader, and looks at the files that are listed there.
    """
    refused = _watch(key="refused", on_refused_change=lambda: None).refused
    if refused is None:
        return None
    name, reason = refused
    return ImageError(name, f"was not taken ({reason.removeprefix('Error: ').rstrip('.')})")
