"""Live experiments: set-up, queue, workers, runs of a visit, recorded runs."""
