"""Find timm's weights in the Hugging Face cache, or download them once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub as hf
from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

from autotl.errors import WeightsError
from autotl.importing.vision import timm

TIMEOUT = 4.0  # seconds to wait for the hub's first answer
OFFLINE_ADVICE = (
    "Choose one of three ways. Give a local timm folder (config.json and model.safetensors) with --backbone "
    "FOLDER. Or download the weights on a machine with network access, copy the Hugging Face cache here and "
    "set HF_HOME to it. Or use a backbone that is installed with autotl: --backbone efficientnet_lite0."
)


@dataclass(frozen=True, slots=True)
class Address:
    """The place of a timm model's weights on the hub.

    Attributes:
        timm_name: The name of the model, with its tag.
        repository: The repository on the hub.
        revision: The revision of the repository; None for the newest.
        files: The names that the weights file may have, the likeliest first.
        licence: The licence of the weights.
    """

    timm_name: str
    repository: str
    revision: str | None
    files: tuple[str, ...]
    licence: str


def address(timm_name: str) -> Address | None:
    """Return the place of a timm model's weights, or None."""
    if not timm.is_model(timm_name):
        return None
    try:
        cfg: Any = timm.get_pretrained_cfg(timm_name, allow_unregistered=False)
    except RuntimeError:  # timm does not know the tag
        return None
    if cfg is None or not cfg.hf_hub_id:
        return None
    tag = f".{cfg.tag}" if cfg.tag else ""
    repository, _, revision = cfg.hf_hub_id.partition("@")
    stated = cfg.hf_hub_filename or ""
    files = (stated,) if stated.endswith(".safetensors") else ()
    if "open_clip" in stated:
        files = (*files, "open_clip_model.safetensors")
    return Address(
        timm_name=timm_name.split(".")[0] + tag,
        repository=repository,
        revision=revision or None,
        files=(*files, "model.safetensors"),
        licence=cfg.license or "licence unknown",
    )


def cached(timm_name: str) -> Path | None:
    """Return the weights file in the local cache, or None.

    It needs no network access.
    """
    found = address(timm_name)
    return _cached_file(found) if found is not None else None


def fetch(timm_name: str) -> Path:
    """Return the weights file from the cache, or download it.

    Raises:
        WeightsError: The weights do not exist, or the hub does not answer within seconds.
    """
    found = address(timm_name)
    if found is None:
        raise WeightsError(f"timm has no weights for {timm_name!r}. Choose another backbone.")
    if (file := _cached_file(found)) is not None:
        return file
    if (why := why_unreachable()) is not None:
        raise WeightsError(
            f"The weights of {timm_name!r} are not in the Hugging Face cache ({constants.HF_HUB_CACHE}), and "
            f"the hub cannot be reached ({why}). {OFFLINE_ADVICE}"
        )
    for name in found.files:
        try:
            return Path(
                hf.hf_hub_download(found.repository, name, revision=found.revision, library_name="timm")
            )
        except EntryNotFoundError as error:
            is_http_error = isinstance(error, HfHubHTTPError)
            if isinstance(error, OSError) and not is_http_error:  # no 404, but a failed connection
                raise _download_error(timm_name, error) from error
        except (OSError, HfHubHTTPError) as error:
            raise _download_error(timm_name, error) from error
    raise WeightsError(
        f"{found.repository} on the hub must hold a safetensors file (got none; autotl loads no pickles). "
        "Choose another backbone."
    )


def why_unreachable() -> str | None:
    """Return why the hub does not answer within seconds.

    It is None if the hub answers.
    """
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    answers: list[str | None] = []

    def request() -> None:
        try:
            hf.get_session().head(constants.ENDPOINT, timeout=TIMEOUT)
            answers.append(None)
        except Exception as error:  # any error of the HTTP client means that there was no answer
            answers.append(str(error) or type(error).__name__)

    # In a thread, because a name server that does not answer ignores the timeout.
    thread = threading.Thread(target=request, daemon=True)
    thread.start()
    thread.join(TIMEOUT + 1)
    return answers[0] if answers else f"no answer in {TIMEOUT:.0f} s"


def _cached_file(found: Address) -> Path | None:
    for name in found.files:
        path = hf.try_to_load_from_cache(found.repository, name, revision=found.revision)
        if isinstance(path, str):
            return Path(path)
    return None


def _download_error(timm_name: str, error: Exception) -> WeightsError:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WeightsError(f"The weights of {timm_name!r} could not be downloaded ({why}). {OFFLINE_ADVICE}")
