"""Write ``predict.py``, which runs an exported file without autotl."""

from __future__ import annotations

from importlib.resources import files
from string import Template

from autotl.export.files.coreml_package import FACTS as COREML_FACTS
from autotl.export.files.pt2_file import FACTS
from autotl.export.formats import ExportFormat

TEMPLATE = files("autotl") / "export" / "templates" / "predict.py.txt"
IMPORTS = {
    "coreml": "import coremltools",
    "onnx": "import onnxruntime",
    "openvino": "import openvino",
    "pt2": "import torch",
}
COREML = f"""\
    network = coremltools.models.MLModel(path, compute_units=coremltools.ComputeUnit.CPU_ONLY)

    def run(pixels):
        found = network.predict({{"images": pixels.astype(np.float32)}})
        return found["predictions"], found["outputs"]

    return json.loads(network.user_defined_metadata["{COREML_FACTS}"]), run"""
ONNX = """\
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    kept = session.get_modelmeta().custom_metadata_map.items()
    facts = {key[7:]: json.loads(text) for key, text in kept if key.startswith("autotl.")}
    return facts, lambda pixels: session.run(["predictions", "outputs"], {"images": pixels})"""
OPENVINO = """\
    core = openvino.Core()
    model = core.read_model(path)
    facts = json.loads(model.get_rt_info(["autotl", "facts"]).astype(str))
    # float16 or bfloat16, the default of some processors, would change the answers
    network = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(pixels):
        found = network([pixels])
        return found[0], found[1]

    return facts, run"""
PT2 = f"""\
    extra = {{"{FACTS}": ""}}
    network = torch.export.load(path, extra_files=extra).module()

    def run(pixels):
        with torch.inference_mode():
            return [each.numpy() for each in network(torch.from_numpy(pixels))]

    return json.loads(extra["{FACTS}"]), run"""
LOADS = {"coreml": COREML, "onnx": ONNX, "openvino": OPENVINO, "pt2": PT2}


def script(form: ExportFormat) -> str:
    """Return the code of ``predict.py`` for a format with one file."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        file=form.file, runtime=form.runtime, imports=IMPORTS[form.name], load=LOADS[form.name]
    )
