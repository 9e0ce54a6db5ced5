"""Loaded by every process of the lab: it ends when the process that started it is gone, and leaves the cores to others."""

import os
import threading
import time

LOOK_SECONDS = 0.5
NICENESS = 10


def end_with_parent(parent: int | None = None) -> None:
    """Ends this process soon after its parent: at once and without a word, as the parent may have been killed.

    Args:
        parent: process number; the present parent's unless given.
    """
    parent = parent or os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def dask_setup(process) -> None:
    """Is called by Dask in each scheduler, nanny and worker that preloads this module."""
    if os.getppid() == 1:  # the engine was killed before this process had come so far
        os._exit(1)
    end_with_parent()
    if type(process).__name__ == "Worker":
        from normviz.lab import slices  # imports PyTorch before the first slice asks for it

        slices.torch.set_num_threads(1)
        os.nice(NICENESS)
