"""Define the commands for plugin authors."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from autotl import plugins
from autotl.authoring.project import HOOKS, new_project
from autotl.cli.app import app, print_json
from autotl.cli.generated_options import Json
from autotl.errors import PluginError
from autotl.escaping import console


@app.command(name="new-plugin")
def new_plugin(
    name: Annotated[str, typer.Argument(help="The plugin's name, such as my_probe.")],
    hook: Annotated[str, typer.Option(help=f"One of {', '.join(HOOKS)}.")] = "strategies",
    folder: Annotated[Path | None, typer.Option(help="The new folder. Default: autotl-NAME.")] = None,
) -> None:
    """Write the project of a new plugin: working, tested and installable."""
    plugin = name.lower().replace("-", "_").removeprefix("autotl_")
    registry = getattr(plugins.load(), hook, None)
    if registry is not None and plugin in registry.items:
        raise PluginError(f"The name of a plugin must be new ({plugin} is installed). Choose another name.")
    target = folder or Path(f"autotl-{name.lower().replace('_', '-').removeprefix('autotl-')}")
    written = new_project(name, target, hook=hook)
    say = partial(console().print, markup=False, soft_wrap=True)
    for path in written:
        say(f"  {path}")
    say(f"Next: pip install -e '{target}[test]' && pytest {target}")
    if hook == "strategies":
        say(f"Then: autotl try {written[-1].stem.removeprefix('test_')}")


@app.command(name="try")
def try_plugin(
    name: Annotated[str, typer.Argument(help="The name of an installed strategy.")], as_json: Json = False
) -> None:
    """Train an installed strategy on tiny images, and check its contract."""
    from autotl.authoring.trying import try_strategy  # loads torch

    catalog = plugins.load()
    if why := catalog.broken.get(name):
        raise PluginError(f"The plugin {name} cannot be loaded: {why}")
    found = try_strategy(catalog.strategies[name])
    if as_json:
        print_json(
            {
                "strategy": name,
                "facts": [{"name": fact, "text": text} for fact, text in found.facts],
                "failures": [{"check": each.check, "message": each.message} for each in found.failures],
            }
        )
    else:
        say = partial(console().print, markup=False, soft_wrap=True)
        for fact, text in found.facts:
            say(f"{fact:>10}  {text}")
        for each in found.failures:
            say(f"{', '.join([each.check, *each.also])}: {each.message}", style="red")
        failed = sum(1 + len(each.also) for each in found.failures)
        say(
            f"{found.checks - failed} of {found.checks} checks pass.",
            style="red" if found.failures else "green",
        )
    if found.failures:
        raise typer.Exit(1)
