from tests.app.pages import assert_whole, open_page


def test_nonsense_in_the_url_falls_back(no_data):
    assert_whole(open_page("mistakes", study="nonsense", show="nothing", at="-4"), "mistakes")
