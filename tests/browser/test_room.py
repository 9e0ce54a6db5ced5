"""A room as a class uses it: teacher, projector, phones; restarts, hostile posts, keyboards and axe-core."""

import csv
import http.cookiejar
import io
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from normviz.classroom import lessons
from tests.browser.harness import fresh_page, running_app
from tests.browser.test_readable import OPTIONS
from tests.waiting import until

CLIENTS = 27
PHONE = 390


class Client:
    """A device that knows cookies and forms, and nothing else."""

    def __init__(self, url: str):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(path, None)

    def post(self, path: str, **fields) -> tuple[int, str]:
        return self._ask(path, urllib.parse.urlencode(fields).encode())

    def _ask(self, path: str, body: bytes | None) -> tuple[int, str]:
        try:
            with self.opener.open(self.url + path, body, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def server():
    with running_app(NORMVIZ_SERVER_AHEAD="off") as server:
        yield server


@pytest.fixture
def open_page(browser, server):
    """Opens pages of visitors of their own; at the end none may have had a fault."""
    opened = []

    def fresh(width: int = 1280, scheme: str = "light"):
        context = fresh_page(browser, server.url, width, scheme)
        page, faults = context.__enter__()
        opened.append((context, faults))
        return page

    yield fresh
    for context, _ in opened:
        context.__exit__(None, None, None)
    assert not [fault for _, faults in opened for fault in faults if "room" in fault or "join" in fault]


def open_room(page, lesson: str) -> str:
    """Opens a room in the teacher's browser; returns its code."""
    page.goto("/room/new")
    page.get_by_label("Lesson").select_option(lesson)
    page.get_by_role("button", name="Open the room").click()
    page.wait_for_url("**/teacher")
    return re.search(r"/room/(\w+)/teacher", page.url)[1]


def go_on(teacher, label: str) -> None:
    teacher.get_by_role("button", name=label, exact=True).click()


def votes(teacher, code: str) -> list[dict]:
    content = teacher.context.request.get(f"{teacher.url.split('/room/')[0]}/room/{code}/votes.csv").text()
    return list(csv.DictReader(io.StringIO(content)))


def shown(page) -> str:
    return page.locator("main").inner_text()


def test_a_class_votes_discusses_and_votes_again_while_the_server_is_restarted(open_page, server):
    teacher, projector, phone = open_page(), open_page(), open_page(PHONE)
    code = open_room(teacher, "batch-size 15")
    projector.goto(f"/room/{code}")
    expect(projector.get_by_text(code, exact=True)).to_be_visible()
    assert projector.locator("#go-on").count() == 0  # another browser only looks

    phone.goto("/join")
    phone.get_by_label("The code").fill(code.lower())
    phone.get_by_role("button", name="Join").click()
    expect(phone.get_by_text("You are in.")).to_be_visible()
    clients = [Client(server.url) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(9) as pool:
        assert {status for status, _ in pool.map(lambda client: client.get(f"/join/{code}"), clients)} == {200}
    expect(projector.get_by_text(f"{CLIENTS + 1} have joined.")).to_be_visible()

    go_on(teacher, "Begin: Who moves your answer?")
    first = ["batch" if number % 2 else "layer" for number in range(CLIENTS)]
    vote_all(clients[:15], first[:15], code, 1)
    server.stop()
    server.start()
    vote_all(clients[12:], first[12:], code, 1)  # three of them once more
    phone.get_by_text("Group norm").click()
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_text("Your answer is kept: B: Group norm.")).to_be_visible()
    expect(projector.get_by_text(f"{CLIENTS + 1} of {CLIENTS + 1} have answered.")).to_be_visible()
    assert "share" not in shown(projector) and "share" in shown(teacher)

    go_on(teacher, "Close the vote")
    expect(projector.get_by_text("The vote is closed.")).to_be_visible()
    go_on(teacher, "Discuss, then vote again")
    expect(phone.get_by_text("convince each other")).to_be_visible()
    go_on(teacher, "Open the second vote")
    vote_all(clients, ["batch"] * CLIENTS, code, 2)
    go_on(teacher, "Close the second vote")
    expect(projector.get_by_text("The vote is closed.")).to_be_visible()
    assert "share" not in shown(projector)
    go_on(teacher, "Show the result")
    expect(projector.get_by_role("heading", name="What we saw")).to_be_visible()
    assert (
        "First vote" in shown(projector)
        and "Second vote" in shown(projector)
        and "From the first vote to the second" in shown(projector)
    )
    expect(phone.get_by_text("You said B: Group norm.")).to_be_visible()
    expect(phone.get_by_text("Measured: A: Batch norm.")).to_be_visible()
    image = projector.locator(".chart img")
    assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") > 100

    counted = Counter((row["round"], row["choice"]) for row in votes(teacher, code))
    assert counted == Counter([*(("1", choice) for choice in first), ("1", "group"), *[("2", "batch")] * CLIENTS])
    assert len({(row["round"], row["device"]) for row in votes(teacher, code)}) == 2 * CLIENTS + 1

    handout = teacher.context.request.get(f"{server.url}/room/{code}/handout-a4.pdf")
    assert handout.body().startswith(b"%PDF")


def vote_all(clients: list[Client], choices: list[str], code: str, round_: int) -> None:
    with ThreadPoolExecutor(9) as pool:
        sent = pool.map(
            lambda pair: pair[0].post(f"/join/{code}", step="mates", round=round_, choice=pair[1])[0], zip(clients, choices)
        )
        assert set(sent) == {200}


def test_hostile_posts_change_nothing(open_page, server):
    teacher = open_page()
    code, other = open_room(teacher, "batch-size 15"), open_room(teacher, "which-norm-wins 20")
    teacher.goto(f"/room/{code}/teacher")
    client = Client(server.url)
    client.get(f"/join/{code}")
    client.get(f"/join/{other}")
    go_on(teacher, "Begin: Who moves your answer?")
    assert client.post(f"/join/{code}", step="mates", round=1, choice="batch")[0] == 200
    before = votes(teacher, code)

    refused = {
        "another question": client.post(f"/join/{code}", step="sizes", round=1, choice="batch"),
        "a round to come": client.post(f"/join/{code}", step="mates", round=2, choice="batch"),
        "no answer": client.post(f"/join/{code}", step="mates", round=1, choice="<script>"),
        "no number": client.post(f"/join/{code}", step="mates", round="x" * 40, choice="batch"),
        "a room that has not begun": client.post(f"/join/{other}", step="mates", round=1, choice="batch"),
        "a stranger": Client(server.url).post(f"/join/{code}", step="mates", round=1, choice="layer"),
        "steering": client.post(f"/room/{code}/go", version=2, to="next"),
        "hands": client.post(f"/room/{code}/hands", choice="batch", count=5),
        "the votes": client.get(f"/room/{code}/votes.csv"),
        "the handout": client.get(f"/room/{code}/handout-a4.pdf"),
        "the teacher's view": client.get(f"/room/{code}/teacher"),
        "a result to come": client.get(f"/room/{code}/chart/mates.svg"),
        "another's method": client.post(f"/room/{code}/state"),
    }
    statuses = {name: status for name, (status, _) in refused.items()}
    assert set(statuses.values()) <= {400, 403, 405, 409}, statuses
    assert not any("Traceback" in text or "<script>" in text for _, text in refused.values())
    assert sends_too_much(client, f"/join/{code}")
    go_on(teacher, "Close the vote")
    assert client.post(f"/join/{code}", step="mates", round=1, choice="layer")[0] == 409
    assert votes(teacher, code) == before


def sends_too_much(client: Client, path: str) -> bool:
    """Returns whether 10 MB are refused, by an answer or by closing the connection."""
    try:
        return client.post(path, choice="x" * 10_000_000)[0] == 413
    except (OSError, urllib.error.URLError):
        return True


def test_a_thousand_wrong_codes_are_slowed_down_and_right_ones_are_not(open_page, server):
    teacher = open_page()
    code = open_room(teacher, "batch-size 15")

    def right() -> float:
        started = time.monotonic()
        assert Client(server.url).get(f"/join/{code}")[0] == 200
        return time.monotonic() - started

    alone = right()
    with ThreadPoolExecutor(40) as pool:
        wrong = pool.map(lambda number: Client(server.url).get(f"/join/{number:05d}")[0], range(1000))
        meanwhile = [right() for _ in range(5)]
        statuses = Counter(wrong)
    assert set(statuses) == {404, 429} and statuses[429] > 500
    assert sorted(meanwhile)[2] < max(20 * alone, 3)


def focus(page, selector: str) -> None:
    """Presses Tab until what a selector names has the focus."""
    for _ in range(40):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {selector}")


def answer_by_keyboard(phone, step) -> str:
    """Answers a step's question on a phone; returns what was answered."""
    question = step.question
    expect(phone.get_by_text(question.asks)).to_be_visible()
    if question.kind == "choice":
        focus(phone, "input[type=radio]")
        phone.keyboard.press("Space")
        given = next(iter(question.options))
    elif question.kind == "number":
        focus(phone, "input[name=choice]")
        phone.keyboard.type("7,5")
        given = "7.5"
    else:
        for place, text in enumerate(question.options.values()):
            focus(phone, f"#place{place}")
            phone.keyboard.type(text[:5])
        given = ">".join(question.options)
    focus(phone, "button.big")
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Your answer is kept")).to_be_visible()
    return given


@pytest.mark.parametrize("lesson", ["which-norm-wins 20", "batch-size 15"])
def test_a_lesson_is_walked_by_keyboard_alone(lesson, open_page):
    teacher, phone = open_page(), open_page(PHONE)
    code = open_room(teacher, lesson)
    front = teacher.context.new_page()
    front.goto(f"/room/{code}")
    phone.goto(f"/join/{code}")
    key, cut = lesson.split()
    given = {}
    for step in lessons.load(lessons.files()[key]).cut(int(cut)):
        press(front, "ArrowRight", step.title)
        given[step.key] = answer_by_keyboard(phone, step)
        press(front, "PageDown", "The vote is closed.")
        focus(front, "form[action$='/go'] button")
        if front.get_by_role("button", name="Discuss, then vote again").get_attribute("class"):  # it is the big one
            front.get_by_role("button", name="Show the result").focus()
            key_down(front, "Enter")
            expect(front.get_by_text("What we saw")).to_be_visible()
        else:
            press(front, "PageDown", "What we saw")
        press(front, "ArrowRight", "Why")
        key_down(front, "ArrowLeft")
        expect(front.get_by_role("heading", name="Why")).to_have_count(0)
        press(front, "ArrowRight", "Why")
    press(front, "ArrowRight", "That was")
    assert {row["step"]: row["choice"] for row in votes(teacher, code)} == given


def key_down(front, key: str) -> None:
    front.wait_for_load_state()  # before that no script hears a key
    front.keyboard.press(key)


def press(front, key: str, said: str) -> None:
    key_down(front, key)
    expect(front.get_by_text(said).first).to_be_visible()


def test_a_presenters_keys_and_a_reload_lose_nothing(open_page):
    teacher = open_page()
    code = open_room(teacher, "batch-size 15")
    front = teacher.context.new_page()
    front.goto(f"/room/{code}")
    press(front, "ArrowRight", "Who moves your answer?")
    for key in ("r", "c", "Escape", "b", ".", "F5"):
        key_down(front, key)
    for _ in range(20):
        front.keyboard.down("ArrowRight")
        front.wait_for_timeout(50)
    front.keyboard.up("ArrowRight")
    expect(front.get_by_text("The vote is closed.")).to_be_visible()
    press(front, "ArrowLeft", "have answered")
    front.reload()
    expect(front.get_by_text("Who moves your answer?")).to_be_visible()
    front.goto("/averaging")
    front.goto(f"/room/{code}")
    expect(front.get_by_text("Who moves your answer?")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_on_phone_projector_and_teachers_view(scheme, open_page):
    teacher, phone = open_page(1280, scheme), open_page(PHONE, scheme)
    teacher.goto("/room/new")
    assert serious(teacher) == []
    phone.goto("/join")
    assert serious(phone) == []
    code = open_room(teacher, "which-norm-wins 45")
    front = open_page(1280, scheme)
    front.goto(f"/room/{code}")
    phone.goto(f"/join/{code}")
    stages = ["Begin: Who is in your mean?", "Close the vote", "Show the result", "Explain it"]
    for label in (None, *stages):
        if label:
            go_on(teacher, label)
            version = teacher.locator("body").get_attribute("data-version")
            until(
                lambda version=version: (
                    {page.locator("body").get_attribute("data-version") for page in (phone, front)} == {version}
                )
            )
        for page in (teacher, front, phone):
            assert serious(page) == [], label
        if label == stages[0]:
            phone.get_by_text("Layer norm").click()
            phone.get_by_role("button", name="Send my answer").click()
            expect(phone.get_by_text("Your answer is kept")).to_be_visible()
    embedded = front.frame_locator("iframe").get_by_test_id("stApp")
    expect(embedded).to_have_css("background-color", "rgb(255, 255, 255)")  # as the projector's own pages, even in the dark
    phone.goto("/join/22222")
    assert serious(phone) == []


def serious(page) -> list[str]:
    found = Axe().run(page, context={"exclude": [["iframe"]]}, options=OPTIONS).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in ("serious", "critical")]


def test_hands_are_counted_and_an_address_that_does_not_answer_is_refused(open_page):
    teacher = open_page()
    code = open_room(teacher, "batch-size 15")
    expect(teacher.get_by_text("No address of this machine answers to phones")).to_be_visible()
    go_on(teacher, "Begin: Who moves your answer?")
    teacher.get_by_label("B: Group norm").fill("4")
    phone = open_page()
    phone.goto(f"/join/{code}")
    phone.get_by_text("Batch norm").click()
    phone.get_by_role("button", name="Send my answer").click()
    expect(teacher.get_by_text("1 of 1 have answered")).to_be_visible()  # without a new page, which would take the field away
    expect(teacher.get_by_label("B: Group norm")).to_be_focused()
    teacher.get_by_role("heading", name="Notes").click()
    phone.get_by_text("Layer norm").click()
    phone.get_by_role("button", name="Change my answer").click()
    teacher.wait_for_timeout(3000)  # looks once a second
    assert teacher.get_by_label("B: Group norm").input_value() == "4", "typed, and not sent yet"
    teacher.get_by_role("button", name="Count these hands").click()
    expect(teacher.get_by_text("5 of 5 have answered")).to_be_visible()
    expect(teacher.get_by_role("row", name="C: Layer norm")).to_contain_text("20%")
    phone.get_by_text("Batch norm").click()
    phone.get_by_role("button", name="Change my answer").click()
    expect(teacher.get_by_role("row", name="A: Batch norm")).to_contain_text("20%")  # as many votes, another one
    hands = {"step": "mates", "round": "1", "device": "hands", "choice": "group", "count": "4"}
    assert hands in votes(teacher, code) and len(votes(teacher, code)) == 2
    for address, said in (("localhost:8501", "leads every phone to itself"), ("192.0.2.250:9", "does not answer as this app")):
        teacher.goto(f"/room/{code}/teacher")
        teacher.get_by_label("Address that phones reach").fill(address)
        teacher.get_by_role("button", name="Check and use it").click()
        expect(teacher.get_by_text(said)).to_be_visible()
        teacher.get_by_role("link", name="Back").click()
        expect(teacher.get_by_role("button", name="Close the vote")).to_be_visible()


def test_a_phone_needs_no_script_and_little_to_load(browser, server, open_page):
    teacher = open_page()
    code = open_room(teacher, "batch-size 15")
    context = browser.new_context(base_url=server.url, java_script_enabled=False, viewport={"width": PHONE, "height": 800})
    phone, answers = context.new_page(), []
    phone.on("response", lambda answer: answers.append(answer))
    phone.goto(f"/join/{code}")
    go_on(teacher, "Begin: Who moves your answer?")
    answers.clear()
    phone.goto(f"/join/{code}")
    assert 1000 < sum(len(answer.body()) for answer in answers) < 20_000
    phone.get_by_text("Batch norm").click()
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_text("Your answer is kept: A: Batch norm.")).to_be_visible()
    context.close()
