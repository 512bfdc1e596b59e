"""Rank texts, and the same texts spoilt, by their similarity to the source of a backbone.

    python -m benchmarks.text_distances questions.csv movie_reviews.csv

Each table has a column ``text``. Its texts are compared with the tokens that the backbone's source is
expected to hold. So are texts with their words in random order, texts with their characters in random order,
and random characters. Expect the real texts nearest, and as near as those with another order of words, which
the measures ignore. Shuffled characters come next, and random characters are farthest. Rows go to ``--out``,
a row per table, form and measure.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from autotl import plugins
from autotl.api import Likeness, Weights
from autotl.backbone import build_reference, calibrated_similarity, find
from autotl.modalities import modality_named
from autotl.modalities.text.form import read_form
from autotl.seeds import derive

TEXTS, TOKENS = 400, 64
"""Texts of each table, which a similarity takes at most, and the tokens of a text."""
COLUMNS = ("table", "texts", "seed", "backbone", "form", "measure", "distance", "similarity", "low", "high")
RESULTS = Path(__file__).parent / "results" / "text-distances.csv"
Spoil = Callable[[str, np.random.Generator], str]


def words_shuffled(text: str, rng: np.random.Generator) -> str:
    """Return a text with its words in random order."""
    return " ".join(rng.permutation(text.split()))


def characters_shuffled(text: str, rng: np.random.Generator) -> str:
    """Return a text with its characters in random order, spaces included."""
    return "".join(rng.permutation(list(text)))


def random_characters(text: str, rng: np.random.Generator) -> str:
    """Return as many random printable characters of ASCII."""
    return "".join(map(chr, rng.integers(33, 127, len(text)).tolist()))


FORMS: Mapping[str, Spoil] = {
    "real": lambda text, rng: text,
    "words shuffled": words_shuffled,
    "characters shuffled": characters_shuffled,
    "random characters": random_characters,
}
"""The forms of a text, the expected nearest ones first."""


def similarities(texts: Sequence[str], form: str, *, weights: Weights, seed: int) -> dict[str, Likeness]:
    """Return the similarities of texts in a form to the expected source, by measure.

    Args:
        texts: The texts.
        form: A name of FORMS.
        weights: The backbone, of which the frequencies of tokens are known.
        seed: The seed of the form, and of the measures.
    """
    assert weights.folder is not None
    config, modality = read_form(weights.folder).input.config(weights.folder), modality_named("text")
    rng = np.random.default_rng(derive(seed, form))
    encode = modality.view(config, input_size=TOKENS).transform()
    rows = np.stack([encode(FORMS[form](text, rng)) for text in texts])
    expected = modality.expected_inputs(weights.folder, config, np.concatenate([rows, rows]), seed=seed)
    assert expected is not None, f"no frequencies of tokens are known of {weights.name}"
    reference = build_reference(expected.astype(np.float64), input_size=TOKENS)
    noise = modality.noise(config, rows, seed=seed).astype(np.float64)
    return {
        name: calibrated_similarity(rows.astype(np.float64), reference, noise, each, seed=derive(seed, name))
        for name, each in modality.input_similarities(config).items()
    }


def sampled(file: Path, seed: int) -> list[str]:
    """Return at most TEXTS texts of a table, drawn at random."""
    texts = pd.read_csv(file, dtype=str)["text"].dropna().tolist()
    return [texts[row] for row in np.random.default_rng(seed).permutation(len(texts))[:TEXTS]]


def main() -> None:
    """Measure each table in each form."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--backbone", default="static:wordllama")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    weights, rows = find(given.backbone, plugins.load().backbones.items), []
    for file in given.tables:
        texts = sampled(file, given.seed)
        for form in FORMS:
            found = similarities(texts, form, weights=weights, seed=given.seed)
            shown = ", ".join(f"{name} {each.calibrated:.2f}" for name, each in found.items())
            print(f"{file.stem}, {form}: {shown}", flush=True)
            rows += [
                (
                    file.stem,
                    len(texts),
                    given.seed,
                    weights.name,
                    form,
                    name,
                    each.value,
                    each.calibrated,
                    *each.ci95,
                )
                for name, each in found.items()
            ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(given.out, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
