import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from autotl.errors import BenchError
from autotl.leaderboard import page

HOSTILE = '<script>alert("x")</script>'
VOID = {"meta", "br", "img", "hr", "input", "link"}


class Page(HTMLParser):
    """The tags and the text of a page; checks that tags are balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data


@pytest.fixture
def text(suite):
    return page(suite, title="Six data sets")


def test_the_page_fetches_nothing(text):
    found = Page(text)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|import\(", text)
    for tag, attributes in found.tags:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
        assert not {"src", "srcset", "data", "poster", "action"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert set(re.findall(r"https?://[^\"' <]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_policy_allows_only_the_script_of_the_page(text):
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(
        a["content"] for t, a in Page(text).tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_have_targets(text):
    found = Page(text)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for tag, a in found.tags if tag == "a"} <= set(ids)
    assert {i for _, a in found.tags for i in (a.get("aria-labelledby") or "").split()} <= set(ids)


def test_without_a_script_the_whole_board_is_shown(text):
    tags = Page(text).tags
    parts = [a for tag, a in tags if a.get("class") == "slice"]
    assert [("hidden" in each) for each in parts] == [False] + [True] * (len(parts) - 1)
    assert next("hidden" in a for tag, a in tags if tag == "form")


def test_every_choice_of_one_filter_shows_one_part(text):
    choices = [
        c for tag, a in Page(text).tags if a.get("class") == "slice" for c in a["data-choices"].split(" ")
    ]
    assert len(choices) == len(set(choices))
    assert choices[0] == ","
    assert {f"{i}," for i in range(4)} | {f",{i}" for i in range(4)} <= set(choices)


def test_the_page_has_the_main_results(text):
    told = " ".join(Page(text).text.split())
    for fact in (
        "Six data sets",
        "has the best mean rank of 8 entrants on 6 data sets",
        "2 rows failed",
        "RuntimeError: out of memory",
        "Friedman's test over 6 data sets finds differences",
        "no pair can differ significantly",
        "rule of thumb (size × similarity)",
        "Every entrant ran in every block.",
        "How to read this",
    ):
        assert fact in told


@pytest.mark.parametrize(
    "change",
    [
        {"entrant": HOSTILE},
        {"dataset": HOSTILE, "split": "b2:h"},
        {"backbone": HOSTILE},
        {"error": HOSTILE, "status": "failed", "test": None},
        {"machine": HOSTILE},
        {"family": HOSTILE},
        {"notes": (HOSTILE,)},
        {"versions": {HOSTILE: HOSTILE}},
        {"metric": HOSTILE, "dataset": "other", "split": "b2:o"},
    ],
)
def test_hostile_names_are_escaped(suite, row, change):
    values = {"entrant": "z", "test": 0.5, "dataset": "flowers5", "split": "b2:flowers5-0"} | change
    text = page([*suite, row(values.pop("entrant"), values.pop("test"), **values)], title=HOSTILE)
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert len([tag for tag, _ in Page(text).tags if tag == "script"]) == 1


def test_one_row_gives_a_page_without_filters(row):
    text = page([row()], title="One")
    tags = [tag for tag, _ in Page(text).tags]
    assert "form" not in tags
    assert "is the only entrant" in Page(text).text
    assert "None" not in Page(text).text


def test_failed_rows_alone_give_a_page(row):
    assert "failed" in Page(page([row("a", None), row("b", None)], title="All failed")).text


def test_different_coverage_gives_a_warning(suite):
    text = Page(page(suite[:-1], title="x")).text
    assert "Not every entrant ran everywhere" in text
    assert "Entrants that did not run everywhere" in text


def test_no_rows_are_an_error():
    with pytest.raises(BenchError, match="no rows to rank"):
        page([], title="x")


def test_without_strategies_no_section_is_empty(suite):
    text = page([row for row in suite if row.kind in ("peer", "autotl")], title="Tools")
    assert "No strategy took part on its own" in text
    assert "there is none" in text
    assert "No strategy took part on its own" not in page(suite, title="All")
