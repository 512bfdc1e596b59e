"""Open a backbone with random weights in place of its pretrained ones: the control of the experiment."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import timm

from autotl import hookimpl
from autotl.api import Applies, Weights
from autotl.backbone import CONFIG_FILE, read_config
from autotl.errors import UnknownName, WeightsError

PREFIX = "placebo:"


class Placebo:
    """``placebo:NAME`` is NAME's architecture, NAME being a timm model or a local timm folder.

    What a strategy reaches on it is owed to the architecture and the recipe; what it reaches on NAME itself
    beyond that, to pretraining. It offers nothing: nobody should get a placebo without asking.

    >>> bool(Placebo().opens("placebo:resnet18"))
    True
    """

    name = "placebo"
    summary = "placebo:NAME, the architecture of a timm model or local folder with random weights"

    def offers(self) -> Sequence[str]:
        return ()

    def opens(self, name: str) -> Applies:
        if not name.startswith(PREFIX):
            return Applies(False, f"a placebo's name starts with {PREFIX!r}")
        given = name.removeprefix(PREFIX)
        if _folder(given) or timm.is_model(given):
            return Applies(True, f"it asks for {given} with random weights")
        return Applies(False, f"{given!r} is neither a timm model nor a folder with a {CONFIG_FILE}")

    def open(self, name: str) -> Weights:
        if not name.startswith(PREFIX):
            raise WeightsError(
                f"{name!r} is no placebo. Put {PREFIX!r} before the name of a timm model or a folder."
            )
        given = name.removeprefix(PREFIX)
        if folder := _folder(given):
            read_config(folder)
            origin = f"the architecture of {folder}, random weights"
            return Weights(name, f"local-dir:{folder}", origin, pretrained=False, folder=folder)
        if not timm.is_model(given):
            near = get_close_matches(given, timm.list_models(), n=5)
            raise UnknownName("backbone", name, [PREFIX + other for other in near])
        return Weights(name, given, f"the architecture of {given}, random weights", pretrained=False)


def _folder(given: str) -> Path | None:
    folder = Path(given.removeprefix("local-dir:")).expanduser().resolve()
    return folder if (folder / CONFIG_FILE).is_file() else None


@hookimpl
def autotl_backbones() -> list[Placebo]:
    return [Placebo()]
