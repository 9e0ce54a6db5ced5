from math import sqrt

import numpy as np
import pandas as pd
import pytest

from normviz.explain import verdicts
from normviz.training import evaluation
from normviz.words.classes import CLASS_NAMES


def predictions(answers: list[int], labels: list[int]) -> pd.DataFrame:
    table = pd.DataFrame(np.eye(10)[answers] * 3, columns=list(CLASS_NAMES))
    table.insert(0, "index", range(len(labels)))
    table.insert(1, "label", labels)
    return table


def test_probabilities_of_a_hand_computed_case_and_of_huge_logits():
    assert evaluation.probabilities(np.log([[1.0, 3.0]])).tolist() == [pytest.approx([0.25, 0.75])]
    assert evaluation.probabilities(np.array([1e4, 0.0])).tolist() == [1, 0]


def test_wilson_interval_equals_the_written_out_formula():
    z, n, p = 1.959964, 50, 0.3
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert evaluation.wilson_interval(15, 50) == pytest.approx((centre - half, centre + half), abs=1e-6)


def test_accuracy_counts_right_answers():
    table = predictions([0, 1, 2, 3, 3], [0, 1, 2, 3, 4])
    assert evaluation.verdicts(table)["correct"].tolist() == [True, True, True, True, False]
    assert evaluation.accuracy(table)["accuracy"] == 0.8


def test_agreement_is_the_share_of_equal_answers_on_the_same_pictures():
    one, two = predictions([0, 1, 2, 3], [0] * 4), predictions([0, 1, 2, 4], [0] * 4)
    assert evaluation.agreement(one, two) == 0.75


def test_agreement_is_over_the_pictures_that_both_have_by_index():
    stored, again = predictions([0, 1, 2, 3], [0] * 4), predictions([3, 5, 9], [0] * 3)
    assert evaluation.agreement(stored, again.assign(index=[3, 1, 7])) == 0.5
    with pytest.raises(ValueError, match="4 to 6 now, 0 to 3 stored"):
        evaluation.agreement(stored, again.assign(index=[4, 5, 6]))


def test_confusion_counts_and_shares():
    cells = evaluation.confusion(evaluation.verdicts(predictions([0, 0, 5], [0, 5, 5]))).set_index(["label", "predicted"])
    assert len(cells) == 100 and cells["count"].sum() == 3
    assert cells.loc[(5, 0)].tolist() == [1, 0.5] and cells.loc[(0, 0)].tolist() == [1, 1]


def test_calibration_bins_by_confidence():
    verdict = pd.DataFrame({"confidence": [0.31, 0.39, 1.0], "correct": [True, False, True]})
    rows = evaluation.calibration(verdict)
    assert rows["confidence"].tolist() == pytest.approx([0.35, 1.0])
    assert rows["accuracy"].tolist() == [0.5, 1] and rows["count"].tolist() == [2, 1]


def test_side_by_side_counts_the_networks_that_are_wrong():
    answers = {"batch": [0, 0, 0], "group": [0, 1, 1], "layer": [0, 0, 2]}
    joined = evaluation.side_by_side({n: evaluation.verdicts(predictions(a, [0, 0, 0])) for n, a in answers.items()})
    assert joined["wrong"].tolist() == [0, 1, 2]


def test_wilson_interval_of_a_known_case():
    assert evaluation.wilson_interval(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)  # Wilson 1927, n = 10, p = 0.9


def test_probabilities_do_not_overflow():
    assert evaluation.probabilities(np.array([[1000.0, 1000.0, -1000.0]])).tolist() == [[0.5, 0.5, 0.0]]


def test_a_network_without_a_mistake_is_said_to_have_none():
    cells = pd.DataFrame({"label": ["cat", "cat", "dog"], "predicted": ["cat", "dog", "cat"], "count": [9, 0, 0]})
    assert verdicts.worst_sentence(cells) == "No mistake."
    assert verdicts.worst_sentence(cells.assign(count=[9, 0, 2])) == "Most frequent mistake: dog taken for cat, 2 times."


def test_columns_of_logits_differ_whatever_the_classes_are_called():
    classes = ("index", "class index", "cat", "label", "class label", "class class label")
    columns = evaluation.logit_columns(classes)
    assert columns == ["class class index", "class index", "cat", "class class class label", "class label", "class class label"]
    assert evaluation.logit_columns(("index", "cat")) == ["class index", "cat"]
