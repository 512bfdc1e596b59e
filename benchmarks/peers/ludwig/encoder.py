"""Register the image encoder ``timm`` in Ludwig: a checkpoint's network without its head."""

from __future__ import annotations

import timm
import torch
from ludwig.constants import ENCODER_OUTPUT, IMAGE
from ludwig.encoders.image.base import ImageEncoder
from ludwig.encoders.registry import register_encoder
from ludwig.schema import utils as schema
from ludwig.schema.encoders.base import BaseEncoderConfig
from ludwig.schema.encoders.utils import register_encoder_config
from ludwig.schema.utils import ludwig_dataclass


@register_encoder_config("timm", IMAGE)
@ludwig_dataclass
class TimmConfig(BaseEncoderConfig):
    """The configuration of the encoder; Ludwig sets the last three fields."""

    @staticmethod
    def module_name() -> str:
        """Return the name of the encoder."""
        return "Timm"

    type: str = schema.ProtectedString("timm", description="Type of encoder.")
    checkpoint: str = schema.String(default="", description="timm's name of a model, or local-dir:FOLDER.")
    height: int = schema.NonNegativeInteger(default=None, allow_none=True, description="Height in pixels.")
    width: int = schema.NonNegativeInteger(default=None, allow_none=True, description="Width in pixels.")
    num_channels: int = schema.NonNegativeInteger(
        default=None, allow_none=True, description="Colour channels."
    )


@register_encoder("timm", IMAGE)
class Timm(ImageEncoder):
    """An encoder that returns pooled features of images in [0, 1].

    The images are standardised with the checkpoint's mean and standard deviation.
    """

    def __init__(
        self,
        checkpoint: str,
        height: int,
        width: int,
        num_channels: int = 3,
        encoder_config: TimmConfig | None = None,
        **other: object,
    ) -> None:
        super().__init__()
        self.config = encoder_config
        self.network = timm.create_model(checkpoint, pretrained=True, num_classes=0)
        if self.network.pretrained_cfg.get("fixed_input_size"):
            self.network = timm.create_model(
                checkpoint, pretrained=True, num_classes=0, img_size=(height, width)
            )
        self._shape = (num_channels, height, width)
        for name in ("mean", "std"):
            values = torch.tensor(self.network.pretrained_cfg[name]).view(1, -1, 1, 1)
            self.register_buffer(name, values)

    def forward(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return features (images, width) of images (images, 3, height, width)."""
        return {ENCODER_OUTPUT: self.network((inputs - self.mean) / self.std)}

    @staticmethod
    def get_schema_cls() -> type[TimmConfig]:
        """Return the class of the configuration."""
        return TimmConfig

    @property
    def input_shape(self) -> torch.Size:
        """Channels, height and width."""
        return torch.Size(self._shape)

    @property
    def output_shape(self) -> torch.Size:
        """The number of features."""
        return torch.Size([self.network.head_hidden_size])
