from normviz.words import captions
from tests.app.pages import charts, open_page, spoken


def test_widths_recount(no_data):
    app = open_page("parameters")
    app.button(key="preset_layer").click().run()
    assert [app.number_input(key=key).value for key in captions.WIDTH_CHOICES] == [4, 4, 4, 8, 8, 4, 10]
    assert any("27,376" in spoken(chart) for chart in charts(app))
