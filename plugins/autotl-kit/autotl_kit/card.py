"""Write a model card for the Hugging Face hub to the folder of the model."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio

MAX_CLASSES = 100
"""The largest number of classes on the card; config.json has all of them."""

USE = """```python
import timm

# FOLDER is the folder of this card
model = timm.create_model("local-dir:FOLDER", pretrained=True).eval()
```"""
USE_ENSEMBLE = """The model is an ensemble: the prediction is the weighted mean of the networks'
probabilities.

```python
import autotl

# RUN is the run folder; this card is in its folder model/
answers = autotl.load("RUN").predict("images/")
```

Each network in `members/` is a timm folder; `ensemble.json` has their weights."""
LIMITS = (
    "The model assigns one of the classes above to every image, including images of other things. The score "
    "is valid for images like the test images; other uses were not tested. The model has the biases of its "
    "training images and of the pretrained network."
)


class Card:
    """A reporter that writes ``model/README.md``: metadata, classes, score, settings and usage."""

    name = "card"
    summary = "model/README.md, a model card for the Hugging Face hub"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write the card to the run folder, and return its path."""
        path = folder / "model" / "README.md"
        ensemble = _at(report, "how", "ensemble", "kept")
        blocks = [
            _front_matter(report),
            f"# {_text(_at(report, 'name') or 'Image classifier')}",
            _text(_at(report, "verdict", "sentence") or ""),
            USE_ENSEMBLE if ensemble else USE,
            *_section("Classes", _classes(report)),
            *_section("Score", _score(report)),
            *_section("Training", _training(report)),
            *_section("Limits", LIMITS),
        ]
        jsonio.write_text(path, "\n\n".join(block for block in blocks if block) + "\n")
        return [path]


def _front_matter(report: Mapping[str, Any]) -> str:
    """Return the hub's metadata as YAML; JSON values are valid YAML."""
    name, metric, value = _at(report, "name"), _at(report, "test", "metric"), _at(report, "test", "value")
    meta: dict[str, Any] = {
        "library_name": "autotl" if _at(report, "how", "ensemble", "kept") else "timm",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "timm", "transfer-learning", "autotl"],
    }
    if metric is not None and value is not None:
        result = {
            "task": {"type": "image-classification"},
            "dataset": {"type": "custom", "name": _flat(name or "images"), "split": "test"},
            "metrics": [{"type": metric, "value": value}],
        }
        meta |= {
            "metrics": [metric],
            "model-index": [{"name": _flat(name or "model"), "results": [result]}],
        }
    lines = [f"{key}: {json.dumps(jsonio.plain(each), ensure_ascii=False)}" for key, each in meta.items()]
    return "\n".join(["---", *lines, "---"])


def _classes(report: Mapping[str, Any]) -> str:
    names = _at(report, "classes") or []
    file = "ensemble.json" if _at(report, "how", "ensemble", "kept") else "config.json"
    more = f" and {len(names) - MAX_CLASSES} more, in `{file}`" if len(names) > MAX_CLASSES else ""
    return ", ".join(_text(name) for name in names[:MAX_CLASSES]) + more


def _score(report: Mapping[str, Any]) -> str:
    metric, value, n = (_at(report, "test", key) for key in ("metric", "value", "n"))
    if metric is None or value is None:
        return ""
    name = _text(metric).replace("\\_", " ")
    gain = _at(report, "when", "transfer_gain", "value")
    sentences = [
        f"{name[:1].upper()}{name[1:]} **{value:.3f}**{_interval(report, 'test')}"
        + (f" on {n:,} test images, which were used only for this score." if n else "."),
        ""
        if gain is None
        else f"Gain over training from scratch: {gain:+.3f}{_interval(report, 'when', 'transfer_gain')}.",
    ]
    return " ".join(filter(None, sentences))


def _interval(report: Mapping[str, Any], *keys: str) -> str:
    ends = _at(report, *keys, "ci95")
    return f" (95 % interval {ends[0]:.3f} to {ends[1]:.3f})" if ends else ""


def _training(report: Mapping[str, Any]) -> str:
    values = {
        "backbone": _at(report, "what", "backbone"),
        "pretrained on": _at(report, "what", "source"),
        "training images": _at(report, "when", "n_train"),
        "strategy": _at(report, "how", "strategy") or _at(report, "verdict", "strategy"),
        "settings": json.dumps(params) if (params := jsonio.plain(_at(report, "how", "params"))) else None,
        "image size": _at(report, "how", "image_size"),
        "seed": _at(report, "seed"),
        "software": f"autotl {version}" if (version := _at(report, "environment", "autotl")) else "autotl",
    }
    rows = [f"| {name} | {_text(value)} |" for name, value in values.items() if value is not None]
    return "\n".join(["| | |", "|---|---|", *rows])


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _at(report: Mapping[str, Any], *keys: str) -> Any:
    """Return the value at a path of keys, or None if a key is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _flat(value: object) -> str:
    """Return one line of printable characters."""
    return "".join(letter for letter in " ".join(str(value).split()) if letter.isprintable())


def _text(value: object) -> str:
    """Return one line with Markdown and HTML escaped."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", _flat(value).replace("&", "&amp;"))


@hookimpl
def autotl_reporters() -> list[Card]:
    """Provide the reporter."""
    return [Card()]
