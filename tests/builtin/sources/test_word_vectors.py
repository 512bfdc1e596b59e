"""Word vectors of the user, in each usual form, with errors that name the line."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import autotl
from autotl.api import TextConfig
from autotl.backbone import create, pooled
from autotl.builtin.sources.word_vectors import limits
from autotl.builtin.sources.word_vectors.source import WordVectors
from autotl.errors import WeightsError
from autotl.modalities import modality_named, word_coverage
from autotl.terminal import Silence
from autotl.testing import BackboneSourceChecks
from tests.support.texts import TOPICS, sentences

pytest.importorskip("tokenizers")

WORDS = {"cat": [1.0, 0.0, 0.5], "dog": [0.0, 1.0, -0.5], "rain": [0.25, 0.25, 2.0]}


def lines(words: dict[str, list[float]], *, header: bool = False, separator: str = " ") -> str:
    rows = [separator.join([word, *map(str, numbers)]) for word, numbers in words.items()]
    return "\n".join([*([f"{len(words)} 3"] if header else []), *rows]) + "\n"


def binary(words: dict[str, list[float]], *, feed: bytes = b"\n") -> bytes:
    rows = [word.encode() + b" " + np.array(row, "<f4").tobytes() + feed for word, row in words.items()]
    return f"{len(words)} 3\n".encode() + b"".join(rows)


def written(folder: Path, form: str, words: dict[str, list[float]] = WORDS) -> Path:
    """Write vectors in a form and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / form
    if form.endswith(".bin"):
        path.write_bytes(binary(words))
    elif form.endswith(".gz"):
        path.write_bytes(gzip.compress(lines(words).encode()))
    elif form.endswith(".safetensors"):
        save_file({"vectors": torch.tensor([*words.values()])}, path)
        path.with_suffix(".txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    else:
        text = lines(words, header=form.endswith(".vec"), separator="\t" if form.endswith(".tsv") else " ")
        path.write_text(text, encoding="utf-8")
    return path


def features(source: WordVectors, path: Path, *texts: str) -> np.ndarray:
    """Return the features of texts."""
    network = create(source.open(f"vectors:{path}"))
    encode = modality_named("text").view(network.input_config, input_size=16).transform()
    with torch.no_grad():
        return pooled(network, torch.stack([torch.from_numpy(encode(text)) for text in texts]).long()).numpy()


class TestWordVectors(BackboneSourceChecks):
    source = WordVectors()


@pytest.mark.parametrize(
    "form", ["a.txt", "a.vec", "a.tsv", "a.bin", "a.txt.gz", "a.safetensors", "a.6B.3d.txt"]
)
def test_each_form_gives_the_mean_of_the_known_words(tmp_path: Path, form: str) -> None:
    path = written(tmp_path / "files", form)
    found = features(WordVectors(tmp_path / "cache"), path, "Cat, unknown DOG!", "rain", "nothing known")
    mean = np.mean([WORDS["cat"], WORDS["dog"]], axis=0)
    np.testing.assert_allclose(found, [mean, WORDS["rain"], [0, 0, 0]], atol=1e-6)


def test_a_name_with_dots_stays_whole(tmp_path: Path) -> None:
    source = WordVectors(tmp_path / "cache")
    assert source.open(f"vectors:{written(tmp_path, 'glove.6B.50d.txt')}").name == "glove.6B.50d"
    assert source.open(f"vectors:{written(tmp_path, 'a.txt.gz')}").name == "a"


def test_binary_files_may_lack_line_feeds(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(binary(WORDS, feed=b""))
    np.testing.assert_allclose(features(WordVectors(tmp_path / "c"), path, "rain"), [WORDS["rain"]])


def test_capital_letters_count_if_a_word_has_some(tmp_path: Path) -> None:
    words = {"May": [1.0, 0.0, 0.0], "may": [0.0, 1.0, 0.0]}
    found = features(WordVectors(tmp_path / "c"), written(tmp_path, "a.txt", words), "May", "may", "MAY")
    np.testing.assert_allclose(found, [words["May"], words["may"], [0, 0, 0]])


def test_the_first_of_equal_words_counts_and_words_may_hold_spaces(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("cat 1 0 0\n. . 9 9 9\n\ncat 5 5 5\ndog 0 1 0\n", encoding="utf-8")
    found = features(WordVectors(tmp_path / "c"), path, "cat", "dog")
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0]])


