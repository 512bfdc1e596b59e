"""Open backbones in local timm folders: config.json and model.safetensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.backbone import CONFIG_FILE, is_ensemble, read_config, safe_file
from autotl.errors import WeightsError

PREFIX = "local-dir:"


class ModelFolder:
    """Opens ``local-dir:FOLDER``, or the path of a folder with a ``config.json``.

    >>> bool(ModelFolder().opens("local-dir:weights/mine"))
    True
    """

    name = "model_folder"
    summary = "a local timm folder (config.json and model.safetensors), by its path"

    def offers(self) -> Sequence[str]:
        return ()

    def opens(self, name: str) -> Applies:
        if name.startswith(PREFIX):
            return Applies(True, "it is named as a local folder")
        folder = Path(name).expanduser()
        if folder.is_dir() and (folder / CONFIG_FILE).is_file():
            return Applies(True, f"it is a folder with a {CONFIG_FILE}")
        if folder.is_dir() and (_is_path(name) or is_ensemble(folder)):
            # opening it raises an error that names the missing file
            return Applies(True, f"it is a folder, but without a {CONFIG_FILE}")
        return Applies(False, f"there is no folder {name!r} with a {CONFIG_FILE}")

    def open(self, name: str) -> Weights:
        given = Path(name.removeprefix(PREFIX)).expanduser()
        folder = given.resolve()  # trials may run in another working directory
        if not folder.is_dir():
            raise WeightsError(
                f"There is no folder {given}. Give the path of a folder with {CONFIG_FILE} and "
                "model.safetensors."
            )
        config = read_config(folder)
        safe_file(folder)
        return Weights(
            name=folder.name,
            timm_name=f"{PREFIX}{folder}",
            origin=f"local folder {given} ({config['architecture']})",
            folder=folder,
        )


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.startswith(("~", "."))


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [ModelFolder()]
