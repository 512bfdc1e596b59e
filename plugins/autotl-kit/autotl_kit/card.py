"""Write a model card into the model's folder, in the form the Hugging Face hub shows."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio

SHOWN = 100
"""Classes that the card lists; config.json beside it has them all."""

USE = """```python
import timm

# FOLDER is where this card lies
model = timm.create_model("local-dir:FOLDER", pretrained=True).eval()
```"""
USE_ENSEMBLE = """Several networks answer together here: the mean of their probabilities.

```python
import autotl

# RUN is the run folder, in whose model/ this card lies
answers = autotl.load("RUN").predict("images/")
```

Each network in `members/` is a timm folder of its own; `ensemble.json` has their shares."""
LIMITS = (
    "It knows the classes above and gives every image one of them, whatever it shows. The score holds for "
    "images like those it was measured on; no check was made for other uses. It carries the biases of the "
    "images it learned from, those of the pretrained network included."
)


class Card:
    """``model/README.md``: the score with its interval in the front matter, and how to load the model."""

    name = "card"
    summary = "model/README.md, a model card as the Hugging Face hub shows it"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write model/README.md below ``folder``."""
        path = folder / "model" / "README.md"
        several = _at(report, "how", "ensemble", "kept")
        blocks = [
            _front_matter(report),
            f"# {_text(_at(report, 'name') or 'Image classifier')}",
            _text(_at(report, "verdict", "sentence") or ""),
            USE_ENSEMBLE if several else USE,
            *_section("Classes", _classes(report)),
            *_section("How good it is", _score(report)),
            *_section("How it was made", _making(report)),
            *_section("Limits", LIMITS),
        ]
        jsonio.write_text(path, "\n\n".join(block for block in blocks if block) + "\n")
        return [path]


def _front_matter(report: Mapping[str, Any]) -> str:
    """The hub's metadata. JSON's scalars, lists and maps are YAML too, and quote themselves."""
    name, metric, value = _at(report, "name"), _at(report, "test", "metric"), _at(report, "test", "value")
    meta: dict[str, Any] = {
        "library_name": "autotl" if _at(report, "how", "ensemble", "kept") else "timm",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "timm", "transfer-learning", "autotl"],
    }
    if metric is not None and value is not None:
        measured = {
            "task": {"type": "image-classification"},
            "dataset": {"type": "custom", "name": _flat(name or "images"), "split": "test"},
            "metrics": [{"type": metric, "value": value}],
        }
        meta |= {
            "metrics": [metric],
            "model-index": [{"name": _flat(name or "model"), "results": [measured]}],
        }
    lines = [f"{key}: {json.dumps(jsonio.plain(each), ensure_ascii=False)}" for key, each in meta.items()]
    return "\n".join(["---", *lines, "---"])


def _classes(report: Mapping[str, Any]) -> str:
    names = _at(report, "classes") or []
    file = "ensemble.json" if _at(report, "how", "ensemble", "kept") else "config.json"
    more = f" and {len(names) - SHOWN} more, in `{file}`" if len(names) > SHOWN else ""
    return ", ".join(_text(name) for name in names[:SHOWN]) + more


def _score(report: Mapping[str, Any]) -> str:
    metric, value, n = (_at(report, "test", key) for key in ("metric", "value", "n"))
    if metric is None or value is None:
        return ""
    words = _text(metric).replace("\\_", " ")
    gain = _at(report, "when", "transfer_gain", "value")
    sentences = [
        f"{words[:1].upper()}{words[1:]} **{value:.3f}**{_interval(report, 'test')}"
        + (f" on {n:,} test images that nothing else had looked at." if n else "."),
        ""
        if gain is None
        else f"Against training from scratch: {gain:+.3f}{_interval(report, 'when', 'transfer_gain')}.",
    ]
    return " ".join(filter(None, sentences))


def _interval(report: Mapping[str, Any], *keys: str) -> str:
    ends = _at(report, *keys, "ci95")
    return f" (95 % interval {ends[0]:.3f} to {ends[1]:.3f})" if ends else ""


def _making(report: Mapping[str, Any]) -> str:
    facts = {
        "backbone": _at(report, "what", "backbone"),
        "pretrained on": _at(report, "what", "source"),
        "training images": _at(report, "when", "n_train"),
        "strategy": _at(report, "how", "strategy") or _at(report, "verdict", "strategy"),
        "settings": json.dumps(params) if (params := jsonio.plain(_at(report, "how", "params"))) else None,
        "image size": _at(report, "how", "image_size"),
        "seed": _at(report, "seed"),
        "made with": f"autotl {version}" if (version := _at(report, "environment", "autotl")) else "autotl",
    }
    rows = [f"| {name} | {_text(value)} |" for name, value in facts.items() if value is not None]
    return "\n".join(["| | |", "|---|---|", *rows])


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _at(report: Mapping[str, Any], *keys: str) -> Any:
    """The value at a path of keys; None where any of it is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _flat(value: object) -> str:
    return "".join(letter for letter in " ".join(str(value).split()) if letter.isprintable())


def _text(value: object) -> str:
    """One line, with everything escaped that Markdown or HTML would act on."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", _flat(value).replace("&", "&amp;"))


@hookimpl
def autotl_reporters() -> list[Card]:
    return [Card()]
