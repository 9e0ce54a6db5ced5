import pytest

from normviz.classroom import lessons
from normviz.model.norms import STUDIES
from normviz.studies import evidence
from normviz.words import questions
from tests.app.pages import assert_whole, open_page

BEGUN = evidence.begun(questions.STUDIES)


def question(app):
    return next(box for box in app.selectbox if box.key == "question")


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", BEGUN)
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
