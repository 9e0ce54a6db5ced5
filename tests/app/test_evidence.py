import itertools

import pytest
import streamlit as st

from normviz.app.evidence import BY_STUDY
from normviz.classroom import lessons
from normviz.model.norms import STUDIES
from normviz.studies import evidence
from normviz.words import questions
from tests.app.pages import assert_whole, open_page

BEGUN = evidence.begun(questions.STUDIES)


def question(app):
    return next(box for box in app.selectbox if box.key == "question")


@pytest.mark.parametrize(
    ("name", "study"),
    [
        *((name, "controlled") for name in BEGUN if name not in BY_STUDY),
        *itertools.product(BY_STUDY, STUDIES),
    ],
)
def test_each_question_is_whole(name, study):
    title = questions.STUDIES[name].title
    app = open_page("evidence", study=study, question=title)
    assert_whole(app, "evidence")
    assert question(app).value == name and app.header[0].value == title
    assert any(line.value.startswith("**How it was measured.**") for line in app.markdown) or app.info


def test_only_studies_that_were_begun_are_offered():
    offered = question(open_page("evidence")).options
    assert offered == [questions.STUDIES[name].title for name in BEGUN] and offered[0] == "Which norm wins?"


def test_an_unknown_question_gives_way_to_the_first():
    assert question(open_page("evidence", question="Who knows?")).value == "seeds"


@pytest.mark.parametrize("file", lessons.files().values(), ids=lambda file: file.stem)
def test_the_questions_that_lessons_link_to_are_there(file):
    linked = [step.page for step in lessons.load(file).steps if "question=" in step.page]
    titles = {f"question={each.title.replace(' ', '+').replace('?', '%3F')}" for each in questions.STUDIES.values()}
    assert linked and all(page.partition("?")[2] in titles for page in linked)


def test_without_any_study_the_page_says_so(monkeypatch):
    monkeypatch.setattr(evidence, "begun", lambda names: [])
    app = open_page("evidence")
    assert not app.exception and app.info[0].value == questions.NOTHING_YET


def test_a_damaged_table_is_not_said_to_be_missing(monkeypatch):
    def damaged(name):
        raise evidence.EvidenceError("seeds.parquet cannot be read")

    st.cache_resource.clear()
    monkeypatch.setattr(evidence, "load", damaged)
    app = open_page("evidence", question="Which norm wins?")
    st.cache_resource.clear()
    assert not app.exception and "cannot be read" in app.warning[0].value and not app.info
