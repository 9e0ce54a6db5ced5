"""One run: recipe and plan, the loop, the finished run on disk, restoring and evaluating it."""
