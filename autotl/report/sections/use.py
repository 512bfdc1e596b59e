"""Build the section with code that loads the model."""

from __future__ import annotations

from autotl.report.document.report import Report
from autotl.report.section import Section, Snippet

AUTOTL = """import autotl
result = autotl.load("RUN")
print(result.predict("photo.jpg"))"""
SHELL = "autotl predict RUN photos/ --out predictions.csv"
TIMM = """import timm, torch
from PIL import Image
network = timm.create_model("local-dir:RUN/model", pretrained=True).eval()
view = timm.data.create_transform(**timm.data.resolve_data_config(model=network))
with torch.inference_mode():
    answer = network(view(Image.open("photo.jpg").convert("RGB")).unsqueeze(0)).softmax(1)[0]
print(network.pretrained_cfg["label_names"][int(answer.argmax())], float(answer.max()))"""
"""Code with timm alone: the model folder holds the transform, the class names and the temperature."""


def section(report: Report) -> Section:
    """Show code for Python, a shell and timm."""
    return Section(
        name="use",
        title="Use this model",
        link="Use it",
        sentences=("RUN stands for the folder of this report.",),
        snippets=(
            Snippet("In Python", "python", AUTOTL),
            Snippet("In a shell, with one row for each image", "sh", SHELL),
            Snippet("Without autotl, because RUN/model is a timm folder", "python", TIMM),
        ),
    )
