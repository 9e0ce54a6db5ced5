from normviz.words import pages


def test_the_tour_has_each_page_once():
    assert sorted(pages.TOUR) == sorted(pages.PAGES) == sorted(pages.TITLES) == sorted(pages.ICONS)


def test_neighbours_follow_the_tour_and_the_last_page_leads_home():
    assert pages.TOUR[0] == "overview"
    assert pages.neighbours("overview") == (None, pages.TOUR[1])
    for before, key, after in zip(pages.TOUR, pages.TOUR[1:], (*pages.TOUR[2:], "overview")):
        assert pages.neighbours(key) == (before, after)
