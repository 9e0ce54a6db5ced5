from unittest.mock import Mock

import pytest

from normviz.app import controls, saved


@pytest.mark.parametrize(("chosen", "number"), [("any", 0), ("paper", 1), ("(any)", None)])
def test_a_class_that_is_called_like_no_choice_can_be_chosen(chosen, number, monkeypatch):
    monkeypatch.setattr(saved, "classes", lambda: ("any", "paper"))
    place = Mock()
    place.selectbox.return_value = chosen
    assert controls.choose_class(place, "Class", "any", key="of a test") == number
    assert place.selectbox.call_args.args[1] == ["(any)", "any", "paper"]
