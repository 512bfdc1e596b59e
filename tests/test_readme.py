"""Every code block of the README runs."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from PIL import Image

from autotl import cli
from autotl.testing import tiny_images

BUDGET = 'out="run", budget="5m"'

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
    """Run an autotl command line as the shell would, with the embedded backbone and few trials."""
    words = command.split()
    if words[1] == "fit":
        words = [w for w in words if w not in {"--budget", "5m"}]
        words += ["--backbone", "tiny", "--trials", "2", "--image-size", "32"]
    return cli.guarded(lambda: cli.app(words[1:], standalone_mode=False))


def test_every_language_of_a_block_has_its_test() -> None:
    assert {name for name, _ in BLOCKS} == {"bash", "python", "text"}


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
    assert [line.split()[1] for line in lines] == ["fit", "predict"]
    for line in lines:
        assert run(line) == 0, capsys.readouterr().err
    assert (here / "predictions.csv").read_text().startswith("path,label,probability,error\n")
    python = blocks("python")
    assert BUDGET in python[0]
    for block in python:
        code = block.replace(BUDGET, 'out="again", trials=2, backbone="tiny", image_size=32')
        exec(compile(code, "README.md", "exec"), {})  # the README is ours


def test_the_block_of_text_is_the_end_of_the_recording() -> None:
    (block,) = blocks("text")
    recording = (ROOT / "docs/pictures/demo.svg").read_text(encoding="utf-8")
    lines = [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in recording.splitlines()]
    shown = re.sub(r"\s+", "", "".join(lines).replace("\xa0", ""))
    assert all(re.sub(r"\s+", "", line) in shown for line in block.splitlines())
    assert "95% interval" in block


def test_the_pictures_fetch_nothing() -> None:
    for picture in (ROOT / "docs/pictures").glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|@import|url\((?!#)", text)
