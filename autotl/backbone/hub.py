"""Find timm's weights in the Hugging Face cache or fetch them once, giving up fast when offline."""

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

PATIENCE = 4.0  # seconds to wait for the hub's first answer
WAYS_OUT = (
    "Three ways out: give a local timm folder (config.json and model.safetensors) with --backbone FOLDER; or "
    "download the weights once where there is a network, copy the Hugging Face cache here and set HF_HOME "
    "to it; or use a backbone that is installed with autotl, --backbone efficientnet_lite0."
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the hub keeps the weights of one timm model. ``timm_name`` has its tag."""

    timm_name: str
    repository: str
    revision: str | None
    files: tuple[str, ...]
    licence: str


def address(timm_name: str) -> Address | None:
    """Where the weights of a timm model are kept, by what timm itself knows; None where timm knows none."""
    if not timm.is_model(timm_name):
        return None
    try:
        cfg: Any = timm.get_pretrained_cfg(timm_name, allow_unregistered=False)
    except RuntimeError:  # a tag that timm does not know
        return None
    if cfg is None or not cfg.hf_hub_id:
        return None
    tag = f".{cfg.tag}" if cfg.tag else ""
    repository, _, revision = cfg.hf_hub_id.partition("@")
    named = cfg.hf_hub_filename or ""
    files = (named,) if named.endswith(".safetensors") else ()
    if "open_clip" in named:
        files = (*files, "open_clip_model.safetensors")
    return Address(
        timm_name=timm_name.split(".")[0] + tag,
        repository=repository,
        revision=revision or None,
        files=(*files, "model.safetensors"),
        licence=cfg.license or "licence unknown",
    )


def cached(timm_name: str) -> Path | None:
    """The weights' file in this machine's cache, if it is there. Never asks the network."""
    at = address(timm_name)
    return _cached(at) if at is not None else None


def fetch(timm_name: str) -> Path:
    """The weights' file, from the cache or downloaded into it; :class:`WeightsError` in seconds if
    offline."""
    at = address(timm_name)
    if at is None:
        raise WeightsError(f"timm knows no weights for {timm_name!r}. Choose another backbone.")
    if (file := _cached(at)) is not None:
        return file
    if (silence := unreachable()) is not None:
        raise WeightsError(
            f"The weights of {timm_name!r} are not in the Hugging Face cache ({constants.HF_HUB_CACHE}), and "
            f"the hub cannot be reached ({silence}). {WAYS_OUT}"
        )
    for name in at.files:
        try:
            return Path(hf.hf_hub_download(at.repository, name, revision=at.revision, library_name="timm"))
        except EntryNotFoundError as error:
            if isinstance(error, OSError) and not isinstance(
                error, HfHubHTTPError
            ):  # not a 404: no connection
                raise _broken_off(timm_name, error) from error
        except (OSError, HfHubHTTPError) as error:
            raise _broken_off(timm_name, error) from error
    raise WeightsError(
        f"{at.repository} on the hub holds no safetensors file, and autotl unpickles nothing. "
        "Choose another backbone."
    )


def unreachable() -> str | None:
    """Why the hub does not answer, or None where it does. Takes a few seconds at most."""
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    said: list[str | None] = []

    def knock() -> None:
        try:
            hf.get_session().head(constants.ENDPOINT, timeout=PATIENCE)
            said.append(None)
        except Exception as error:  # whatever the HTTP client raises, it means that nobody answered
            said.append(str(error) or type(error).__name__)

    # In a thread: a name server that does not answer ignores every timeout.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    return said[0] if said else f"no answer in {PATIENCE:.0f} s"


def _cached(at: Address) -> Path | None:
    for name in at.files:
        found = hf.try_to_load_from_cache(at.repository, name, revision=at.revision)
        if isinstance(found, str):
            return Path(found)
    return None


def _broken_off(timm_name: str, error: Exception) -> WeightsError:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WeightsError(f"The weights of {timm_name!r} could not be downloaded ({said}). {WAYS_OUT}")
