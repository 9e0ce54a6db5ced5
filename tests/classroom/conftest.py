"""A lesson small enough to write out, and rooms in a folder of the test's own."""

import pytest

from normviz.classroom.rooms import Rooms

LESSON = """\
title: A small lesson
goals: [See it]
cuts: [5, 10]
steps:
  - key: mates
    title: Mates
    text: They are exchanged.
    minutes: 2
    page: /averaging
    question:
      kind: choice
      asks: Whose values change?
      options: {batch: Batch norm, group: Group norm, layer: Layer norm}
    answer: {rule: best, of: mates}
    why: It shares its mean.
  - key: lead
    title: Lead
    text: Only the norm differs.
    minutes: 2
    question: {kind: number, asks: "How many points?", unit: points, tolerance: 0.5}
    answer: {rule: difference, of: seeds controlled, among: [batch, layer]}
    why: It is small.
  - key: order
    title: Order
    text: Two pictures a batch.
    minutes: 2
    cuts: [10]
    question:
      kind: order
      asks: Order them.
      options: {batch: Batch norm, group: Group norm, layer: Layer norm}
    answer: {rule: order, of: batch size 2}
    why: Noise.
  - key: close
    title: Close
    text: That is all.
    minutes: 1
discussion:
  - {question: "And now?", answer: Ask again.}
"""


@pytest.fixture
def lesson_file(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(LESSON, encoding="utf-8")
    return file


@pytest.fixture
def rooms(tmp_path):
    return Rooms(tmp_path / "rooms")


@pytest.fixture
def room(rooms, lesson_file):
    """A room that stands in the first vote."""
    opened, _ = rooms.open(lesson_file, 10)
    return rooms.go_on(opened.code, opened.version)
