"""What passes through the database comes out as it went in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl.api import Checkpoint, Epoch, FoldScore, Job, Outcome, Said
from autotl.errors import RunError
from autotl.queue import coding
from autotl.queue.coding import (
    job_from,
    job_text,
    keep_outcome,
    outcome_from,
    parted,
    placed,
    said_from,
    said_text,
)

JOB = Job(4, "probe", "net", {"c": 0.5, "kind": "a", "deep": True, "none": None}, 2**40, (0, 1))


def test_a_job_is_the_same() -> None:
    assert job_from(job_text(JOB)) == JOB


def test_a_job_keeps_its_checkpoint_where_the_folder_is_called_otherwise() -> None:
    job = replace(JOB, checkpoint="/there/run/.cache/c.safetensors")
    found = placed(job_from(job_text(parted(job, Path("/there/run")))), Path("/here/run"))
    assert found == replace(JOB, checkpoint="/here/run/.cache/c.safetensors")
    assert placed(parted(JOB, Path("/there")), Path("/here")) == JOB


def test_what_is_said_is_the_same_but_for_logits() -> None:
    told = Said(1, Epoch(3, 0.5, 0.25, None, 1.5))
    assert said_from(said_text(told)) == told
    done = FoldScore(1, 0.5, np.ones((2, 3), np.float32), 2.0, 3)
    found = said_from(said_text(Said(1, Epoch(3, 0.5, 1.0), done))).done
    assert found is not None
    assert (found.fold, found.score, found.seconds, found.epochs, found.logits.size) == (1, 0.5, 2.0, 3, 0)


def test_a_file_that_does_not_appear_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "APPEARS", 0.1)
    fold = FoldScore(0, 0.5, np.ones((2, 3), np.float32), 1.0, 1)
    text = keep_outcome(Outcome(JOB, "complete", (fold,), 1.0), tmp_path / "1-0-1", tmp_path)
    (tmp_path / "1-0-1" / "logits.safetensors").unlink()
    with pytest.raises(RunError, match=r"1-0-1.logits\.safetensors, but it is not there"):
        outcome_from(text, JOB, tmp_path)


def test_an_outcome_keeps_its_paths_where_the_folder_is_called_otherwise(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    logits = np.arange(6, dtype=np.float32).reshape(2, 3)
    told = Outcome(
        JOB,
        "pruned",
        (FoldScore(1, 0.25, logits, 1.5, 3),),
        2.5,
        "why",
        {1: str(there / ".cache" / "w.safetensors")},
        32,
        Checkpoint(str(there / ".cache" / "c.safetensors"), 0.3),
    )
    text = keep_outcome(told, there / ".cache" / "1-0-1", there)
    there.rename(here)
    found = outcome_from(text, JOB, here)
    assert (found.state, found.seconds, found.why, found.side) == ("pruned", 2.5, "why", 32)
    assert found.checkpoint == Checkpoint(str(here / ".cache" / "c.safetensors"), 0.3)
    assert found.models == {1: str(here / ".cache" / "w.safetensors")}
    assert (found.folds[0].fold, found.folds[0].score, found.folds[0].epochs) == (1, 0.25, 3)
    assert (found.folds[0].logits == logits).all()
