import torchvision

from tests.app.pages import open_page


def test_test_images_need_data_and_say_so(no_data):
    app = open_page("layer_statistics", input="test images")
    assert not app.exception
    assert any(button.label == "Fetch CIFAR-10" for button in app.button)


def test_a_failed_download_is_explained_and_can_be_tried_again(no_data, monkeypatch):
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", "http://127.0.0.1:9/nothing.tar.gz")
    app = open_page("mistakes")
    for _ in range(2):
        app.button(key="fetch").click().run()
        assert not app.exception
        assert "could not be fetched" in app.error[0].value
