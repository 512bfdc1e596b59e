"""Prose is found and measured as readers meet it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prose.docstrings import form_findings
from tests.prose.measure import Measures, measure
from tests.prose.passages import passages
from tests.prose.phrases import BANNED, PHRASES, instead_of

PYTHON = '''"""Go through.

>>> what is this
"""

# A comment that goes
# on from the line above.
message = f"What was given is {1 + 1} here."
pattern = r"^\\w+ (what is) [a-z]+ \\d+$"
'''
MARKDOWN = """# What is kept?

Weak trials are pruned, if p < .01. One that stays is `what is` run > 5 times.

| table | what is |
|---|---|
| what is | what is |

- First item with words.

  ```python
  what = "what is in a block"
  ```
"""


def found(folder: Path, name: str, text: str) -> Measures:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return measure([path])


def test_docstrings_comments_and_messages_are_prose_and_code_is_not(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(PYTHON, encoding="utf-8")
    assert [(each.kind, each.line, " ".join(each.text.split())) for each in passages(path)] == [
        ("docstring", 1, "Go through."),
        ("message", 8, "What was given is X here."),
        ("comment", 6, "A comment that goes on from the line above."),
    ]
    faults = [(each.fault, each.line) for each in found(tmp_path, "module.py", PYTHON).findings]
    assert sorted(faults) == [("opener", 8), ("phrase", 6), ("phrase", 8)]


def test_tables_and_blocks_of_code_are_no_prose(tmp_path: Path) -> None:
    measures = found(tmp_path, "page.md", MARKDOWN)
    assert [(each.fault, each.line) for each in measures.findings] == [
        ("phrase", 1),
        ("phrase", 3),
        ("opener", 3),
    ]
    assert measures.sentences == 4


def test_a_heading_that_asks_may_start_with_its_question_word(tmp_path: Path) -> None:
    assert found(tmp_path, "page.md", "## Where do the words go?\n").findings == ()
    assert [each.fault for each in found(tmp_path, "page.md", "## Where the words go\n").findings] == [
        "opener"
    ]


def test_a_sentence_of_26_words_is_too_long(tmp_path: Path) -> None:
    assert found(tmp_path, "page.md", "word " * 24 + "end.").findings == ()
    assert [each.fault for each in found(tmp_path, "page.md", "word " * 25 + "end.").findings] == ["long"]


def test_abbreviations_end_no_sentence(tmp_path: Path) -> None:
    assert found(tmp_path, "page.md", "The method of Li et al. 2018 is used, e.g. Here.\n").sentences == 1


def test_a_finding_says_where_it_is_and_what_to_write(tmp_path: Path) -> None:
    (each,) = found(tmp_path, "page.md", "First words.\n\nTwo trials are told apart by folds.\n").findings
    assert str(each) == (
        f"{tmp_path / 'page.md'}:3: 'told apart' (write: distinguish, compare): "
        "Two trials are told apart by folds."
    )


@pytest.mark.parametrize(
    "text", ["told apart", "gone on with", "what is", "those that", "of its own", "hangs on", "begun"]
)
def test_banned_phrases_have_plain_words_instead(text: str) -> None:
    match = BANNED.search(f"some {text} words")
    assert match is not None
    assert instead_of(match[0])


def test_every_phrase_names_what_to_write() -> None:
    assert [each.pattern for each in PHRASES if not each.instead] == []


def test_the_form_of_docstrings_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '''"""One two three four five six seven eight nine ten eleven twelve thirteen."""
from dataclasses import dataclass
@dataclass(frozen=True)
class Record:
    """A record."""
    a: int
    b: int
    c: int
    d: int
    e: int
    def method(self, a, b):
        """Do it."""
    def contract(self, a, b, c): ...
def function(a, b, *, c):
    """Do it."""
def documented(a, b, *, c):
    """Do it.

    Args:
        a: A number.
    """
@app.command()
def command(a, b, c):
    """Help."""
def _private(a, b, c):
    """Do it."""
''',
        encoding="utf-8",
    )
    assert [(line, fault) for line, fault, _ in form_findings(path)] == [
        (1, "summary"),
        (4, "attributes"),
        (14, "args"),
    ]
