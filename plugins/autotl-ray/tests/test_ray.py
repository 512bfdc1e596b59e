"""Trials on a Ray cluster of this machine."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("ray")

import ray
from autotl_ray import Ray, _Worker, autotl_executors

from autotl.api import DIED, Job, Said, State
from autotl.errors import DiskFull, RunError

WORK = """
import os, signal
from dataclasses import dataclass, replace
from pathlib import Path
from autotl.api import Checkpoint, Epoch, Outcome, Said
from autotl.errors import DiskFull

@dataclass
class Work:
    folder: Path

    def moved(self, folder):
        return replace(self, folder=folder / "trials")

    def __call__(self, job, go):
        how = job.params["how"]
        if how == "dies" or (how == "dies once" and not (self.folder / "died").exists()):
            if how == "dies once":
                (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "goes on":
            self.folder.mkdir(parents=True, exist_ok=True)
            left = self.folder / "left.safetensors"
            left.write_bytes(Path(job.checkpoint).read_bytes() + b" and more")
            return Outcome(job, "pruned", (), 0.0, "behind", checkpoint=Checkpoint(str(left), 0.5))
        if how == "disk":
            raise DiskFull("No room for weights.")
        for step in range(1, 4 if how != "endless" else 10**9):
            if ended := go(job, Said(0, Epoch(step, 0.5, step / 3))):
                return Outcome(job, ended, (), 0.0, "told to")
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = self.folder / f"{job.number}.safetensors"
        weights.write_bytes(b"weights")
        return Outcome(job, "complete", (), 0.0, str(os.getpid()), {0: str(weights)}, 32)
"""


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """One cluster for all tests, and work that its processes can import."""
    folder = tmp_path_factory.mktemp("importable")
    (folder / "light_ray_work.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    import light_ray_work  # type: ignore[import-not-found]

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": ":".join(path for path in sys.path if path)}},
    )
    yield light_ray_work
    ray.shutdown()
    sys.path.remove(str(folder))


def jobs(*ways: str) -> list[Job]:
    return [Job(number, "x", "y", {"how": how}, 0, (0,)) for number, how in enumerate(ways)]


def go(job: Job, said: Said) -> State | None:
    """Prunes what would never end."""
    return "pruned" if job.params["how"] == "endless" and said.epoch.step > 3 else None


def test_the_plugin_offers_it() -> None:
    assert [executor.name for executor in autotl_executors()] == ["ray"]


def test_two_workers_survive_deaths_and_pruning_reaches_them(cluster: ModuleType, tmp_path: Path) -> None:
    ways = jobs("well", "dies once", "endless", "dies", "well")
    found = {each.job.number: each for each in Ray().run(ways, cluster.Work(tmp_path), go, workers=2)}
    assert [found[n].state for n in range(5)] == ["complete", "complete", "pruned", "failed", "complete"]
    assert found[3].why == DIED
    assert Path(found[4].models[0]).read_bytes() == b"weights"
    assert not list(tmp_path.glob(".ray-*"))


def test_a_checkpoint_goes_to_a_job_and_another_comes_back(cluster: ModuleType, tmp_path: Path) -> None:
    left = tmp_path / "before.safetensors"
    left.write_bytes(b"state")
    (job,) = jobs("goes on")
    (found,) = Ray().run([replace(job, checkpoint=str(left))], cluster.Work(tmp_path / "run"), go)
    assert found.checkpoint is not None
    assert Path(found.checkpoint.path).read_bytes() == b"state and more"


def test_so_it_does_on_a_machine_that_does_not_see_the_run(cluster: ModuleType, tmp_path: Path) -> None:
    worker = _Worker(pickle.dumps(cluster.Work(tmp_path / "run")), str(tmp_path / "not there"), None, 1)
    (job,) = jobs("goes on")
    there = replace(job, checkpoint="/seen/by/others/only.safetensors")
    with worker._own:
        outcome, _, kept = worker.run(0, there, [ray.put(b"state")])
    assert (kept, outcome.state) == (b"state and more", "pruned")
    assert not (tmp_path / "run").exists()


def test_a_full_disk_ends_the_search(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"No room for weights\."):
        list(Ray().run(jobs("disk"), cluster.Work(tmp_path), go, workers=1))


def test_more_workers_than_cores_are_refused(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="3 workers need a core each, and the cluster has 2"):
        list(Ray().run(jobs("well"), cluster.Work(tmp_path), go, workers=3))


def test_a_device_by_number_is_refused(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="write --device cuda instead of cuda:1"):
        list(Ray().run(jobs("well"), cluster.Work(tmp_path), go, workers=1, device="cuda:1"))
