"""Upload a timm model to the Hugging Face Hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl.backbone import ensemble_advice, is_ensemble, read_config
from autotl.errors import ExportError
from autotl.export.model_card import card_sections, tags_of
from autotl.export.network import image_config
from autotl.heads import attached_head
from autotl.importing.vision import timm
from autotl.report import parse
from autotl.report.render.markdown import sections_text
from autotl.report.section import Section, Snippet
from autotl.report.sections.use import TIMM, code
from autotl.results import load_model

if TYPE_CHECKING:
    from autotl.results import Result

KEPT = ("target", "label_names", "target_means", "target_scales", "prediction_intervals", "pixel_scale")
"""Entries of ``config.json`` that timm does not write itself."""


def push(result: Result, repo: str, *, private: bool, token: str | None) -> str:
    """Upload the model of a run, and return the address.

    A ``README.md`` that is already in the repository stays, with the scores of an earlier model.

    Args:
        result: The result of the run.
        repo: The repository, such as ``"user/name"``.
        private: Whether a new repository is private.
        token: The access token; None for the token of the login.

    Raises:
        ExportError: timm alone cannot open the model: it is an ensemble, takes no images, or its head is not
            linear.
    """
    folder = result.folder / "model"
    if is_ensemble(folder):
        raise ExportError(f"The Hub takes a single network, and {ensemble_advice(folder)}")
    loaded = load_model(folder, heads=result.installed.heads)
    image_config(loaded)  # raises ExportError for other inputs
    model = loaded.model
    if attached_head(model) is not None:
        raise ExportError(
            "A model on the Hub must have a linear head, which timm opens (got another kind). Export it as "
            "onnx, and upload that folder."
        )
    report, document = parse(result.report), read_config(folder)
    kind = report.target.kind
    hub: Any = timm.models
    hub.push_to_hf_hub(
        model,
        repo,
        token=token,
        private=private,
        model_config={key: document[key] for key in KEPT if key in document},
        model_card={
            "license": "other",
            "license_name": "unknown",
            "library_name": "timm",
            "tags": tags_of(kind),
            "description": sections_text(card_sections(report, _use(repo, kind)), title=""),
        },
        **({"task_name": "other"} if kind == "regression" else {}),  # the Hub has no task for numbers
        safe_serialization=True,  # without a pickle
    )
    return f"https://huggingface.co/{repo}"


def _use(repo: str, kind: str) -> Section:
    """Return code that loads the model from the Hub."""
    text = code(TIMM, kind).replace("local-dir:RUN/model", f"hf-hub:{repo}")
    return Section(name="use", title="Use", link="Use", snippets=(Snippet("With timm", "python", text),))
