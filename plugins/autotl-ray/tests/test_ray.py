"""Check the executor on a local Ray cluster."""

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

from autotl.api import DIED, Job, JobProgress, State
from autotl.errors import DiskFull, RunError

WORK = """
import os, signal
from dataclasses import dataclass, replace
from pathlib import Path
from autotl.api import Checkpoint, Epoch, Outcome, JobProgress
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
        if how == "resumes":
            self.folder.mkdir(parents=True, exist_ok=True)
            checkpoint = self.folder / "state.safetensors"
            checkpoint.write_bytes(Path(job.checkpoint).read_bytes() + b" and more")
            return Outcome(job, "pruned", (), 0.0, "behind", checkpoint=Checkpoint(str(checkpoint), 0.5))
        if how == "disk":
            raise DiskFull("No room for weights.")
        for step in range(1, 4 if how != "endless" else 10**9):
            if ended := go(job, JobProgress(0, Epoch(step, 0.5, step / 3))):
                return Outcome(job, ended, (), 0.0, "stopped")
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = self.folder / f"{job.number}.safetensors"
        weights.write_bytes(b"weights")
        return Outcome(job, "complete", (), 0.0, str(os.getpid()), {0: str(weights)}, 32)
"""


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Start a cluster for all tests, and write a module that its processes can import."""
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


def jobs(*kinds: str) -> list[Job]:
    return [Job(number, "x", "y", {"how": how}, 0, (0,)) for number, how in enumerate(kinds)]


def on_progress(job: Job, said: JobProgress) -> State | None:
    """Prune the endless job."""
    return "pruned" if job.params["how"] == "endless" and said.epoch.step > 3 else None


def test_the_plugin_provides_the_executor() -> None:
    assert [executor.name for executor in autotl_executors()] == ["ray"]


def test_two_workers_survive_deaths_and_receive_prunings(cluster: ModuleType, tmp_path: Path) -> None:
    five = jobs("well", "dies once", "endless", "dies", "well")
    found = {
        each.job.number: each for each in Ray().run(five, cluster.Work(tmp_path), on_progress, workers=2)
    }
    assert [found[n].state for n in range(5)] == ["complete", "complete", "pruned", "failed", "complete"]
    assert found[3].why == DIED
    assert Path(found[4].models[0]).read_bytes() == b"weights"
    assert not list(tmp_path.glob(".ray-*"))


def test_a_job_gets_its_checkpoint_and_returns_another(cluster: ModuleType, tmp_path: Path) -> None:
    checkpoint = tmp_path / "before.safetensors"
    checkpoint.write_bytes(b"state")
    (job,) = jobs("resumes")
    (found,) = Ray().run(
        [replace(job, checkpoint=str(checkpoint))], cluster.Work(tmp_path / "run"), on_progress
    )
    assert found.checkpoint is not None
    assert Path(found.checkpoint.path).read_bytes() == b"state and more"


def test_checkpoints_are_sent_to_a_machine_without_the_run_folder(
    cluster: ModuleType, tmp_path: Path
) -> None:
    worker = _Worker(pickle.dumps(cluster.Work(tmp_path / "run")), str(tmp_path / "missing"), None, 1)
    (job,) = jobs("resumes")
    remote = replace(job, checkpoint="/other/machine.safetensors")
    with worker._folder:
        outcome, _, content = worker.run(0, remote, [ray.put(b"state")])
    assert (content, outcome.state) == (b"state and more", "pruned")
    assert not (tmp_path / "run").exists()


def test_a_full_disk_ends_the_search(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"No room for weights\."):
        list(Ray().run(jobs("disk"), cluster.Work(tmp_path), on_progress, workers=1))


def test_more_workers_than_cores_are_an_error(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"at most 2, the cores of the cluster \(got 3\)"):
        list(Ray().run(jobs("well"), cluster.Work(tmp_path), on_progress, workers=3))


def test_a_device_with_a_number_is_an_error(cluster: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"--device must be cuda without a number, .* \(got cuda:1\)"):
        list(Ray().run(jobs("well"), cluster.Work(tmp_path), on_progress, workers=1, device="cuda:1"))
