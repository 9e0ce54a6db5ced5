import re

import pytest

from normviz.classroom import lessons, views
from normviz.classroom.lessons import LessonError
from normviz.classroom.settings import settings
from normviz.words import pages
from tests.classroom.conftest import LESSON


@pytest.mark.parametrize("key", list(lessons.files()))
def test_a_shipped_lesson_is_whole(key):
    lesson = lessons.load(lessons.files()[key])
    assert lesson.goals and lesson.discussion
    for cut in lesson.cuts:
        assert sum(step.minutes for step in lesson.cut(cut)) <= cut
    for step in lesson.steps:
        assert step.notes and step.page.strip("/").split("?")[0] in pages.PAGES
        assert views.is_right(step, views.answer(step).right)
        assert not re.search(r"\d+[.,]\d|%", step.text + step.why), "a figure belongs into what is computed"


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("batch-size", {"mates": "batch", "sizes": "layer>group>batch", "one-class": "batch"}),
        (
            "which-norm-wins",
            {
                "mates": "batch",
                "parameters": "group",
                "second": "not separated",
                "one-class": "batch",
                "small": "layer>group>batch",
                "small-lead": "not separated",
            },
        ),
    ],
)
def test_the_reasons_that_a_lesson_gives_stand_on_these_answers(key, right):
    steps = lessons.load(lessons.files()[key]).steps
    asked = {step.key: step for step in steps if step.question and step.question.kind != "number"}
    assert {name: views.answer(step).right for name, step in asked.items()} == right
    leads = [float(views.answer(step).right) for step in steps if step.rule and step.rule.name == "difference"]
    assert all(lead > 0 for lead in leads), "batch norm is said to lead"


def test_the_lessons_that_ship_have_their_cuts_and_eight_to_ten_steps():
    found = {key: lessons.load(file) for key, file in lessons.files().items()}
    assert found["which-norm-wins"].cuts == (20, 45, 90) and 8 <= len(found["which-norm-wins"].steps) <= 10
    assert found["batch-size"].cuts == (15,)


def test_a_cut_leaves_steps_out(lesson_file):
    lesson = lessons.load(lesson_file)
    assert [step.key for step in lesson.cut(5)] == ["mates", "lead", "close"]
    assert [step.key for step in lesson.cut(10)] == ["mates", "lead", "order", "close"]


@pytest.fixture
def own_folder(monkeypatch):
    """Returns what names the owner's folder of lessons."""

    def name(folder: str) -> None:
        monkeypatch.setenv("NORMVIZ_CLASSROOM_LESSONS", folder)
        settings.cache_clear()

    yield name
    settings.cache_clear()


def test_an_owners_folder_adds_lessons_and_names_those_that_cannot_be_used(lesson_file, own_folder, tmp_path):
    (tmp_path / "broken.yaml").write_text("title: [", encoding="utf-8")
    (tmp_path / "short-name.yml").write_text(LESSON, encoding="utf-8")
    own_folder(str(tmp_path))
    found, problems = lessons.usable()
    assert {"small", "short-name", "which-norm-wins"} <= {lesson.key for lesson in found}
    assert len(problems) == 1 and "broken.yaml" in problems[0]


def test_an_owners_folder_that_is_not_there_is_said(own_folder, monkeypatch, tmp_path):
    own_folder("~/lessons")
    monkeypatch.setenv("HOME", str(tmp_path))
    found, problems = lessons.usable()
    assert found and problems == [f"{tmp_path}/lessons is no folder: name that of your lessons in normviz.toml"]


WRONG = {  # what is changed, and what the message says, with its line
    "a page without its slash": ("page: /averaging", "page: averaging", "line 9: page must be one of /overview"),
    "a page with two slashes": ("page: /averaging", "page: //averaging", "line 9: page must be one of /overview"),
    "a page with a place in it": ("page: /averaging", "page: /averaging#x", "line 9: page must be one of /overview"),
    "half a letter": ("They are exchanged.", '"They \\ud800"', "line 7: half a letter"),
    "an order without an order": (
        "asks: Order them.\n      options: {",
        "asks: Order them.\n      options: {not separated: 'No', ",
        "an order has no place for",
    ),
    "no title": ("title: A small lesson\n", "", "line 1: title is missing: add title: here"),
    "a strange name": ("goals:", "gaols:", "line 2: no such name here; known are title"),
    "cuts that fall": ("cuts: [5, 10]", "cuts: [10, 5]", "line 3: cuts must be lengths"),
    "steps that do not fit": (
        "minutes: 2\n    page",
        "minutes: 4\n    page",
        "line 3: the steps of the cut of 5 minutes must fit",
    ),
    "minutes as text": (
        "minutes: 2\n    page",
        "minutes: two\n    page",
        "line 8: minutes must be a number from 0.5 to 90: minutes='two'",
    ),
    "a page that is none": ("/averaging", "/nowhere", "line 9: page must be one of /overview"),
    "a strange kind": ("kind: choice", "kind: guess", "line 11: kind must be one of choice, number, order: kind='guess'"),
    "a strange rule": ("rule: best", "rule: finest", "line 14: rule must be one of best, worst"),
    "a strange measure": ("of: mates", "of: weather", "line 14: of must be one of seeds controlled"),
    "an option that is not measured": (
        "change?\n      options: {batch:",
        "change?\n      options: {batsh:",
        "line 14: options must name some of batch, group, layer",
    ),
    "a rule of another kind": ("rule: best", "rule: order", "line 14: rule order answers a question of kind order, not choice"),
    "a key that comes twice": ("key: lead", "key: mates", "line 16: each step must have a key of its own"),
    "a name that comes twice": ("title: Mates\n", "title: Mates\n    title: Again\n", "line 7: a name may stand once"),
    "an answer without a question": ("    why: It shares", "    questoin: 1\n    why: It shares", "line 15: no such name here"),
    "a cut that is none": ("cuts: [10]\n", "cuts: [7]\n", "line 27: cuts must be among the lesson's own, 5, 10"),
    "no YAML": ("goals: [See it]", "goals: [See it", "line 3: this is no YAML"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_named_with_file_and_line(wrong, lesson_file):
    before, after, said = WRONG[wrong]
    assert LESSON.count(before) == 1
    lesson_file.write_text(LESSON.replace(before, after), encoding="utf-8")
    with pytest.raises(LessonError, match=re.escape(said)) as error:
        lessons.load(lesson_file)
    assert str(error.value).startswith(f"{lesson_file}, line ")


def test_a_step_needs_question_and_answer_together(lesson_file):
    lesson_file.write_text(re.sub(r"    answer: \{rule: best.*\n", "", LESSON), encoding="utf-8")
    with pytest.raises(LessonError, match="line 10: question and answer must come together"):
        lessons.load(lesson_file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"- 1\n- 2\n", "must begin with names and values"),
        (b"", "must begin with names and values"),
        (b"\xff\xfe\x00", "this is no YAML"),
        (b"a: &x [1]\nb: *x\n", "no aliases"),
        (b"a: !!python/object/apply:os.system ['true']\n", "no such name here"),
        (b"x" * 300_000, "bytes at most"),
        (b"[" * 100_000, "30 deep at most"),
        (b"- " * 50_000, "30 deep at most"),
    ],
)
def test_a_file_that_is_no_lesson_ends_in_one_sentence(content, said, tmp_path):
    (tmp_path / "strange.yaml").write_bytes(content)
    with pytest.raises(LessonError, match=said):
        lessons.load(tmp_path / "strange.yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LessonError, match="no.yaml cannot be read"):
        lessons.load(tmp_path / "no.yaml")
