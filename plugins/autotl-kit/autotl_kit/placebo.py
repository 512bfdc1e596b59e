"""Open a backbone with random instead of pretrained weights, as a control."""

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
    """Source of ``placebo:NAME``: the architecture of a timm model or local timm folder with random weights.

    The score of a strategy on it shows the effect of architecture and recipe. The difference to NAME is the
    effect of pretraining. The source offers no backbones, so that a search uses a placebo only on request.

    >>> bool(Placebo().opens("placebo:resnet18"))
    True
    """

    name = "placebo"
    summary = "placebo:NAME, the architecture of a timm model or local folder with random weights"

    def offers(self) -> Sequence[str]:
        """Return no names."""
        return ()

    def opens(self, name: str) -> Applies:
        """Return whether the name is that of a placebo, with the reason."""
        if not name.startswith(PREFIX):
            return Applies(False, f"the name of a placebo starts with {PREFIX!r}")
        model = name.removeprefix(PREFIX)
        if _folder(model) or timm.is_model(model):
            return Applies(True, f"it is {model} with random weights")
        return Applies(False, f"{model!r} is neither a timm model nor a folder with a {CONFIG_FILE}")

    def open(self, name: str) -> Weights:
        """Return the architecture without weights.

        Raises:
            WeightsError: If the name has no prefix.
            UnknownName: If the model is unknown.
        """
        if not name.startswith(PREFIX):
            raise WeightsError(
                f"The name of a placebo must start with {PREFIX!r} (got {name!r}). "
                "Add the name of a timm model or a folder."
            )
        model = name.removeprefix(PREFIX)
        if folder := _folder(model):
            read_config(folder)
            origin = f"the architecture of {folder}, random weights"
            return Weights(name, f"local-dir:{folder}", origin, pretrained=False, folder=folder)
        if not timm.is_model(model):
            similar = get_close_matches(model, timm.list_models(), n=5)
            raise UnknownName("backbone", name, [PREFIX + other for other in similar])
        return Weights(name, model, f"the architecture of {model}, random weights", pretrained=False)


def _folder(model: str) -> Path | None:
    folder = Path(model.removeprefix("local-dir:")).expanduser().resolve()
    return folder if (folder / CONFIG_FILE).is_file() else None


@hookimpl
def autotl_backbones() -> list[Placebo]:
    """Provide the backbone source."""
    return [Placebo()]
