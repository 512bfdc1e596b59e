"""Open the small ResNet that ships with autotl."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.backbone import read_config, safe_file
from autotl.errors import UnknownName, WeightsError

FOLDER = Path(__file__).parents[1] / "weights" / "tiny"


class Tiny:
    """Opens ``tiny``, from a folder inside the package.

    >>> Tiny().offers()
    ('tiny',)
    """

    name = "tiny"
    summary = "a toy for examples and quick tests, for images of about 64 px; needs no network"

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def offers(self) -> Sequence[str]:
        return (self.name,)

    def opens(self, name: str) -> Applies:
        if name == self.name:
            return Applies(True, "it ships with autotl")
        return Applies(False, "only 'tiny' ships with autotl")

    def open(self, name: str) -> Weights:
        if name != self.name:
            raise UnknownName("backbone", name, self.offers())
        if not self.folder.is_dir():
            raise WeightsError(f"{self.folder} is missing, but is a part of autotl. Install autotl again.")
        read_config(self.folder)
        safe_file(self.folder)
        return Weights(
            name=self.name,
            timm_name=f"local-dir:{self.folder}",
            origin="ships with autotl, trained on 200 classes of ImageNet at 64 px",
            folder=self.folder,
        )


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [Tiny()]
