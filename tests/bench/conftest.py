"""Create a small suite whose only entrant is a short script, so that a benchmark takes a second."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from autotl.bench import Suite, load
from autotl.bench import split as splits
from tests.bench.honest_rows import POOL, Honest, row_of

PEER = """
    import csv, json, os, sys, time
    import numpy as np
    if sys.argv[1] == "prepare":
        sys.exit(0)
    job, out = json.load(open(sys.argv[3])), sys.argv[4]
    {body}
    n = len(list(csv.DictReader(open(job["test"]))))
    logits = np.random.default_rng(job["seed"]).normal(size=(n, len(job["classes"]))).astype("float32")
    np.save(os.path.join(out, "logits.npy"), logits)
    json.dump(
        {{"plugin": "guess", "version": "1.2", "val": 0.25, "trials": [{{"params": {{}}, "val": 0.25}}],
          "chosen": 0, "versions": {{"python": "3"}}, "notes": ["It guesses."]}},
        open(os.path.join(out, "entry.json"), "w"),
    )
"""

SUITE = """
summary = "Guessing."
budgets = ["2s"]
seeds = [0, 1]
shots = [5]
strategies = []
autotl = false

[[dataset]]
name = "shapes"
generator = "shapes"
settings = {{ per_class = 25 }}

[[dataset]]
name = "colours"
generator = "colours"
settings = {{ per_class = 25 }}

[[backbone]]
name = "tiny"

[[peer]]
name = "guess"
command = ["{python}", "{script}"]
"""


@pytest.fixture
def guessing(tmp_path: Path) -> Callable[..., Suite]:
    """Return a function that creates a suite whose peer runs ``body`` and guesses."""

    def make(body: str = "pass") -> Suite:
        script = tmp_path / "guess.py"
        script.write_text(textwrap.dedent(PEER).format(body=body), encoding="utf-8")
        path = tmp_path / "guessing.toml"
        path.write_text(SUITE.format(python=sys.executable, script=script), encoding="utf-8")
        return load(path)

    return make


@pytest.fixture
def honest(guessing: Callable[..., Suite]) -> Honest:
    """Return a suite with its splits, and correct rows of two strategies and a peer."""
    suite = guessing()
    rows = []
    for dataset in ("shapes", "colours"):
        for seed in suite.seeds:
            split = splits.make(POOL, shots=200, seed=seed)
            splits.write(suite.splits / splits.file_name(dataset, shots=5, seed=seed), split)
            for entrant in ("probe", "finetune", "guess"):
                rows.append(row_of(suite, dataset, seed, entrant, split))
    return suite, rows
