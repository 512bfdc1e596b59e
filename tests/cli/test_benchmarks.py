"""Benchmarks and leaderboards from the command line."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from autotl import cli
from autotl.leaderboard import read_rows, write_rows
from tests.support.command_line import Run

PEER = """
    import csv, json, os, sys
    import numpy as np
    if sys.argv[1] == "prepare":
        sys.exit(0)
    name, job, out = sys.argv[2], json.load(open(sys.argv[3])), sys.argv[4]
    n = len(list(csv.DictReader(open(job["test"]))))
    rng = np.random.default_rng(len(name) + job["seed"])
    np.save(os.path.join(out, "logits.npy"), rng.normal(size=(n, len(job["classes"]))).astype("float32"))
    told = {"plugin": name, "version": "1", "val": None, "versions": {"python": "3"}}
    json.dump(told, open(os.path.join(out, "entry.json"), "w"))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A suite of two tools that guess, and its results."""
    folder = tmp_path_factory.mktemp("guessing")
    script = folder / "guess.py"
    script.write_text(textwrap.dedent(PEER), encoding="utf-8")
    data = "\n".join(
        f'[[dataset]]\nname = "{name}"\ngenerator = "{name}"\nsettings = {{ per_class = 20 }}'
        for name in ("shapes", "colours", "gratings")
    )
    peers = "\n".join(
        f'[[peer]]\nname = "{name}"\ncommand = ["{sys.executable}", "{script}"]' for name in ("one", "three")
    )
    suite = folder / "guessing.toml"
    suite.write_text(
        f'budgets = ["2s"]\nseeds = [0, 1]\nshots = [5]\nstrategies = []\nautotl = false\n{data}\n{peers}\n'
        '[[backbone]]\nname = "tiny"\n',
        encoding="utf-8",
    )
    words = ["bench", str(suite), "--out", str(folder / "results"), "--quiet"]
    assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 0
    (folder / "results" / "splits").rename(folder / "splits")
    return suite, folder / "results"


def test_a_benchmark_prints_where_its_rows_are(run: Run, done: tuple[Path, Path]) -> None:
    suite, results = done
    code, out, err = run("bench", suite, "--out", results, "--device", "cpu")
    assert code == 0
    assert Path(out.strip()) == results.resolve() / "results.parquet"
    assert "12 measurements, 12 of them done before." in err


def test_the_leaderboard_is_markdown_on_standard_output(run: Run, done: tuple[Path, Path]) -> None:
    code, out, _ = run("leaderboard", done[1], "--title", "Guessing")
    assert code == 0
    assert out.startswith("# Guessing")
    assert "| entrant |" in out


def test_it_is_a_page_or_json_where_that_is_asked_for(
    run: Run, done: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("leaderboard", done[1], "--out", tmp_path / "board.html")[0] == 0
    assert "<html" in (tmp_path / "board.html").read_text(encoding="utf-8")
    code, out, _ = run("leaderboard", done[1], "--json")
    assert code == 0
    assert json.loads(out)


def test_rows_can_be_filtered(run: Run, done: tuple[Path, Path]) -> None:
    code, out, _ = run("leaderboard", done[1], "--where", "dataset=shapes")
    assert code == 0
    assert "shapes" in out
    assert "colours" not in out
    code, _, err = run("leaderboard", done[1], "--where", "datset=shapes")
    assert code == 2
    assert "dataset" in err


def test_honest_results_hold_and_tampered_ones_do_not(
    run: Run, done: tuple[Path, Path], tmp_path: Path
) -> None:
    suite, results = done
    code, out, err = run("leaderboard", "check", results, "--suite", suite)
    assert (code, err) == (0, "")
    assert "12 rows are valid" in out
    rows = read_rows(results / "results.parquet")
    write_rows(tmp_path / "fewer.parquet", rows[1:])
    code, out, err = run("leaderboard", "check", tmp_path / "fewer.parquet", "--suite", suite)
    assert code == 2
    assert "are missing" in out
    assert "Correct these results" in err


def test_what_is_no_results_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no parquet", encoding="utf-8")
    for words in (("leaderboard", tmp_path / "a.parquet"), ("leaderboard", tmp_path / "none.parquet")):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert "Traceback" not in err
    assert run("leaderboard", "check")[0] == 2


def test_an_unknown_suite_gets_a_hint(run: Run, tmp_path: Path) -> None:
    code, _, err = run("bench", "smok", "--out", tmp_path / "out")
    assert code == 2
    assert "smoke" in err


def test_check_compares_with_published_results(run: Run, done: tuple[Path, Path], tmp_path: Path) -> None:
    suite, results = done
    rows = read_rows(results / "results.parquet")
    published = tmp_path / "published.parquet"
    write_rows(published, [row for row in rows if row.entrant == "one"])
    stolen = tmp_path / "stolen.parquet"
    write_rows(stolen, [replace(row, entrant="mine").sealed() for row in rows if row.entrant == "one"])
    words = "leaderboard", "check", stolen, "--suite", suite, "--published", published
    code, out, _ = run(*words)
    assert code != 0
    assert "mine has the outputs of one in 6 rows" in out
    code, _, err = run(*words, "--update", "two")
    assert code != 0
    assert "two" in err
    assert "one" in err
