from distributed import LocalCluster

from normviz.lab import tasks, workers
from normviz.lab.settings import Settings
from normviz.lab.setup import Setup
from normviz.lab.tasks import Data, Slice


def test_a_cluster_that_the_settings_name_does_the_slices(tmp_path):
    plan = Setup(("layer",), data="drawn", pictures=500).columns["layer-0"]
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        settings = Settings(folder=str(tmp_path), cluster=cluster.scheduler_address)
        with workers.client(settings) as client:
            job = Slice(plan, Data("drawn", "", 500), None, 1, test_pictures=20)
            assert client.submit(tasks.carry_out, job).result().point["step"] == 1
    assert not (tmp_path / "scheduler.json").exists()
