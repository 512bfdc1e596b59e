"""Measure prose: banned phrases, long sentences and banned first words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.prose.docstrings import FormFault, form_findings
from tests.prose.passages import Passage, passages
from tests.prose.phrases import BANNED, OPENING, instead_of

Fault = Literal["phrase", "long", "opener"] | FormFault

MOST_WORDS = 25  # in a sentence
LEAST_WORDS = 3  # fewer words are a label and no sentence
SHOWN = 140  # characters of a sentence in a finding
ABBREVIATIONS = r"(?<!\bal\.)(?<!e\.g\.)(?<!i\.e\.)(?<!vs\.)(?<!etc\.)"
END = re.compile(rf"(?<=[.!?:;]){ABBREVIATIONS}\s+(?=[A-Z`\"'(\d]|autotl\b)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in the prose of a file."""

    path: Path
    line: int
    fault: Fault
    message: str

    def __str__(self) -> str:
        here = Path.cwd()
        path = self.path.relative_to(here) if self.path.is_relative_to(here) else self.path
        return f"{path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Measures:
    """The prose of an area in numbers.

    Attributes:
        words: Words in sentences, code counted as one word each.
        sentences: Sentences of at least three words.
        findings: All faults.
    """

    words: int
    sentences: int
    findings: tuple[Finding, ...]

    def count(self, fault: Fault) -> int:
        """Return how many findings are of a kind."""
        return sum(each.fault == fault for each in self.findings)

    def rates(self) -> dict[str, float]:
        """Return phrases per 1,000 words, long sentences and openers in percent, and counts of the rest."""
        return {
            "phrases": 1000 * self.count("phrase") / max(1, self.words),
            "long": 100 * self.count("long") / max(1, self.sentences),
            "openers": 100 * self.count("opener") / max(1, self.sentences),
            "summaries": self.count("summary"),
            "args": self.count("args"),
            "attributes": self.count("attributes"),
        }


def measure(files: Iterable[Path], *, forms: bool = False) -> Measures:
    """Measure the prose of files, and the form of their docstrings if ``forms`` is set."""
    words = sentences = 0
    findings: list[Finding] = []
    for path in files:
        for passage in passages(path):
            for line, sentence in split(passage):
                words += len(sentence.split())
                sentences += 1
                findings += _faults(passage, line, sentence)
        if forms:
            findings += [Finding(path, *each) for each in form_findings(path)]
    return Measures(words, sentences, tuple(findings))


def total(parts: Iterable[Measures]) -> Measures:
    """Add up measures."""
    parts = list(parts)
    findings = tuple(each for part in parts for each in part.findings)
    return Measures(sum(each.words for each in parts), sum(each.sentences for each in parts), findings)


def split(passage: Passage) -> Iterator[tuple[int, str]]:
    """Yield each sentence of a passage with its line."""
    start = 0
    for found in [*END.finditer(passage.text), None]:
        end = found.start() if found else len(passage.text)
        sentence = passage.text[start:end]
        if len(sentence.split()) >= LEAST_WORDS:
            lead = len(sentence) - len(sentence.lstrip())
            line = passage.line + passage.text.count("\n", 0, start + lead)
            yield line, re.sub(r"^([-*]|\d+\.)\s+", "", " ".join(sentence.split()))
        start = found.end() if found else end


def _faults(passage: Passage, line: int, sentence: str) -> Iterator[Finding]:
    shown = sentence if len(sentence) <= SHOWN else sentence[:SHOWN] + "…"
    for found in BANNED.finditer(sentence):
        message = f"'{found[0]}' (write: {instead_of(found[0])}): {shown}"
        yield Finding(passage.path, line, "phrase", message)
    if (count := len(sentence.split())) > MOST_WORDS:
        yield Finding(passage.path, line, "long", f"{count} words (at most {MOST_WORDS}): {shown}")
    question = passage.kind == "heading" and sentence.endswith("?")
    if not question and (opener := OPENING.match(sentence)):
        message = f"starts with '{opener[0]}' (start with the subject): {shown}"
        yield Finding(passage.path, line, "opener", message)
