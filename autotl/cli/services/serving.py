"""Define the command that serves a model over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import autotl
from autotl import plugins, serving
from autotl.cli.app import app
from autotl.cli.generated_options import Device, Quiet
from autotl.cli.results import show_lines
from autotl.escaping import console
from autotl.heads import HeadKinds
from autotl.loopback import is_loopback

if TYPE_CHECKING:
    from autotl.serving import ServedModel

_RUN = typer.Argument(help="A run folder, or its model/ folder.")
_HOST = typer.Option(help="The address to listen at. There is no authentication.", metavar="ADDRESS")
_PORT = typer.Option(help="The port; 0 for a free one.", min=0, max=65535, metavar="N")
_UPLOAD = typer.Option(help="The largest body of a request.", metavar="SIZE")
_FILES = typer.Option(help="The most images of a request.", min=1, metavar="N")
_PIXELS = typer.Option(help="The most pixels of an image, before it is decoded.", min=1, metavar="N")


@app.command()
def serve(
    run: Annotated[Path, _RUN],
    host: Annotated[str, _HOST] = "127.0.0.1",
    port: Annotated[int, _PORT] = 8000,
    max_upload: Annotated[str, _UPLOAD] = "20MB",
    max_files: Annotated[int, _FILES] = 32,
    max_pixels: Annotated[int, _PIXELS] = 50_000_000,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Serve the model of a RUN over HTTP, with a page."""
    serving.check_installed()
    limits = serving.ServingLimits(serving.upload_size(max_upload), max_files, max_pixels)
    with serving.listen(host, port) as listening:
        local = is_loopback(host)
        application = serving.create_app(_served(run, device), limits, local_only=local)
        if not local:
            console(stderr=True).print(
                f"There is no authentication: all who can reach {host} can use the model. "
                "Put a proxy with authentication in front, or serve at 127.0.0.1.",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )
        if not quiet:
            shown_host = f"[{host}]" if ":" in host else host
            address = f"http://{shown_host}:{listening.getsockname()[1]}"
            show_lines(console(), f"Serving {run} at {address} (page, {address}/docs). Ctrl-C ends it.")
        serving.run_server(application, listening)


def _served(folder: Path, device: str) -> ServedModel:
    """Return the model of a run folder, or of a model folder with or without its run."""
    if not serving.is_model_folder(folder):
        return serving.served_result(autotl.load(folder, device=device))
    run = folder.resolve().parent
    if folder.resolve().name == "model" and (run / "report.json").is_file():
        return serving.served_result(autotl.load(run, device=device))
    from autotl.training import pick_device  # slow to import

    return serving.served_model(folder, device=pick_device(device), heads=_heads)


def _heads() -> HeadKinds:
    heads = plugins.load().heads
    return HeadKinds(heads.items, heads.packages())
