import pytest

from normviz import settings
from normviz.model import offered
from normviz.model.offered import Offer
from normviz.settings import SettingsError


@pytest.fixture(autouse=True)
def file(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "FILE", tmp_path / "normviz.toml")
    return settings.FILE


def test_a_server_offers_none_unless_its_owner_names_some():
    assert offered.offers() == {}


def test_the_environment_goes_before_the_file(monkeypatch):
    settings.FILE.write_text('[networks]\nmine = "mypackage.models:build"\nother = "resnet18 --input=3x8x8 --weights=a=b"\n')
    monkeypatch.setenv("NORMVIZ_NETWORKS_MINE", "'my own.yaml' --weights w.safetensors --input 3x64x64")
    assert offered.offers() == {
        "mine": Offer("my own.yaml", (3, 64, 64), "w.safetensors"),
        "other": Offer("resnet18", (3, 8, 8), "a=b"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("''", "mine=''"),
        ("'resnet18 --input'", "an option must be a name and its value: --input stands alone"),
        ("'resnet18 3x64x64'", "3x64x64 stands alone"),
        ("'resnet18 --input 3xax4'", "invalid literal"),
        ("'resnet18 --input 3x0x4'", "numbers from 1 to 4096"),
        ("'resnet18 --data DIR'", "no such option: --data"),
        ('"resnet18 \'"', "No closing quotation"),
        ("3", "mine must be a text: mine=3"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_and_the_table(text, said):
    settings.FILE.write_text(f"[networks]\nmine = {text}\n")
    with pytest.raises(SettingsError, match=said) as refused:
        offered.offers()
    assert "table [networks]" in str(refused.value) and "\n" not in str(refused.value)
