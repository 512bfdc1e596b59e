"""Build the section with code that loads the model."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.section import Section, Snippet

AUTOTL = """import autotl
result = autotl.load("RUN")
print(result.predict({inputs}))"""
SHELL = "autotl predict RUN {inputs} --out predictions.csv"
ALONE = "python RUN/model/load_model.py {inputs}"
"""Calls of autotl in Python and in a shell, and of the loader in the model folder."""
TIMM = """import timm, torch
from PIL import Image
network = timm.create_model("local-dir:RUN/model", pretrained=True).eval()
view = timm.data.create_transform(**timm.data.resolve_data_config(model=network))
with torch.inference_mode():
    """
"""Code with timm alone: the model folder holds the transform, the names and the calibration."""
LOADER = """import runpy, timm, torch
from PIL import Image
network = runpy.run_path("RUN/model/load_model.py")["load"]()
view = timm.data.create_transform(**timm.data.resolve_data_config(network.pretrained_cfg))
with torch.inference_mode():
    """
"""Code for a head that is not linear: the loader in the model folder needs torch, timm and safetensors."""
CALL = 'network(view(Image.open("photo.jpg").convert("RGB")).unsqueeze(0))'
ANSWERS = {
    "single_label": f"""answer = {CALL}.softmax(1)[0]
print(network.pretrained_cfg["label_names"][int(answer.argmax())], float(answer.max()))""",
    "multi_label": f"""answer = {CALL}.sigmoid()[0]
names = network.pretrained_cfg["label_names"]
print([(name, p) for name, p in zip(names, answer.tolist()) if p > 0.5])""",
    "regression": f"""answer = {CALL}[0]
print(dict(zip(network.pretrained_cfg["label_names"], answer.tolist())))""",
}
"""The last lines of both, by the kind of target."""


def code(start: str, kind: str) -> str:
    """Return code that begins with TIMM or LOADER."""
    return start + ANSWERS.get(kind, ANSWERS["single_label"])


def section(report: Report) -> Section:
    """Show code for Python, a shell and timm."""
    heads, ensemble = report.what.heads, report.how.ensemble
    usage = report.inputs
    comment, start = "Without autotl, because RUN/model is a timm folder", TIMM
    if heads:
        comment, start = "Without autotl, by the loader in the model folder", LOADER
    without = Snippet(comment, "python", code(start, report.target.kind))
    if usage.loader:
        alone = ALONE.format(inputs=usage.loader)
        without = Snippet("Without autotl, by the loader in the model folder", "sh", alone)
    several, plugin_heads = heads and ensemble is not None and ensemble.kept, report.what.plugin_heads
    return Section(
        name="use",
        title="Use this model",
        link="Use it",
        sentences=tuple(
            filter(
                None,
                ("RUN stands for the folder of this report.", _head(heads, plugin_heads, bool(several))),
            )
        ),
        snippets=(
            Snippet("In Python", "python", AUTOTL.format(inputs=usage.python)),
            Snippet("In a shell, with one row for each image", "sh", SHELL.format(inputs=usage.shell)),
            *(() if several or plugin_heads else (without,)),
        ),
    )


def _head(heads: tuple[str, ...], plugin_heads: tuple[str, ...], several: bool) -> str:
    """Name what loads a network whose head is not linear."""
    if not heads:
        return ""
    names = ", ".join(map(format.name, heads))
    if plugin_heads:
        needed = ", ".join(map(format.name, plugin_heads))
        loads = f"autotl with the plugin of {needed} loads it, and timm alone opens the backbone"
        return f"The head is not linear ({names}): {loads}."
    loader = "RUN/model/members/N/load_model.py" if several else "RUN/model/load_model.py"
    loads = f"autotl and {loader} load it, and timm alone opens the backbone"
    return f"The head is not linear ({names}): {loads}."
