"""The messages that are installed for demonstrations are sound texts with classes."""

from __future__ import annotations

from collections import Counter

from autotl.data import customer_messages
from autotl.data.texts.messages.reading import FILE
from autotl.modalities import folded_text


def test_all_messages_differ_and_classes_are_equal() -> None:
    texts, labels = customer_messages()
    assert len(texts) == len({folded_text(text) for text in texts}) == 240
    assert set(Counter(labels).values()) == {40}
    assert all(len(text.split()) > 2 for text in texts)
    assert FILE.stat().st_size < 40_000


def test_a_choice_has_as_many_of_each_class_and_depends_on_the_seed() -> None:
    texts, labels = customer_messages(5, seed=1)
    assert set(Counter(labels).values()) == {5}
    assert customer_messages(5, seed=1) == (texts, labels)
    assert customer_messages(5, seed=2)[0] != texts
    label_of = dict(zip(*customer_messages(), strict=True))
    assert all(label_of[text] == label for text, label in zip(texts, labels, strict=True))