def test_a_file_is_converted_once_and_again_if_its_content_changes(tmp_path: Path) -> None:
    source, path = WordVectors(tmp_path / "cache"), written(tmp_path, "a.txt")
    first = source.open(f"vectors:{path}")
    assert source.open(f"vectors:{path}") == first
    path.write_text(path.read_text().replace("2.0", "3.0"))
    assert source.open(f"vectors:{path}").folder != first.folder
    matrix = written(tmp_path, "b.safetensors")
    second = source.open(f"vectors:{matrix}")
    matrix.with_suffix(".txt").write_text("cat\ndog\nsnow\n")
    assert source.open(f"vectors:{matrix}").folder != second.folder


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"cat 1 2 3\ndog 1 2\n", "Line 2 of {path} must hold a word and 3 numbers (got 3 parts"),
        ("a.txt", b"cat 1 2\n\ndog 1 2 3\n", "Line 3 of {path} must hold a word and 2 numbers (got 4 parts"),
        ("a.txt", b"cat 1 2\ndog 1 x\n", "Line 2 of {path} must hold a word and 2 numbers (could not"),
        ("a.txt", b"cat 1 2\ndog 1 nan\n", "The numbers in line 2 of {path} must be finite"),
        ("a.txt", b"", "{path} must hold words with numbers"),
        ("a.txt", b"cat\ndog\n", "{path} must hold words with numbers (got 1 words with 0 numbers)"),
        ("a.txt", b"3 2\ncat 1 2\n", "{path} must hold 3 words, as its first line says (got 1)"),
        ("a.txt", b"cat " + b"1" * 300_000, "Line 1 of {path} must have at most 262,144 bytes"),
        ("a.txt", b"3000000 2\ncat 1 2\n", "{path} must hold at most 2,000,000 words (got 3,000,000)"),
        ("a.txt", b"2 5000\ncat 1 2\n", "at most 4,096 numbers for each word (got 5,000)"),
        ("a.txt", b"1000000 1000\ncat 1 2\n", "at most 500,000,000 numbers in all (got 1,000,000,000)"),
        ("a.txt.gz", b"no gzip", "{path} cannot be unpacked"),
        ("a.bin", b"\x80\x04\x95pickle", "{path} must be word2vec's binary form"),
        ("a.bin", binary(WORDS)[:-8], "{path} is damaged or cut off at word 3 of 3"),
        ("a.bin", b"2 1\n" + b"c" * 2000, "{path} is damaged or cut off at word 1"),
        ("a.bin", b"999999999 3\n", "at most 2,000,000 words"),
        ("a.bin", binary({"a": [1.0, float("inf"), 0.0]}), "must be finite (got others for word 1, 'a')"),
        ("a.pkl", b"\x80\x04", "must be text, .bin or .safetensors (got .pkl, which may hold pickles"),
        ("a.safetensors", b"broken", "one word per line in the same folder: a.txt or vocab.txt"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_an_error_that_names_the_place(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(said.format(path=path))):
        WordVectors(tmp_path / "cache").open(f"vectors:{path}")
    assert not list((tmp_path / "cache").glob("vectors-*/config.json"))


def test_the_limit_holds_for_files_that_do_not_state_their_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_WORDS", 2)
    with pytest.raises(WeightsError, match=r"at most 2 words \(got 3\)"):
        WordVectors(tmp_path / "cache").open(f"vectors:{written(tmp_path, 'a.txt')}")


def test_a_matrix_needs_its_words_and_must_be_alone(tmp_path: Path) -> None:
    source, path = WordVectors(tmp_path / "cache"), written(tmp_path, "a.safetensors")
    path.with_suffix(".txt").rename(tmp_path / "vocab.txt")
    assert source.open(f"vectors:{path}").name == "a"
    (tmp_path / "vocab.txt").write_text("cat\ndog\n")
    with pytest.raises(WeightsError, match=r"a word for each of the 3 rows of .* \(got 2 lines\)"):
        source.open(f"vectors:{path}")
    save_file({"a": torch.zeros(2, 2), "b": torch.zeros(2, 2)}, path)
    with pytest.raises(WeightsError, match=r"must hold a single matrix \(got 2: a, b\)"):
        source.open(f"vectors:{path}")
    path.write_bytes(b"broken")
    with pytest.raises(WeightsError, match="Save it again as safetensors"):
        source.open(f"vectors:{path}")


def test_an_absent_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no file .*none\.txt"):
        WordVectors(tmp_path).open(f"vectors:{tmp_path / 'none.txt'}")


def test_the_share_of_known_words_counts_words_alone(tmp_path: Path) -> None:
    config = create(WordVectors(tmp_path / "c").open(f"vectors:{written(tmp_path, 'a.txt')}")).input_config
    assert word_coverage(config, ["A cat, a dog!", "RAIN ..."]) == 3 / 5
    assert word_coverage(config, ["... !"]) is None
    assert word_coverage(TextConfig(16, "ngrams:64", "ngrams:64"), ["a cat"]) is None


def test_a_run_with_own_vectors_tells_the_share_of_known_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    centres = {topic: rng.normal(size=3) for topic in TOPICS}
    words = {word: [*map(float, centres[topic])] for topic, own in TOPICS.items() for word in own}
    texts = sentences(16)
    options = {
        "strategies": "linear_probe",
        "trials": 1,
        "device": "cpu",
        "experience": False,
        "watch": Silence(),
    }
    path = written(tmp_path, "mine.txt", words)
    result = autotl.fit(texts, backbone=f"vectors:{path}", out=tmp_path / "run", **options)
    (note,) = (note for note in result.report["notes"] if "mine" in note and "of the words" in note)
    assert note.startswith("Warning: mine has vectors for only ")
    assert result.report["arms"][0]["best_val"] > 0.5
    again = autotl.load(tmp_path / "run", device="cpu").predict(["a cat and a dog"])
    assert again["label"].tolist() == ["animals"]
