import pandas as pd
import pytest

from normviz.studies import small_batches
from normviz.words import papers


def test_a_group_norm_that_loses_too_is_not_the_papers_shape():
    rows = [("batch", seed, 2, value) for seed, value in enumerate([0.60, 0.62])]
    rows += [("group", seed, 2, value) for seed, value in enumerate([0.40, 0.41])]
    rows += [(norm, seed, 32, 0.3) for seed in (0, 1) for norm in ("batch", "group")]
    said = small_batches.shape_sentence(pd.DataFrame(rows, columns=["norm", "seed", "x", "value"]))
    assert said.startswith("Batch norm falls away as in the paper, though group norm loses too: from")


def test_growth_of_the_error_stands_beside_the_papers():
    seeds = pd.DataFrame({"norm": "batch", "seed": [0, 1] * 2, "x": [2, 2, 32, 32], "value": [0.5, 0.6, 0.3, 0.4]})
    (said,) = small_batches.growth_sentences(seeds)
    theirs = papers.IMAGENET_ERROR["batch"]
    assert "+20.0 ± 0.0 points" in said and f"{100 * (theirs[2] - theirs[32]):+.1f}" in said


@pytest.mark.parametrize(
    ("batch_at_2", "said"),
    [([0.50, 0.52], "these seeds do not show group norm losing: from"), ([0.30, 0.33], "does not show in these seeds")],
)
def test_whether_the_papers_shape_repeats_is_computed(batch_at_2, said):
    rows = [("batch", seed, 2, value) for seed, value in enumerate(batch_at_2)]
    rows += [(norm, seed, size, 0.3) for seed in (0, 1) for norm, size in (("batch", 32), ("group", 2), ("group", 32))]
    seeds = pd.DataFrame(rows, columns=["norm", "seed", "x", "value"])
    assert said in small_batches.shape_sentence(seeds)
    assert "One seed allows no interval" in small_batches.shape_sentence(seeds[seeds["seed"] == 0])
    assert small_batches.shape_sentence(seeds[seeds["x"] == 2]) == "Not every batch size has been run."
