"""Write the loader of a model folder whose head is not linear."""

from __future__ import annotations

import inspect
import textwrap
from importlib.resources import files
from string import Template

from autotl.api import HeadKind, PortableHead
from autotl.heads.form import HeadForm

TEMPLATES = files("autotl") / "heads" / "templates"


def loader_code(form: HeadForm, kind: HeadKind) -> str:
    """Return the code of a Python file that loads a model folder.

    The file needs torch, timm and safetensors alone. If the kind is not portable, or has no source code,
    the file names the package to install.

    Args:
        form: The form of the head.
        kind: Its kind.
    """
    if code := _portable_code(kind):
        return code
    package = form.package or "the plugin that offers this kind of head"
    return _template("needs_plugin.py.txt").substitute(kind=form.spec.kind, package=package)


def is_portable(kind: HeadKind) -> bool:
    """Return whether the loader needs no autotl."""
    return bool(_portable_code(kind))


def _portable_code(kind: HeadKind) -> str:
    """Return the code that loads a head without autotl; "" if there is none."""
    if not isinstance(kind, PortableHead):
        return ""
    try:
        made = kind.portable
        source = textwrap.dedent(inspect.getsource(made)).rstrip()
        code = _template("load_model.py.txt").substitute(source=source, name=made.__name__)
        compile(code, "load_model.py", "exec")
    except (OSError, TypeError, SyntaxError):  # a class that was made at run time has no source code
        return ""
    return code


def _template(name: str) -> Template:
    return Template((TEMPLATES / name).read_text(encoding="utf-8"))
