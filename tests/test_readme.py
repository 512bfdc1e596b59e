"""Every code block of the README runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from autotl import cli
from autotl.data import usable_cores
from autotl.testing import tiny_images

pytestmark = pytest.mark.usefixtures("few_epochs")

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos/ and new/, as the README has them."""
    folder = tmp_path_factory.mktemp("readme")
    for number, (image, name) in enumerate(zip(*tiny_images(each=12), strict=True)):
        for target in (folder / "photos" / name, *([folder / "new"] if number % 12 == 0 else [])):
            target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(target / f"{number}.png")
    return folder


def run(command: str) -> int:
    """An autotl command line as the shell would run it, with the embedded backbone and few trials."""
    words = command.split()
    if words[1] == "fit":
        words = [w for w in words if w not in {"--budget", "2m"}]
        words += ["--backbone", "tiny", "--trials", "2", "--image-size", "32"]
    if words[1] == "resume":
        words += ["--trials", "3"]  # it has ended, and goes on where more is asked for
    if words[1] == "analyze":
        words += ["--backbone", "tiny"]
    return cli.guarded(lambda: cli.app(words[1:], standalone_mode=False))


def test_every_language_of_a_block_has_its_test() -> None:
    assert {name for name, _ in BLOCKS} == {"bash", "python", "text", "toml"}


def test_the_two_commands_are_the_agreed_ones() -> None:
    commands = [block.strip() for block in blocks("bash")]
    assert "python -m pip install . && autotl demo" in commands
    tests = "python -m pip install '.[test]' && python -m pytest"
    assert tests in commands
    assert tests.replace(" && ", "\n") + "\n" in (ROOT / ".ci/run").read_text()


def test_the_commands_and_the_python_of_the_readme_run(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here)
    lines = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("autotl ")]
    assert [line.split()[1] for line in lines] == [
        "fit",
        "predict",
        "resume",
        "analyze",
        "bench",
        "leaderboard",
    ]
    for line in lines:
        # of the suite, which takes minutes, one measurement
        one = f"--workers {min(2, usable_cores())} --dataset digits --seed 0 --budget 2s"
        short = line.replace("--workers 2", f"{one} --strategies linear_probe")
        assert run(short) == 0, capsys.readouterr().err
    assert "linear_probe" in capsys.readouterr().out
    assert (here / "predictions.csv").read_text().startswith("path,label,probability\n")
    for block in blocks("python"):
        if block.startswith("class "):
            continue  # the strategy: see below
        code = block.replace(
            'out="run", budget="2m"', 'out="again", trials=2, backbone="tiny", image_size=32'
        )
        exec(compile(code, "README.md", "exec"), {})  # the README is ours


def test_the_strategy_of_the_readme_is_the_plugins() -> None:
    (strategy,) = (block for block in blocks("python") if block.startswith("class "))
    source = (ROOT / "plugins/autotl-prototypes/autotl_prototypes.py").read_text(encoding="utf-8")
    assert strategy.rstrip() in source
    assert len(strategy.strip().splitlines()) <= 32
    declared = tomllib.loads((ROOT / "plugins/autotl-prototypes/pyproject.toml").read_text())
    (toml,) = blocks("toml")
    assert tomllib.loads(toml)["project"]["entry-points"] == declared["project"]["entry-points"]
