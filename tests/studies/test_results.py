import pytest

from normviz import disk
from normviz.studies import evidence, headline, results
from normviz.training import runs
from normviz.training.plans import Plan, recipe_of
from tests.studies.tables import trained


def test_the_readme_holds_what_the_command_prints():
    readme = (runs.CHECKPOINTS.parent / "README.md").read_text(encoding="utf-8")
    assert f"{results.BEGIN}\n{results.markdown()}\n{results.END}" in readme


def test_results_begin_with_the_gap_over_seeds(monkeypatch):
    assert results.markdown().startswith(headline.sentence(evidence.load("seeds")))
    monkeypatch.setattr(headline, "has_all", lambda table: False)
    assert results.markdown().startswith("**How far do three norms get below 50,000 parameters?**")


def test_the_budget_is_told_over_seeds_once_they_are_trained(monkeypatch):
    recipe, accuracies = recipe_of("budget"), {"batch": [0.85, 0.86], "group": [0.83, 0.84], "layer": [0.8, 0.8]}
    plans = {
        Plan("budget", norm, seed, recipe): each for norm, by_seed in accuracies.items() for seed, each in enumerate(by_seed)
    }
    budget, load = trained("budget", plans), evidence.load_if_any
    monkeypatch.setattr(evidence, "load_if_any", lambda name: budget if name == "budget" else load(name))
    told = results.markdown().partition("**How far")[2].partition("\n\n**")[0]
    assert "Batch norm leads group norm by 2.00 ± 0.00 points" in told
    assert "| `budget` | Batch norm | 85.50% |" in told and "the source reported" not in told


def test_results_need_their_place(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("nothing here")
    with pytest.raises(results.ResultsError, match="README.md has no place"):
        results.write(file)
    assert file.read_text() == "nothing here"
    file.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter")
    results.write(file)
    assert (
        file.read_text().startswith("before\n") and file.read_text().endswith("\nafter") and "\nold\n" not in file.read_text()
    )


def test_the_ends_of_lines_stay_as_they_are(tmp_path):
    (tmp_path / "README.md").write_bytes(f"a\r\n{results.BEGIN}\r\n{results.END}\r\nb\r\n".encode())
    results.write(tmp_path / "README.md")
    written = (tmp_path / "README.md").read_bytes()
    assert (
        written.startswith(b"a\r\n") and written.endswith(b"\r\nb\r\n") and written.count(b"\n") == written.count(b"\r\n") > 9
    )


@pytest.mark.parametrize("place", ["missing.md", "folder", "binary", "missing/README.md"])
def test_a_file_that_cannot_be_read_is_named(place, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(results.ResultsError, match=f"{place} must be a text file"):
        results.write(tmp_path / place)


def test_a_folder_that_cannot_be_written_is_noticed_before_the_figures_are_put_together(tmp_path, monkeypatch):
    def refuse(folder):
        raise disk.DiskError(f"{folder} cannot be written")

    (tmp_path / "README.md").write_text(f"{results.BEGIN}\n{results.END}")
    monkeypatch.setattr(disk, "check_writable", refuse)
    monkeypatch.setattr(results, "markdown", lambda: pytest.fail("the folder must be checked first"))
    with pytest.raises(disk.DiskError):
        results.write(tmp_path / "README.md")
