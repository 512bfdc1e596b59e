"""Check the command of the peers: environments are created once, and invalid jobs give one message."""

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
found = {"prefix": sys.prefix, "job": sys.argv[1], "environ": {name: os.environ.get(name) for name in names}}
open(os.path.join(sys.argv[2], "entry.json"), "w").write(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the command with one peer, ``echo``, that writes its arguments and environment."""

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

    def error(self, *arguments: object) -> str:
        done = self.call(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.strip()

    def job(self, **changes: Any) -> Path:
        """Write a valid job with some changes."""
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
def checkout(tmp_path: Path) -> Checkout:
    peers = tmp_path / "benchmarks" / "peers"
    (peers / "echo").mkdir(parents=True)
    for file in ENTRY.glob("*.py"):
        shutil.copy(file, peers)
    (peers / "echo" / "peer.py").write_text(ECHO, encoding="utf-8")
    (peers / "echo" / "requirements.txt").write_text("# nothing to install\n\n", encoding="utf-8")
    return Checkout(tmp_path)


@pytest.fixture
def prepared(checkout: Checkout) -> Checkout:
    assert checkout.call("prepare", "echo").returncode == 0
    return checkout


def test_a_second_prepare_keeps_the_environment(prepared: Checkout) -> None:
    (prepared.environment / "mark").touch()
    done = prepared.call("prepare", "echo")
    assert (done.returncode, done.stdout) == (0, f"echo: is already prepared in {prepared.environment}\n")
    assert (prepared.environment / "mark").exists()


def test_changed_requirements_recreate_the_environment(prepared: Checkout) -> None:
    (prepared.environment / "mark").touch()
    prepared.requirements.write_text("# something else\n", encoding="utf-8")
    message = prepared.error("run", "echo", prepared.job(), prepared.root / "out")
    assert message.startswith("Peer 'echo' was prepared with other requirements. Run: ")
    assert prepared.call("prepare", "echo").stdout == f"echo: prepared in {prepared.environment}\n"
    assert not (prepared.environment / "mark").exists()
    assert prepared.call("run", "echo", prepared.job(), prepared.root / "out").returncode == 0


def test_another_python_recreates_the_environment(prepared: Checkout) -> None:
    other = prepared.root / "python"
    other.symlink_to(Path(sys.executable).resolve())
    (prepared.environment / "mark").touch()
    assert prepared.call("prepare", "echo", "--python", other).stdout.startswith("echo: prepared in ")
    assert not (prepared.environment / "mark").exists()
    assert prepared.call("prepare", "echo", "--python", other).stdout.startswith("echo: is already prepared")


def test_an_incomplete_environment_is_recreated(prepared: Checkout) -> None:
    (prepared.environment / "autotl-peer.json").write_text('{"requi', encoding="utf-8")
    assert prepared.call("prepare", "echo").stdout == f"echo: prepared in {prepared.environment}\n"


def test_a_folder_that_is_not_an_environment_is_kept(checkout: Checkout) -> None:
    checkout.environment.mkdir(parents=True)
    (checkout.environment / "thesis.tex").touch()
    assert "is not a virtual environment. Remove it" in checkout.error("prepare", "echo")
    assert (checkout.environment / "thesis.tex").exists()


@pytest.mark.slow
def test_an_error_of_pip_shows_its_last_lines_and_leaves_the_peer_unprepared(checkout: Checkout) -> None:
    checkout.requirements.write_text(f"{checkout.root / 'absent.whl'}\n", encoding="utf-8")
    message = checkout.error("prepare", "echo")
    assert message.startswith("The pip for peer 'echo' failed. Its last lines:\n")
    assert "absent.whl" in message
    assert "is not prepared" in checkout.error("run", "echo", checkout.job(), checkout.root / "out")


def test_a_missing_python_is_an_error(checkout: Checkout) -> None:
    assert checkout.error("prepare", "echo", "--python", "python0.9").endswith("(got 'python0.9').")


def test_a_run_has_its_threads_device_and_environment(prepared: Checkout) -> None:
    job, out = prepared.job(), prepared.root / "deep" / "out"
    done = prepared.call("run", "echo", job, out)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads((out / "entry.json").read_text(encoding="utf-8"))
    assert (found["prefix"], found["job"]) == (str(prepared.environment), str(job))
    assert found["environ"] == {
        "OMP_NUM_THREADS": "3",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": None,
    }


def test_a_job_may_use_the_hub_and_a_gpu(prepared: Checkout) -> None:
    job = prepared.job(backbone={"name": "tiny", "folder": None}, device="cuda")
    assert prepared.call("run", "echo", job, prepared.root / "out").returncode == 0
    environ = json.loads((prepared.root / "out" / "entry.json").read_text(encoding="utf-8"))["environ"]
    assert environ["HF_HUB_OFFLINE"] == os.environ.get("HF_HUB_OFFLINE")
    assert environ["CUDA_VISIBLE_DEVICES"] == os.environ.get("CUDA_VISIBLE_DEVICES")


def test_a_failing_peer_ends_the_command_with_its_message_and_status(prepared: Checkout) -> None:
    (prepared.requirements.parent / "peer.py").write_text("raise SystemExit('failed')", encoding="utf-8")
    assert prepared.error("run", "echo", prepared.job(), prepared.root / "out") == "failed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "must have format 1."),
        ({"peer": "other"}, "is for peer 'other', not 'echo'."),
        ({"threads": 0}, "must have 'threads' of 1 or more (got 0)."),
        ({"threads": True}, "must have 'threads' of 1 or more (got True)."),
        ({"backbone": "tiny"}, "must have a 'backbone' with a name and a folder."),
        ({"test": "/no/test.csv"}, "names '/no/test.csv', which does not exist."),
        ({"train": None}, "names None, which does not exist."),
        ({"backbone": {"folder": "/no/weights"}}, "names '/no/weights', which does not exist."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_invalid_job_is_an_error(checkout: Checkout, changes: dict[str, Any], message: str) -> None:
    file = checkout.job(**changes)
    assert checkout.error("run", "echo", file, checkout.root / "out") == f"The job {file} {message}"


def test_an_unreadable_job_is_an_error(checkout: Checkout) -> None:
    file = checkout.root / "job.json"
    assert (
        checkout.error("run", "echo", file, checkout.root)
        == f"The job {file} cannot be read: No such file or directory."
    )
    file.write_text("{", encoding="utf-8")
    assert checkout.error("run", "echo", file, checkout.root).startswith(
        f"The job {file} is not valid JSON: "
    )


def test_an_unknown_peer_is_an_error_that_lists_the_known_ones(checkout: Checkout) -> None:
    assert checkout.error("prepare", "ecco") == "Unknown peer 'ecco'. Known: echo."
    checkout.requirements.unlink()
    assert checkout.error("prepare", "echo").startswith("Peer 'echo' has no requirements.txt.")


def test_the_command_needs_only_the_standard_library(checkout: Checkout) -> None:
    modules = "[name for name in ('autotl', 'numpy') if name in sys.modules]"
    code = f"import sys, benchmarks.peers.__main__ as entry; print(entry.__file__, {modules})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=checkout.root, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(checkout.root / "benchmarks" / "peers" / "__main__.py"), "[]"], (
        done.stderr
    )


def test_every_peer_has_its_three_files() -> None:
    folders = [each for each in ENTRY.iterdir() if (each / "peer.py").is_file()]
    assert {"fastai", "plain"} <= {each.name for each in folders}
    for each in folders:
        assert (each / "requirements.txt").is_file()
        assert (each / "README.md").is_file()
