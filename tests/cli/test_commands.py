"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.clock import WallClock, counting_from
from autotl.testing import tiny_images
from tests.support.command_line import Run
from tests.support.run_pages import request


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(each=12), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def done(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = ["fit", str(photos), "--out", str(folder), "--backbone", "tiny", "--trials", "2", "--quiet"]
    words += ["--strategy", "linear_probe"]
    assert cli.guarded(lambda: cli.app([*words, "--image-size", "32"], standalone_mode=False)) == 0
    return folder


def test_json_is_all_there_is_on_standard_output(run: Run, photos: Path, tmp_path: Path) -> None:
    code, out, err = run(
        "fit",
        photos,
        "--out",
        tmp_path / "r",
        "--backbone",
        "tiny",
        "--trials",
        1,
        "--image-size",
        32,
        "--json",
    )
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "r/report.json").read_text())
    assert err == ""


def test_the_time_counts_from_the_start_of_the_command(run: Run, photos: Path, tmp_path: Path) -> None:
    words = ["fit", photos, "--out", tmp_path / "r", "--backbone", "tiny", "--strategy", "linear_probe"]
    with counting_from(WallClock().now() - 1000):
        code, out, _ = run(*words, "--trials", 1, "--image-size", 32, "--json")
    assert code == 0
    assert json.loads(out)["cost"]["seconds"] >= 1000


def test_progress_in_a_pipe_has_no_control_codes(run: Run, photos: Path, tmp_path: Path) -> None:
    words = ["fit", photos, "--out", tmp_path / "r", "--backbone", "tiny", "--strategy", "linear_probe"]
    code, out, err = run(*words, "--trials", 2, "--image-size", 32)
    assert code == 0
    assert "\x1b" not in out + err
    assert "linear_probe" in err
    assert str(tmp_path / "r" / "report.html") in out


def test_quiet_prints_nothing(run: Run, photos: Path, tmp_path: Path) -> None:
    words = ("--backbone", "tiny", "--trials", 1, "--image-size", 32, "--quiet")
    assert run("fit", photos, "--out", tmp_path / "r", *words) == (0, "", "")


def test_predictions_are_a_row_per_image_or_k_of_them(
    run: Run, done: Path, photos: Path, tmp_path: Path
) -> None:
    code, out, _ = run("predict", done, photos / "bars")
    assert code == 0
    lines = out.strip().splitlines()
    assert lines[0] == "path,label,probability,error"
    assert len(lines) == 1 + 12
    assert run("predict", done, photos / "bars", "--top", 2, "--out", tmp_path / "p.csv")[0] == 0
    rows = (tmp_path / "p.csv").read_text().strip().splitlines()
    assert rows[0] == "path,rank,label,probability,error"
    assert len(rows) == 1 + 24


def test_evaluate_scores_other_data(run: Run, done: Path, photos: Path) -> None:
    code, out, _ = run("evaluate", done, photos, "--json")
    assert code == 0
    assert json.loads(out)["n"] == 36
    assert "95% interval" in run("evaluate", done, photos)[1]


def test_reports_are_printed_in_every_form(run: Run, done: Path) -> None:
    assert json.loads(run("report", done, "--format", "json")[1])["format"] == 1
    assert run("report", done)[1].startswith("#")
    page = Path(run("report", done, "--format", "html")[1].strip())
    assert page.read_text().startswith("<!doctype html>")


def test_analyze_trains_nothing(run: Run, photos: Path) -> None:
    code, out, _ = run("analyze", photos, "--backbone", "tiny", "--json")
    assert code == 0
    assert json.loads(out).keys() == {"target", "when", "quality", "modality", "inputs"}


def test_an_analysis_is_printed_and_written_as_a_page(run: Run, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out, _ = run("analyze", photos, "--backbone", "tiny", "--out", page)
    assert code == 0
    assert "Recommended strategy" in out
    assert f"Page: {page}" in out
    text = page.read_text(encoding="utf-8")
    assert "<b>photos</b>" in text
    assert "chance to win" in text
    assert text.count("<script") == 1
    assert run("analyze", photos, "--out", tmp_path)[0] == 2  # a folder


def test_plugins_and_backbones_are_listed(run: Run) -> None:
    listed = json.loads(run("plugins", "--json")[1])
    assert {"direct", "linear_probe", "finetune", "from_scratch"} <= {
        row["name"] for row in listed["plugins"]
    }
    assert "tiny" in {row["name"] for row in json.loads(run("backbones", "--json")[1])}
    assert "linear_probe" in run("plugins")[1]


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, autotl.__version__ + "\n", "")


def test_watch_serves_a_page_until_ctrl_c(
    run: Run, done: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def look(seconds: float) -> None:
        found.append(capsys.readouterr().out)
        port = re.search(r"http://127\.0\.0\.1:(\d+)/", found[0])
        assert port
        found.append(request(int(port[1]))[2])
        raise KeyboardInterrupt

    monkeypatch.setattr("autotl.cli.show.sleep", look)
    assert run("watch", done)[0] == 0
    assert "Ctrl-C ends this page, not the run." in found[0]
    assert "Finished" in found[1]
    assert "2 trials ran." in found[1]


@pytest.mark.parametrize("words", [("--watch",), ("--watch-port", "8500")])
def test_a_watched_fit_prints_the_address_beside_its_json(
    run: Run, photos: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    usual = ("--backbone", "tiny", "--trials", 1, "--image-size", 32, "--strategy", "linear_probe", "--json")
    code, out, err = run("fit", photos, "--out", tmp_path / "r", *usual, *words)
    assert code == 0
    assert json.loads(out)["verdict"]
    assert re.search(r"Follow the run in a browser: http://127\.0\.0\.1:8[45]\d\d/", err)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fit", "nowhere", "--out", "r"), "There is no nowhere"),
        (("fit", ".", "--out", "r", "--budget", "soon"), "Cannot read 'soon'"),
        (("fit",), "data"),
        (("fit", ".", "--out", "r", "--nmae", "x"), "--nmae"),
        (("predict", "nowhere", "x.png"), "not a run folder"),
        (("report", "nowhere"), "not a run folder"),
        (("watch", "nowhere"), "RUN must be a run folder (got nowhere"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_a_users_mistake_ends_with_two_and_one_paragraph(
    run: Run, words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert told in err.replace("\n", " ")
    assert "Traceback" not in err


def test_ctrl_c_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path, photos: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(autotl, "fit", interrupted, raising=False)
    code, _, err = run("fit", photos, "--out", tmp_path / "r")
    assert code == 130
    assert "Interrupted" in err


def test_threads_of_the_command_line_spin_only_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["autotl", "--help"])
    assert cli.run() == 0
    assert int(os.environ.pop("GOMP_SPINCOUNT")) < 10_000
    assert os.environ.pop("KMP_BLOCKTIME") == "0"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert cli.run() == 0
    assert "GOMP_SPINCOUNT" not in os.environ  # a user's choice stays
