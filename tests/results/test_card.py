"""The card of a result in a notebook."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autotl.api import Columns, Dataset
from autotl.errors import RunError
from autotl.results import Result

SAMPLE = Path(__file__).parents[1] / "report" / "sample.json"
HOSTILE = "<script>alert(1)</script>"


def unread(data: Any, columns: Columns) -> Dataset:
    raise AssertionError("a card reads no images")


def result(folder: Path, **changed: Any) -> Result:
    report = json.loads(SAMPLE.read_text(encoding="utf-8")) | changed
    return Result(folder, report, device="cpu", read=unread)


class Balanced(HTMLParser):
    """Fails where a tag is not closed; keeps the names of all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(html: str) -> set[str]:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return parser.seen


def test_the_card_has_the_verdict_the_model_the_score_and_the_paths(tmp_path: Path) -> None:
    html = result(tmp_path)._repr_html_()
    assert "Transfer helps: finetune on mobilenetv2_100.in1k" in html
    assert "finetune on mobilenetv2_100.in1k</b>" in html
    assert "0.867 (95% interval 0.800 – 0.917, 120 images)" in html
    assert str(tmp_path / "report.html") in html
    assert tags(html) <= {"div", "table", "tr", "td", "th", "b", "code"}


def test_names_in_a_card_are_text(tmp_path: Path) -> None:
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    arms = [arm | {"strategy": HOSTILE, "backbone": HOSTILE} for arm in report["arms"]]
    verdict = report["verdict"] | {"sentence": HOSTILE, "caveat": HOSTILE}
    html = result(tmp_path / HOSTILE, arms=arms, verdict=verdict, how={"strategy": HOSTILE})._repr_html_()
    assert "script" not in tags(html)


def test_a_run_that_did_not_finish_has_a_card_too(tmp_path: Path) -> None:
    empty: dict[str, Any] = {
        "verdict": {"sentence": "The run did not finish."},
        "test": {"metric": "accuracy"},
        "arms": [],
    }
    html = Result(tmp_path, empty, device="cpu", read=unread)._repr_html_()
    assert "The run did not finish." in html
    assert "interval" not in html


def test_the_page_is_shown_in_a_frame_that_runs_no_script(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="autotl report"):
        result(tmp_path).show()
    (tmp_path / "report.html").write_text('<p title="a">&amp; é</p>', encoding="utf-8")
    html = result(tmp_path).show(height=300)._repr_html_()
    assert "&lt;p title=&quot;a&quot;&gt;&amp;amp; é" in html
    assert "height:300px" in html
    assert tags(html.replace("sandbox", "")) == {"iframe"}
    assert " sandbox>" in html


@pytest.mark.parametrize("part", ["verdict", "test", "arms", "how", "what"])
@pytest.mark.parametrize("edited", [None, "inside"])
def test_an_edited_report_is_shown_without_the_missing_part(
    part: str, edited: str | None, tmp_path: Path
) -> None:
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    kept: Any = [{}] if isinstance(report[part], list) else {}
    shown = result(tmp_path, **{part: kept if edited else None})
    assert tags(shown._repr_html_())
    assert repr(shown).startswith("<autotl.Result ")
