"""Serve a model over HTTP: predictions, facts, and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.serving.application.app import create_app
    from autotl.serving.limits import ServingLimits, upload_size
    from autotl.serving.model import ServedModel, is_model_folder, served_model, served_result
    from autotl.serving.server import check_installed, listen, run_server

__all__ = [
    "ServedModel",
    "ServingLimits",
    "check_installed",
    "create_app",
    "is_model_folder",
    "listen",
    "run_server",
    "served_model",
    "served_result",
    "upload_size",
]

lazy_package(__name__)
