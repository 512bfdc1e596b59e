"""JSON files of a run and of weights that a person, an editor or another program wrote."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autotl import jsonio
from autotl.api import Weights
from autotl.backbone import Workload, describe
from autotl.clock import FakeClock
from autotl.errors import AutotlError, WeightsError
from autotl.results import read_report, read_run_file
from autotl.results.ensemble_folder import load_ensemble
from tests.cases.pictures import Cli

Damage = Callable[[str], bytes]

DAMAGED: dict[str, Damage] = {
    "empty": lambda text: b"",
    "blank": lambda text: b" \n",
    "deep-lists": lambda text: b"[" * 100_000,
    "deep-objects": lambda text: b'{"a":' * 100_000,
    "deep-inside": lambda text: text.replace("{", f'{{"x": {"[" * 50_000}{"]" * 50_000},', 1).encode(),
    "nan": lambda text: text.replace("{", '{"x": NaN,', 1).encode(),
    "infinity": lambda text: text.replace("{", '{"x": -Infinity,', 1).encode(),
    "too-large": lambda text: text.replace("{", '{"x": 1e999,', 1).encode(),
    "digits": lambda text: text.replace("{", '{"x": ' + "9" * 5000 + ",", 1).encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "latin-1": lambda text: text.replace("{", '{"x": "\u00e9",', 1).encode("latin-1", "replace"),
    "zeros": lambda text: bytes(1000),
    "comma-at-the-end": lambda text: (text.rstrip()[:-1] + ",}").encode(),
    "comment": lambda text: ("// mine\n" + text).encode(),
    "two-documents": lambda text: (text + text).encode(),
    "cut-short": lambda text: text[: len(text) // 2].encode(),
    "list": lambda text: b"[1, 2]",
    "text": lambda text: b'"run"',
    "null": lambda text: b"null",
    "number": lambda text: b"3",
}  # fmt: skip


@pytest.fixture(params=DAMAGED)
def damage(request: pytest.FixtureRequest) -> Damage:
    return DAMAGED[request.param]


def damaged(path: Path, damage: Damage) -> None:
    path.write_bytes(damage(path.read_text(encoding="utf-8")))


def test_a_damaged_run_file_is_refused(run: Path, command: Cli, damage: Damage) -> None:
    damaged(run / "run.json", damage)
    before = sorted(run.rglob("*"))
    code, out, err = command("resume", run, "--trials", "2")
    assert (code, out) == (2, "")
    assert "run.json" in err
    assert sorted(run.rglob("*")) == before


def test_a_damaged_report_is_refused(run: Path, command: Cli, damage: Damage) -> None:
    damaged(run / "report.json", damage)
    for words in (["report", run], ["evaluate", run, run.parent], ["report", run, "--format", "json"]):
        code, out, err = command(*words)
        assert (code, out) == (2, "")
        assert "report.json" in err


def test_a_damaged_model_is_refused(run: Path, command: Cli, damage: Damage) -> None:
    damaged(run / "model/config.json", damage)
    code, _, err = command("predict", run, run / "figures")
    assert code == 2
    assert "config.json" in err or "cannot be opened" in err
    with pytest.raises(WeightsError):
        describe(
            Weights("edited", f"local-dir:{run / 'model'}", "here", folder=run / "model"),
            typical_size=32, device="cpu", workload=Workload(9, None), clock=FakeClock(),
        )  # fmt: skip


def test_a_damaged_ensemble_is_refused(tmp_path: Path, damage: Damage) -> None:
    (tmp_path / "ensemble.json").write_text('{"format": 1, "members": [], "temperature": 1.0}')
    damaged(tmp_path / "ensemble.json", damage)
    with pytest.raises(AutotlError, match=r"ensemble\.json"):
        load_ensemble(tmp_path)


def test_a_mark_of_the_encoding_is_no_damage(run: Path) -> None:
    for name, read in (("run.json", read_run_file), ("report.json", read_report)):
        (run / name).write_bytes(b"\xef\xbb\xbf" + (run / name).read_bytes())
        assert read(run)


def test_of_a_key_that_comes_twice_the_last_counts(run: Path) -> None:
    text = (run / "run.json").read_text().replace("{", '{"format": 99, "elapsed": -1.0,', 1)
    (run / "run.json").write_text(text)
    assert read_run_file(run).elapsed >= 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"format": "1"}, "has format '1'"),
        ({"arguments": None}, "arguments"),
        ({"elapsed": None}, "elapsed"),
        ({"elapsed": True}, "elapsed"),
        ({"tested": 1.5}, "tested"),
        ({"tested": "1"}, "tested"),
        ({"plugins": []}, "plugins"),
        ({"name": 3}, "name"),
        ({"ended": True}, "ended"),
        ({"decided": [1]}, "decided"),
        ({"decided": {}}, "run.json"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_value_of_another_type_is_named(run: Path, command: Cli, changed: dict[str, Any], why: str) -> None:
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(told | changed))
    code, _, err = command("resume", run, "--trials", "2")
    assert code == 2
    assert why in err
    assert (run / "report.json").is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("make", ["pipe", "device", "folder", "loop"])
def test_a_file_of_another_kind_is_never_waited_for(tmp_path: Path, make: str) -> None:
    path = tmp_path / "some.json"
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "loop": lambda: path.symlink_to("some.json"),
    }[make]()
    with pytest.raises((ValueError, OSError)):
        jsonio.read(path)


def test_numbers_of_the_journal_are_finite(tmp_path: Path) -> None:
    for text in ("[NaN]", "[1e999]", "[-1e999]", "[Infinity]", "[" * sys.getrecursionlimit() * 2):
        with pytest.raises(ValueError, match=r"must be finite|nested too deeply|Expecting"):
            jsonio.parse(text)
    assert jsonio.parse("[1e308, -0.0, 1e-999]") == [1e308, 0.0, 0.0]
