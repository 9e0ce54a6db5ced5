import json
import os
import time

import pytest

from normviz.lab import asking
from normviz.lab.settings import Settings
from normviz.lab.setup import Setup


def test_what_could_not_be_measured_is_asked_for_again_only_after_a_while(tmp_path):
    lab, setup = Settings(folder=str(tmp_path)), Setup()
    file = asking.speed_file(lab, setup)
    assert asking.expected_seconds(lab, setup, 10, 1) is None
    file.parent.mkdir()
    file.write_text(json.dumps({"error": "KilledWorker"}))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="KilledWorker"):
            asking.expected_seconds(lab, setup, 10, 1)
    past = time.time() - asking.AGAIN_SECONDS - 1
    os.utime(file, (past, past))
    with pytest.raises(RuntimeError):
        asking.expected_seconds(lab, setup, 10, 1)
    assert asking.expected_seconds(lab, setup, 10, 1) is None
