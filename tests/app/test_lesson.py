from urllib.parse import parse_qsl, urlsplit

import pytest

from normviz.app import lesson
from normviz.classroom import lessons, views
from tests.app.pages import assert_whole, charts, open_page

LESSON = lessons.load(lessons.files()["which-norm-wins"])
STEPS = LESSON.cut(20)


def button(app, label):
    return next(each for each in app.button if each.label == label)


def give(app, step, right: bool = True):
    """Answers the step that is shown, as was measured or otherwise."""
    question, answer = step.question, views.answer(step).right
    if question.kind == "choice":
        other = next(key for key in question.options if key != answer)
        app.radio[0].set_value(answer if right else other)
    else:
        app.number_input[0].set_value(float(answer) if right else float(answer) + 50)
    return button(app, "Answer, then see").click().run()


def test_nothing_is_shown_before_an_answer():
    app = open_page("lesson")
    assert_whole(app, "lesson")
    assert not charts(app) and button(app, f"Next: {STEPS[1].title}").disabled
    said = " ".join(each.value for each in app.markdown)
    assert views.answer(STEPS[0]).said not in said and STEPS[0].why not in said


def test_an_answer_brings_the_measured_result_beside_it():
    app = give(open_page("lesson"), STEPS[0], right=False)
    assert len(charts(app)) == 1
    assert "You said **B: Group norm**. Measured: **A: Batch norm**." in app.info[0].value.replace("\\", "")
    said = " ".join(each.value for each in app.markdown).replace("\\", "")
    assert views.answer(STEPS[0]).said in said and STEPS[0].why in said


def test_an_empty_answer_is_no_answer():
    app = open_page("lesson")
    button(app, "Answer, then see").click().run()
    assert not charts(app) and "Choose one of the answers" in app.warning[0].value


def test_the_whole_lesson_ends_in_what_was_said_and_measured():
    app = open_page("lesson")
    for number, step in enumerate(STEPS):
        app = give(app, step, right=number != 2)
        following = STEPS[number + 1].title if number + 1 < len(STEPS) else None
        app = button(app, f"Next: {following}" if following else "End of the lesson").click().run()
    assert f"**{len(STEPS) - 1} of {len(STEPS)}** came out as you said" in " ".join(each.value for each in app.markdown)
    table = app.table[0].value
    assert table["measured"].tolist() == [views.truth(step) for step in STEPS]
    assert [expander.label for expander in app.expander] == [question for question, _ in LESSON.discussion]
    app = button(app, "Once more from the start").click().run()
    assert app.subheader[0].value == STEPS[0].title and not charts(app)


def test_progress_is_kept_while_another_page_is_open():
    app = give(open_page("lesson"), STEPS[0])
    app = button(app, f"Next: {STEPS[1].title}").click().run()
    app.switch_page("app_pages/overview.py").run()
    app.switch_page("app_pages/lesson.py").run()
    assert app.subheader[0].value == STEPS[1].title


def test_a_longer_cut_has_more_steps():
    app = open_page("lesson", **{"minutes_which-norm-wins": "45 minutes"})
    assert app.get("progress")[0].text.endswith(f"of {len(LESSON.cut(45))}")


@pytest.mark.parametrize("page", sorted({step.page for step in LESSON.steps if "?" in step.page}))
def test_a_link_of_the_lesson_leads_to_the_page_at_its_state(page):
    parts = urlsplit(page)
    asked = dict(parse_qsl(parts.query))
    app = open_page(parts.path.strip("/"), **asked)
    for name, value in asked.items():
        widget = next(each for each in [*app.button_group, *app.selectbox] if each.key == name)
        assert value in widget.options


def test_a_lesson_that_is_edited_while_it_is_looked_at_lets_go_what_no_longer_fits():
    app = give(open_page("lesson"), STEPS[0])
    done = lesson.Progress(at=len(STEPS) + 2, given={STEPS[0].key: "an option of before", STEPS[1].key: "1"})
    app.session_state[f"progress_{LESSON.key}_20"] = done
    app.run()
    assert not app.exception and done.at == len(STEPS) and done.given == {STEPS[1].key: "1"}


@pytest.mark.parametrize("query", [{"lesson": "nowhere"}, {"minutes_which-norm-wins": "7"}])
def test_a_strange_address_shows_the_lesson_all_the_same(query):
    assert_whole(open_page("lesson", **query), "lesson")


def test_a_second_click_goes_no_further_than_the_first(monkeypatch):
    done, clicks = lesson.Progress(at=1), []
    monkeypatch.setattr(lesson.st, "button", lambda label, on_click, args, **_: clicks.append((on_click, args)))
    lesson._turn(STEPS, done)
    for (click, args), goal in zip(clicks, (0, 2), strict=True):
        done.at = 1
        click(*args)
        click(*args)
        assert done.at == goal
