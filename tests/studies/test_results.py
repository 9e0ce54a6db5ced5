import pytest

from normviz.studies import evidence, headline, results
from normviz.training import runs
from normviz.words import questions


def test_the_readme_holds_what_the_command_prints():
    readme = (runs.CHECKPOINTS.parent / "README.md").read_text(encoding="utf-8")
    assert f"{results.BEGIN}\n{results.markdown()}\n{results.END}" in readme


def test_results_begin_with_the_gap_over_seeds(monkeypatch):
    assert results.markdown().startswith(headline.sentence(evidence.load("seeds")))
    monkeypatch.setattr(headline, "has_all", lambda table: False)
    assert results.markdown().startswith(f"**{questions.STUDIES['seeds'].title}**")


def test_results_need_their_place(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("nothing here")
    with pytest.raises(results.ResultsError, match="README.md has no place"):
        results.write(file)
    assert file.read_text() == "nothing here"
    file.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter")
    results.write(file)
    assert file.read_text().startswith("before\n") and file.read_text().endswith("\nafter") and "old" not in file.read_text()
