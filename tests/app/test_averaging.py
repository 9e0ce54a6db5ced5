import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normviz.explain import cells
from normviz.model import norms
from normviz.model.norms import COMPARED, STUDIES
from tests.app.pages import charts, choice, new_session, open_page, spoken

pytestmark = pytest.mark.usefixtures("no_data")


def open_averaging(**query) -> AppTest:
    app = open_page("averaging", **{name: str(value) for name, value in query.items()})
    assert not app.exception
    return app


def said(app: AppTest) -> list[str]:
    """Returns the sentences that give a worked cell's results."""
    return [element.value for element in app.markdown if "is normalized to" in element.value]


def expected(x: np.ndarray, norm: str, groups: int, cell: tuple, running: tuple | None = None) -> str:
    return f"**{cells.written(norms.normalize(x, norm, groups, running)[cell])}**"


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "instance"])
def test_a_link_opens_the_same_view(norm):
    app = open_averaging(norm=norm, n=2, c=6, h=3, w=1, groups=3, seed=17, cell="1-4-2-0")
    assert [app.number_input(key=key).value for key in ("n", "c", "h", "w", "seed")] == [2, 6, 3, 1, 17]
    assert app.selectbox(key="cell").value == "1-4-2-0"
    assert len(said(app)) == 1
    assert expected(cells.made_up((2, 6, 3, 1), 17), norm, 3, (1, 4, 2, 0)) in said(app)[0]
    assert not app.error


@pytest.mark.parametrize(("channels", "offered"), [(6, [1, 2, 3, 6]), (7, [1, 7]), (16, [1, 2, 4, 8, 16])])
def test_groups_that_do_not_divide_cannot_be_chosen(channels, offered):
    app = open_averaging(norm="group", c=channels, groups=5)
    slider = app.select_slider(key="groups")
    assert slider.options == list(map(str, offered)) and slider.value in offered
    assert not app.error


def test_fewer_channels_leave_groups_that_divide():
    app = open_averaging(norm="group", c=12, groups=12)
    assert app.select_slider(key="groups").value == 12
    app.number_input(key="c").set_value(6).run()
    assert not app.exception and app.select_slider(key="groups").value in (1, 2, 3, 6)
    app.number_input(key="c").set_value(1).run()
    assert not app.exception and not app.select_slider


def test_nonsense_in_the_url_falls_back():
    app = open_averaging(norm="none", n=99, c="x", h=-1, w=0, groups="y", cell="9-9-9-9", mode="sleep", fed="many", tensor="?")
    assert not app.error and app.selectbox(key="cell").value == "0-0-0-0"
    assert app.number_input(key="n").value == 3 and app.number_input(key="c").value == 4


def test_the_lock_survives_another_norm_and_not_a_tensor_without_the_cell():
    app = open_averaging(cell="2-3-1-1")
    for norm in ("group", "layer", "instance", "batch"):
        choice(app, "norm").set_value(norm).run()
        assert not app.exception and app.selectbox(key="cell").value == "2-3-1-1"
        assert expected(cells.made_up((3, 4, 2, 2), 9), norm, 2, (2, 3, 1, 1)) in said(app)[0]
    app.number_input(key="n").set_value(2).run()
    assert not app.exception and app.selectbox(key="cell").value == "0-0-0-0"


def test_one_value_a_channel_is_explained():
    app = open_averaging(n=1, h=1, w=1, fed=3)
    assert not said(app) and not app.error
    assert "N H W = 1 x 1 x 1 = 1" in app.warning[0].value and "torch.nn.BatchNorm2d raises" in app.warning[0].value
    choice(app, "mode").set_value("evaluation").run()
    assert not app.exception and not app.warning and len(said(app)) == 1


@pytest.mark.parametrize("text", ["", "abc", "inf", "1e999"])
def test_bad_input_is_named_and_the_picture_keeps_the_last_good_number(text):
    app = new_session()
    place = ("picture 0, channel 1", "0, 1")
    app.session_state["typed_numbers_9"] = {place: text}
    app.session_state["good_numbers_9"] = {place: 42.0}
    app.query_params["cell"] = "0-1-0-1"
    app.run()
    app.switch_page("app_pages/averaging.py").run()
    assert not app.exception
    message = app.error[0].value
    assert "picture 0, channel 1, row 0, column 1" in message and (text or "empty") in message and "1,000,000" in message
    assert "= **42** is" in said(app)[0]
    assert app.session_state["typed_numbers_9"] == {place: text}
    app.button(key="undo_numbers_9").click().run()
    assert not app.exception and not app.error
    assert expected(cells.made_up((3, 4, 2, 2), 9), "batch", 1, (0, 1, 0, 1)) in said(app)[0]


