"""The entry to the peers: environments made once, and jobs handed over or refused with one message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ENTRY = Path(__file__).parents[2] / "benchmarks" / "peers"
ECHO = """
import json, os, sys
names = ["OMP_NUM_THREADS", "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES", "PYTHONPATH"]
seen = {"prefix": sys.prefix, "job": sys.argv[1], "environ": {name: os.environ.get(name) for name in names}}
open(os.path.join(sys.argv[2], "entry.json"), "w").write(json.dumps(seen))
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A copy of the entry with one peer, ``echo``, that writes what it was given."""

    root: Path

    @property
    def requirements(self) -> Path:
        return self.root / "benchmarks" / "peers" / "echo" / "requirements.txt"

    @property
    def environment(self) -> Path:
        return self.root / "environments" / "echo"

    def call(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"AUTOTL_PEERS": str(self.root / "environments"), "PYTHONPATH": "nowhere"}
        command = [sys.executable, "-m", "benchmarks.peers", *map(str, arguments)]
        return subprocess.run(
            command, cwd=self.root, env=environ, capture_output=True, text=True, check=False
        )

    def refused(self, *arguments: object) -> str:
        done = self.call(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.strip()

    def job(self, **changes: Any) -> Path:
        """A valid job, but for the changes."""
        tables = {name: self.root / f"{name}.csv" for name in ("train", "test")}
        for table in tables.values():
            table.write_text("image\n", encoding="utf-8")
        job: dict[str, Any] = {
            "format": 1,
            "peer": "echo",
            **{name: str(table) for name, table in tables.items()},
            "classes": ["cat", "dog"],
            "backbone": {"name": "tiny", "folder": str(self.root)},
            "image_size": None,
            "budget_seconds": 1,
            "seed": 0,
            "threads": 3,
            "device": "cpu",
        }
        file = self.root / "job.json"
        file.write_text(json.dumps(job | changes), encoding="utf-8")
        return file


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    peers = tmp_path / "benchmarks" / "peers"
    (peers / "echo").mkdir(parents=True)
    for file in ENTRY.glob("*.py"):
        shutil.copy(file, peers)
    (peers / "echo" / "peer.py").write_text(ECHO, encoding="utf-8")
    (peers / "echo" / "requirements.txt").write_text("# nothing to install\n\n", encoding="utf-8")
    return Desk(tmp_path)


@pytest.fixture
def prepared(desk: Desk) -> Desk:
    assert desk.call("prepare", "echo").returncode == 0
    return desk


def test_a_second_prepare_leaves_the_environment_alone(prepared: Desk) -> None:
    (prepared.environment / "mark").touch()
    done = prepared.call("prepare", "echo")
    assert (done.returncode, done.stdout) == (0, f"echo: is prepared already in {prepared.environment}\n")
    assert (prepared.environment / "mark").exists()


def test_other_requirements_make_the_environment_anew(prepared: Desk) -> None:
    (prepared.environment / "mark").touch()
    prepared.requirements.write_text("# something else\n", encoding="utf-8")
    refused = prepared.refused("run", "echo", prepared.job(), prepared.root / "out")
    assert refused.startswith("Peer 'echo' was prepared with other requirements. Run: ")
    assert prepared.call("prepare", "echo").stdout == f"echo: prepared in {prepared.environment}\n"
    assert not (prepared.environment / "mark").exists()
    assert prepared.call("run", "echo", prepared.job(), prepared.root / "out").returncode == 0


def test_another_python_makes_the_environment_anew(prepared: Desk) -> None:
    other = prepared.root / "python"
    other.symlink_to(Path(sys.executable).resolve())
    (prepared.environment / "mark").touch()
    assert prepared.call("prepare", "echo", "--python", other).stdout.startswith("echo: prepared in ")
    assert not (prepared.environment / "mark").exists()
    assert prepared.call("prepare", "echo", "--python", other).stdout.startswith("echo: is prepared already")


def test_a_half_made_environment_is_made_anew(prepared: Desk) -> None:
    (prepared.environment / "autotl-peer.json").write_text('{"requi', encoding="utf-8")
    assert prepared.call("prepare", "echo").stdout == f"echo: prepared in {prepared.environment}\n"


def test_a_folder_that_is_no_environment_is_not_removed(desk: Desk) -> None:
    desk.environment.mkdir(parents=True)
    (desk.environment / "thesis.tex").touch()
    assert "is no virtual environment. Remove it" in desk.refused("prepare", "echo")
    assert (desk.environment / "thesis.tex").exists()


@pytest.mark.slow
def test_pip_failing_shows_its_last_lines_and_leaves_nothing_prepared(desk: Desk) -> None:
    desk.requirements.write_text(f"{desk.root / 'absent.whl'}\n", encoding="utf-8")
    refused = desk.refused("prepare", "echo")
    assert refused.startswith("The pip for peer 'echo' failed. Its last lines:\n")
    assert "absent.whl" in refused
    assert "is not prepared" in desk.refused("run", "echo", desk.job(), desk.root / "out")


def test_a_python_that_is_not_there_is_refused(desk: Desk) -> None:
    assert desk.refused("prepare", "echo", "--python", "python0.9").startswith("No Python at 'python0.9'.")


def test_a_run_has_the_threads_the_device_and_the_environment_of_its_peer(prepared: Desk) -> None:
    job, out = prepared.job(), prepared.root / "deep" / "out"
    done = prepared.call("run", "echo", job, out)
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads((out / "entry.json").read_text(encoding="utf-8"))
    assert (seen["prefix"], seen["job"]) == (str(prepared.environment), str(job))
    assert seen["environ"] == {
        "OMP_NUM_THREADS": "3",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": None,
    }


def test_weights_from_a_hub_may_be_looked_up_and_a_gpu_may_be_seen(prepared: Desk) -> None:
    job = prepared.job(backbone={"name": "tiny", "folder": None}, device="cuda")
    assert prepared.call("run", "echo", job, prepared.root / "out").returncode == 0
    environ = json.loads((prepared.root / "out" / "entry.json").read_text(encoding="utf-8"))["environ"]
    assert environ["HF_HUB_OFFLINE"] == os.environ.get("HF_HUB_OFFLINE")
    assert environ["CUDA_VISIBLE_DEVICES"] == os.environ.get("CUDA_VISIBLE_DEVICES")


def test_a_failing_peer_passes_on_its_message_and_its_status(prepared: Desk) -> None:
    (prepared.requirements.parent / "peer.py").write_text("raise SystemExit('no luck')", encoding="utf-8")
    assert prepared.refused("run", "echo", prepared.job(), prepared.root / "out") == "no luck"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "is not of format 1."),
        ({"peer": "other"}, "is for peer 'other', not 'echo'."),
        ({"threads": 0}, "must have 'threads' of 1 or more, not 0."),
        ({"threads": True}, "must have 'threads' of 1 or more, not True."),
        ({"backbone": "tiny"}, "must have a 'backbone' with a name and a folder."),
        ({"test": "/no/test.csv"}, "names '/no/test.csv', which is not there."),
        ({"train": None}, "names None, which is not there."),
        ({"backbone": {"folder": "/no/weights"}}, "names '/no/weights', which is not there."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_job_that_cannot_be_done_is_refused(desk: Desk, changes: dict[str, Any], message: str) -> None:
    file = desk.job(**changes)
    assert desk.refused("run", "echo", file, desk.root / "out") == f"The job {file} {message}"


def test_a_job_that_cannot_be_read_is_refused(desk: Desk) -> None:
    file = desk.root / "job.json"
    assert (
        desk.refused("run", "echo", file, desk.root)
        == f"The job {file} cannot be read: No such file or directory."
    )
    file.write_text("{", encoding="utf-8")
    assert desk.refused("run", "echo", file, desk.root).startswith(f"The job {file} is no JSON: ")


def test_a_peer_that_is_not_known_is_refused_with_those_that_are(desk: Desk) -> None:
    assert desk.refused("prepare", "ecco") == "No peer called 'ecco'. Known: echo."
    desk.requirements.unlink()
    assert desk.refused("prepare", "echo").startswith("Peer 'echo' has no requirements.txt.")


def test_the_entry_needs_nothing_but_the_standard_library(desk: Desk) -> None:
    modules = "[name for name in ('autotl', 'numpy') if name in sys.modules]"
    code = f"import sys, benchmarks.peers.__main__ as entry; print(entry.__file__, {modules})"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=desk.root, capture_output=True, text=True)
    assert done.stdout.split() == [str(desk.root / "benchmarks" / "peers" / "__main__.py"), "[]"], done.stderr


def test_every_peer_has_its_three_files() -> None:
    folders = [each for each in ENTRY.iterdir() if (each / "peer.py").is_file()]
    assert {"fastai", "plain"} <= {each.name for each in folders}
    for each in folders:
        assert (each / "requirements.txt").is_file()
        assert (each / "README.md").is_file()
