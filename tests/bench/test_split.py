"""Check that splits depend only on the images, keep copies together, and can be stored."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.bench import split as splits
from autotl.errors import BenchError

POOL = [(f"{i:04d}", "ab"[i % 2], None) for i in range(200)]


def digests(split: splits.Split, part: str) -> set[str]:
    return {line.digest for line in split.lines if line.part == part}


def test_order_does_not_matter() -> None:
    shuffled = random.Random(0).sample(POOL, len(POOL))
    assert splits.make(POOL, shots=5, seed=1).hash == splits.make(shuffled, shots=5, seed=1).hash


def test_every_seed_has_the_same_test_images() -> None:
    one, other = (splits.make(POOL, shots=5, seed=seed) for seed in (0, 1))
    assert digests(one, "test") == digests(other, "test")
    assert digests(one, "train") != digests(other, "train")
    assert one.count("train") == 10


def test_with_all_images_the_seed_does_not_matter() -> None:
    one, other = (splits.make(POOL, shots=0, seed=seed) for seed in (0, 1))
    assert one.hash == other.hash
    assert one.count("train") + one.count("test") == len(POOL)
    assert one.count("test") == 60


def test_an_existing_test_set_is_kept() -> None:
    pool = [(digest, label, "test" if int(digest) < 20 else "train") for digest, label, _ in POOL]
    assert digests(splits.make(pool, shots=3, seed=0), "test") == {f"{i:04d}" for i in range(20)}


def test_a_copy_of_a_test_image_is_not_used_for_training() -> None:
    pool = [
        *((digest, label, "train") for digest, label, _ in POOL),
        ("0001", "b", "test"),
        ("x", "a", "test"),
    ]
    split = splits.make(pool, shots=0, seed=0)
    assert digests(split, "test") == {"0001", "x"}
    assert "0001" not in digests(split, "train")


def test_limits_apply_per_class() -> None:
    split = splits.make(POOL, shots=0, seed=0, train_cap=7, test_cap=4)
    assert (split.count("train"), split.count("test")) == (14, 8)


def test_labels_are_in_the_order_of_the_lines() -> None:
    split = splits.make(POOL, shots=5, seed=0)
    named = [split.classes[label] for label in split.labels]
    assert named == [line.label for line in split.lines if line.part == "test"]


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(BenchError, match=r"The class 'a' must have 90 training images .* \(got 70 and 30\)"):
        splits.make(POOL, shots=90, seed=0)


def test_a_split_can_be_read_from_its_file(tmp_path: Path) -> None:
    split = splits.make([(d, f'{label},"x"', None) for d, label, _ in POOL], shots=5, seed=0)
    splits.write(tmp_path / "a.csv", split)
    assert splits.read(tmp_path / "a.csv") == split


@pytest.mark.parametrize(
    "text",
    ["", "a,b,c\n", "digest,label,part\nx,y\n", "digest,label,part\nx,y,val\n", "digest,numbers,part\n"],
)
def test_other_files_are_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchError, match=r"a\.csv"):
        splits.read(path)


LABELLED = [(f"{i:04d}", ("a;b", "b", "", "a")[i % 4], None) for i in range(40)]
NUMBERS = [(f"{i:04d}", f"{i / 10};{-i}", None) for i in range(40)]


def test_several_labels_are_encoded_as_flags(tmp_path: Path) -> None:
    split = splits.make(LABELLED, shots=0, seed=0, target=TargetSpec("multi_label", ("a", "b")))
    assert split.classes == ("a", "b")
    assert (split.count("train"), split.count("test")) == (28, 12)
    texts = [line.label for line in split.lines if line.part == "test"]
    assert split.labels.tolist() == [[float("a" in text), float("b" in text)] for text in texts]
    splits.write(tmp_path / "a.csv", split)
    assert splits.read(tmp_path / "a.csv") == split


def test_numbers_keep_their_names_and_values(tmp_path: Path) -> None:
    spec = TargetSpec("regression", ("angle", "width"))
    split = splits.make(NUMBERS, shots=0, seed=0, target=spec, test_cap=5)
    assert (split.classes, split.spec, split.count("test")) == (("angle", "width"), spec, 5)
    texts = [line.label for line in split.lines if line.part == "test"]
    assert np.allclose(split.labels, [[float(each) for each in text.split(";")] for text in texts])
    splits.write(tmp_path / "a.csv", split)
    assert (tmp_path / "a.csv").read_text().startswith("digest,numbers;angle;width,part\n")
    assert splits.read(tmp_path / "a.csv") == split


def test_a_target_without_a_number_for_each_name_is_an_error() -> None:
    split = splits.make(NUMBERS, shots=0, seed=0, target=TargetSpec("regression", ("angle",)))
    with pytest.raises(BenchError, match="must have 1 numbers"):
        _ = split.labels


def test_the_unused_images_are_neither_labelled_nor_tested() -> None:
    split = splits.make(POOL, shots=5, seed=0, test_cap=4)
    left = set(splits.unused(POOL, split, test=0.3))
    whole = splits.make(POOL, shots=0, seed=0)
    assert left == digests(whole, "train") - digests(split, "train")
    assert len(left) == 140 - 10
