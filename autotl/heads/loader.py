"""Write the loader of a model folder whose head is not linear."""

from __future__ import annotations

import inspect
from importlib.resources import files
from string import Template

from autotl.api import HeadKind, PortableHead
from autotl.heads.form import HeadForm

TEMPLATES = files("autotl") / "heads" / "templates"


def loader_code(form: HeadForm, kind: HeadKind) -> str:
    """Return the code of a Python file that loads a model folder.

    The file needs torch, timm and safetensors alone. If the kind is not portable, the file
    names the package to install.

    Args:
        form: The form of the head.
        kind: Its kind.
    """
    if isinstance(kind, PortableHead):
        fields = {"source": inspect.getsource(kind.portable).rstrip(), "name": kind.portable.__name__}
        return _template("load_model.py.txt").substitute(fields)
    package = form.package or "the plugin that offers this kind of head"
    return _template("needs_plugin.py.txt").substitute(kind=form.spec.kind, package=package)


def _template(name: str) -> Template:
    return Template((TEMPLATES / name).read_text(encoding="utf-8"))
