"""What a command says while it works."""

import sys

from tqdm import tqdm

from normviz.commands.actions import _show_progress_on
from normviz.studies.runner import Progress
from normviz.training.plans import Plan


def test_a_run_that_fails_is_told_at_once_and_once(capsys):
    plan = Plan("published", "layer")
    with tqdm(total=1.0, file=sys.stderr) as bar:
        show = _show_progress_on(bar)
        show(Progress(0, 1, 1, {}, 0.0))
        assert "failed" not in capsys.readouterr().err
        show(Progress(0, 1, 0, {plan: "Diverged: loss=nan\nat step 3"}, 0.0))
        assert "Diverged: loss=nan at step 3" in capsys.readouterr().err
        show(Progress(1, 0, 0, {plan: "Diverged: loss=nan\nat step 3"}, 1.0))
        assert "Diverged" not in capsys.readouterr().err