def test_edits_follow_and_come_back_after_another_shape():
    app = new_session()
    app.session_state["typed_numbers_9"] = {("picture 2, channel 0", "1, 1"): "-30.5"}
    app.session_state["typed_affine"] = {("channel 0", "gamma"): "2", ("channel 0", "beta"): "1"}
    app.run()
    app.switch_page("app_pages/averaging.py").run()
    x = cells.made_up((3, 4, 2, 2), 9)
    x[2, 0, 1, 1] = -30.5
    normalized = norms.normalize(x, "batch")[0, 0, 0, 0]
    wanted = f"normalized to **{cells.written(normalized)}** and given on as **{cells.written(2 * normalized + 1)}**"
    assert wanted in said(app)[0]
    app.number_input(key="n").set_value(2).run()
    assert wanted not in said(app)[0]
    app.number_input(key="n").set_value(3).run()
    assert not app.exception and wanted in said(app)[0]


def test_feeding_moves_the_running_statistics_that_evaluation_uses():
    app = open_averaging(mode="evaluation", cell="1-2-0-1")
    shape = (3, 4, 2, 2)
    for count, label in ((1, "Feed a batch"), (11, "Feed 10")):
        next(button for button in app.button if button.label == label).click().run()
        batches = [cells.made_up(shape, 9, number) for number in range(count)]
        running = cells.running_after(cells.feed(batches, (np.zeros(4), np.ones(4))))
        assert expected(batches[0], "batch", 1, (1, 2, 0, 1), running) in said(app)[0]
        assert any(f"Running mean **{cells.written(running[0][2])}**" in element.value for element in app.markdown)
    next(button for button in app.button if button.label == "Start again").click().run()
    assert not app.exception and app.number_input(key="fed").value == 0


def test_three_norms_stand_side_by_side():
    app = open_averaging(side="true", groups=2, cell="1-3-1-0")
    x = cells.made_up((3, 4, 2, 2), 9)
    assert [expected(x, norm, 2, (1, 3, 1, 0)) in text for norm, text in zip(COMPARED, said(app), strict=True)] == [True] * 3
    assert sum("statistic groups" in spoken(chart) for chart in charts(app)) == 3


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("network", COMPARED)
@pytest.mark.parametrize("layer", [1, 4, 8])
def test_real_activations_of_every_network(study, network, layer):
    for side in ("false", "true"):
        app = open_averaging(study=study, tensor="network", network=network, layer=layer, mode="evaluation", side=side)
        assert not app.error and len(said(app)) == (3 if side == "true" else 1)
        assert any("are drawn" in caption.value for caption in app.caption)


def test_a_smaller_layer_keeps_the_slice_inside():
    app = open_averaging(tensor="network", layer=2, h=6, w=6, top=20, left=20, n=7, c=16, first=16)
    for layer in (8, 1):
        choice(app, "layer").set_value(layer).run()
        assert not app.exception and len(said(app)) == 1


def test_test_images_need_data_and_say_so():
    app = open_averaging(tensor="network", input="test images")
    assert any(button.label == "Fetch CIFAR-10" for button in app.button)


def test_two_sessions_do_not_see_each_other():
    one, other = open_averaging(tensor="network", mode="evaluation"), open_averaging(tensor="network", mode="evaluation")
    before = said(other)
    choice(one, "mode").set_value("training").run()
    one.number_input(key="fed").set_value(20).run()
    assert said(one) != before
    assert said(other.run()) == before


@pytest.mark.parametrize(
    "query", [{}, {"side": "true"}, {"tensor": "network"}, {"n": 8, "c": 16, "h": 6, "w": 6, "norm": "group"}]
)
def test_a_change_is_answered_in_half_a_second_of_work(query):
    app = open_averaging(**query)
    spent = []
    for _ in range(3):
        start = time.process_time()
        app.run()
        spent.append(time.process_time() - start)
    assert min(spent) < 0.5


@pytest.mark.parametrize(("network", "kept"), [("batch", True), ("group", False), ("layer", False)])
def test_only_what_a_network_kept_is_said_to_be_of_its_training_pictures(network, kept):
    app = open_averaging(tensor="network", network=network, side="true")
    (text,) = [text.value for text in app.markdown if "starts with mean" in text.value]
    assert ("from the training pictures'" in text) == kept and ("kept none" in text) != kept
