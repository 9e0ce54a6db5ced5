from normviz.words import pages
from tests.browser.harness import HOME, assert_no_error, open_page, settle


def test_next_leads_through_all_pages_and_back_returns(page):
    open_page(page, HOME)
    for key in [*pages.TOUR[1:], HOME]:
        follow(page, "Next", key)
    assert page.get_by_role("link", name="Back: ").count() == 0
    follow(page, "Next", pages.TOUR[1])
    follow(page, "Next", pages.TOUR[2])
    follow(page, "Back", pages.TOUR[1])
    follow(page, "Back", HOME)


def test_menus_stand_in_the_order_of_the_tour(page):
    open_page(page, HOME)
    menus = [menu for menu in pages.SECTIONS if menu]
    bar = page.locator('[data-testid="stHeader"], [data-testid="stTopNav"]').first.inner_text()
    places = [bar.index(name) for name in [pages.TITLES[HOME], *menus]]
    assert places == sorted(places)


def test_the_first_page_is_found_by_its_name_too(page):
    page.goto("/overview?study=budget")
    page.get_by_role("heading", level=1, name=pages.PAGES[HOME].title).wait_for()
    settle(page)
    assert_no_error(page)
    assert page.url.endswith("/?study=budget")
    assert page.get_by_role("radio", name="budget").get_attribute("aria-checked") == "true"


def follow(page, direction: str, key: str) -> None:
    page.get_by_role("link", name=f"{direction}: {pages.TITLES[key]}").click()
    page.get_by_role("heading", level=1, name=pages.PAGES[key].title).wait_for()
    settle(page)
    assert_no_error(page)
