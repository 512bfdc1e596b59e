"""The demo as a newcomer meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autotl import cli
from autotl.cli import demo
from autotl.errors import RunError
from tests.support.texts import vectors_folder


def run(*words: str) -> int:
    return cli.guarded(lambda: cli.app(["demo", *words], standalone_mode=False))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A demo of few digits and the embedded backbone, for a test that asks what is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "BACKBONE", "tiny")
    monkeypatch.setattr(demo, "LEARN", 6)
    monkeypatch.setattr(demo, "TESTS", 6)
    return tmp_path


def test_the_demo_ends_with_a_verdict_and_the_next_steps(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "autotl-demo").mkdir()  # an earlier demo is left alone
    assert run("--budget", "8s", "--verbose") == 0
    out, err = capsys.readouterr()
    assert "Use of the time: " in err
    report = json.loads((small / "autotl-demo-2/report.json").read_text(encoding="utf-8"))
    assert report["verdict"]["sentence"] in out
    assert "Next:" in out
    assert "open autotl-demo-2/report.html in a browser" in out
    assert report["when"]["n_train"] == 60
    assert report["test"]["n"] <= 60
    if (taught := demo.WHY.get(report["verdict"]["transfer"])) is not None:
        assert " ".join(taught.split()[:5]) in " ".join(out.split())


def test_full_and_few_exclude_each_other(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--full", "--few") != 0
    assert "Give one of them" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_the_demo_prints_json_alone(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--budget", "8s", "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdict"]


def test_the_digits_are_real_and_the_same_for_a_seed() -> None:
    images, labels = demo._digits(70, seed=0)
    again, _ = demo._digits(70, seed=0)
    assert images.shape == (700, 8, 8)
    assert images.max() == 255
    assert (images == again).all()
    assert all((labels == digit).sum() == 70 for digit in range(10))
    assert len(demo._digits(None, seed=0)[1]) == 1797


@pytest.mark.slow
def test_the_demo_measures_the_gain_of_an_imagenet_network(tmp_path: Path) -> None:
    assert run("--out", str(tmp_path / "run"), "--quiet") == 0
    report = json.loads((tmp_path / "run/report.json").read_text(encoding="utf-8"))
    assert report["when"]["similarity"].keys() == {"efficientnet_lite0"}
    assert "efficientnet_lite0" in report["verdict"]["sentence"]
    low, high = report["when"]["transfer_gain"]["ci95"]
    assert low < report["when"]["transfer_gain"]["value"] < high


def test_the_demo_of_texts_ends_as_that_of_images(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tokenizers")
    monkeypatch.setattr(demo, "TEXT_BACKBONE", str(vectors_folder(small / "vectors")))
    monkeypatch.setattr(demo, "TEXT_PACKAGES", ("tokenizers",))
    assert run("--text", "--budget", "8s") == 0
    out = capsys.readouterr().out
    report = json.loads((small / "autotl-demo/report.json").read_text(encoding="utf-8"))
    assert report["verdict"]["sentence"] in out
    assert report["when"]["n_train"] == 36
    assert "autotl demo --text --few   (five of each class)" in out
    assert "autotl fit TEXTS.csv --out run   (a column of texts, one of labels)" in out
    assert "open autotl-demo/report.html in a browser" in out
    if (taught := demo.WHY_TEXTS.get(report["verdict"]["transfer"])) is not None:
        assert " ".join(taught.split()[:5]) in " ".join(out.split())


def test_without_the_packages_the_demo_of_texts_names_the_extra(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "TEXT_PACKAGES", ("tokenizers", "no_such_vectors"))
    with pytest.raises(RunError, match=r"got no no_such_vectors.*pip install 'autotl\[text\]'"):
        cli.app(["demo", "--text"], standalone_mode=False)
    assert not (small / "autotl-demo").exists()


@pytest.mark.slow
def test_the_demo_of_texts_measures_the_gain_of_the_installed_vectors(tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    assert run("--text", "--out", str(tmp_path / "run"), "--quiet") == 0
    report = json.loads((tmp_path / "run/report.json").read_text(encoding="utf-8"))
    assert {"wordllama", "bag_of_words"} <= {arm["backbone"] for arm in report["arms"]}
    assert report["test"]["n"] == 120
