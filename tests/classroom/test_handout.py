import io
import re

import pypdf
import pypdfium2
import pytest

from normviz.classroom import handout, lessons, views
from tests.classroom.conftest import LESSON
from tests.classroom.test_rooms import go, join_and_vote

HOSTILE = 'Whose #panic("x") $y$ *change* \\\\ <tag> @cite?'


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in read(content).pages))


@pytest.mark.parametrize(("paper", "points"), [("a4", (595, 842)), ("us-letter", (612, 792))])
def test_a_handout_holds_the_whole_lesson_on_the_paper_asked_for(lesson_file, paper, points):
    lesson = lessons.load(lesson_file)
    content = handout.pdf(lesson, 10, paper=paper)
    box = read(content).pages[0].mediabox
    assert (round(box.width), round(box.height)) == points
    text = text_of(content)
    for step in lesson.cut(10):
        assert step.title in text and step.text in text
        if step.question:
            assert step.question.asks in text and views.truth(step) in text
    assert "And now?" in text and "Ask again." in text
    assert lesson.cut(5)[1].title in text


def test_the_answers_stand_on_a_sheet_of_their_own(lesson_file):
    content = handout.pdf(lessons.load(lesson_file), 10)
    pages = [page.extract_text() for page in read(content).pages]
    first = next(number for number, text in enumerate(pages) if "Measured:" in text)
    assert "Answers" in pages[first] and first > 0
    assert not any("It shares its mean." in text for text in pages[:first])


def test_a_rooms_votes_stand_beside_what_was_measured(rooms, room):
    for device, choice in (("one", "batch"), ("two", "layer"), ("three", "layer")):
        join_and_vote(rooms, room, device, choice)
    room = go(rooms, room, 2)
    content = handout.pdf(room.lesson, room.cut, views.all_votes(rooms, room))
    before_answers = text_of(content).split("Answers")[0]
    assert "What we predicted" in before_answers and "C: Layer norm 2" in before_answers
    assert views.answer(room.step).said in before_answers


def test_it_is_tagged_and_says_its_language(lesson_file):
    catalog = read(handout.pdf(lessons.load(lesson_file), 10)).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] and catalog["/StructTreeRoot"] and catalog["/Lang"].startswith("en")


def test_its_charts_are_there_and_readable_in_grey(lesson_file):
    document = pypdfium2.PdfDocument(handout.pdf(lessons.load(lesson_file), 10))
    sheets = [page for page in document if "Batch norm" in page.get_textpage().get_text_range()]
    assert sheets
    grey = sheets[-1].render(scale=1).to_pil().convert("L")
    shades = {shade for count, shade in grey.getcolors() if count > 200}
    assert 255 in shades and any(150 < shade < 230 for shade in shades), "no bar to be seen"


def test_what_looks_like_markup_is_printed_as_it_is(lesson_file):
    lesson_file.write_text(LESSON.replace("Whose values change?", f"'{HOSTILE}'"), encoding="utf-8")
    lesson = lessons.load(lesson_file)
    asked = re.sub(r"\s+", "", lesson.steps[0].question.asks)
    assert asked in re.sub(r"\s+", "", text_of(handout.pdf(lesson, 10)))


@pytest.mark.parametrize("word", ["X" * 300, "Donaudampfschifffahrt" * 9])
def test_a_very_long_word_is_broken_and_printed_whole(lesson_file, word):
    lesson_file.write_text(LESSON.replace("They are exchanged.", word), encoding="utf-8")
    content = handout.pdf(lessons.load(lesson_file), 10)
    printed = re.sub(r"[\s\u00ad\u200b]+", "", text_of(content)).replace("-", "")
    assert word in printed
    assert not dark_beside_the_margin(content), "a line runs off the paper"


def dark_beside_the_margin(content: bytes) -> bool:
    first = pypdfium2.PdfDocument(content)[0].render(scale=1).to_pil().convert("L")
    return first.crop((first.width - 40, 0, first.width, first.height)).getextrema()[0] < 200


def test_a_letter_that_no_font_has_is_named_with_its_lesson(lesson_file):
    lesson_file.write_text(LESSON.replace("They are exchanged.", "Private \uf8f0"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"font of this computer.*lesson='A small lesson'.*Install a font"):
        handout.pdf(lessons.load(lesson_file), 10)


def test_a_question_of_the_answers_sheet_stands_on_one_page_with_its_reason(lesson_file):
    lesson = lessons.load(lesson_file)
    pages = [page.extract_text() for page in read(handout.pdf(lesson, 10)).pages]
    sheet = pages[next(number for number, text in enumerate(pages) if "Measured:" in text) :]
    for step in (step for step in lesson.cut(10) if step.question):
        assert any(step.question.asks in text and step.why in text for text in sheet)


def test_another_paper_is_refused(lesson_file):
    with pytest.raises(ValueError, match="one of a4, us-letter: paper='a0'"):
        handout.pdf(lessons.load(lesson_file), 10, paper="a0")
