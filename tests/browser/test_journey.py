from tests.browser.harness import assert_no_error, open_page, settle

TILES = "img[alt*='norm layer'], img[alt*='the norm']"


def drawn(page) -> bool:
    """Whether every map on the page has arrived and has a size."""
    return page.locator(TILES).evaluate_all("tiles => tiles.every(tile => tile.naturalWidth > 0 && tile.clientWidth > 20)")


def test_maps_are_drawn_and_follow_the_layer(page):
    open_page(page, "journey")
    assert page.locator(TILES).count() == 3 * (8 + 4 * 2)
    assert drawn(page)
    page.get_by_role("radiogroup", name="Norm layer", exact=True).get_by_role("radio", name="6").click()
    settle(page)
    assert "layer=6" in page.url
    assert page.locator("img[alt*='the norm']").first.evaluate("tile => tile.naturalWidth") == 6
    assert drawn(page)
    assert_no_error(page)


def test_a_link_opens_the_same_view(page):
    query = {"layer": "3", "channels": ["2", "3"], "order": "number", "saliency": "integrated gradients", "target": "dog"}
    open_page(page, "journey", **query)
    assert page.get_by_role("heading", name="Norm layer 3: before and after").count() == 1
    assert page.locator("img[alt*='channel 1 before the norm'], img[alt*='channel 2 before the norm']").count() == 6
    assert page.get_by_text("the pixels add up to").count() == 3
    assert_no_error(page)


def test_the_classify_page_shows_what_each_network_looked_at(page):
    open_page(page, "classify")
    page.get_by_role("radio", name="Grad-CAM").click()
    settle(page)
    assert "saliency=Grad-CAM" in page.url
    assert page.locator("img[alt*='tinted where the network looked']").count() == 3
    assert_no_error(page)
