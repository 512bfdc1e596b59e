"""Write and read the files of a head in a model folder."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl import jsonio
from autotl.backbone import example_inputs
from autotl.errors import PluginError, RunError
from autotl.files import atomic_file, write_bytes
from autotl.heads import HeadForm, HeadKinds, attach_head, attached_head, detach_head, loader_code, stage_pass

FORM_FILE, TENSORS_FILE, LOADER_FILE = "head.json", "head.safetensors", "load_model.py"


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as a safetensors file in one step. Raises DiskFull."""
    state = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    size = sum(value.numel() * value.element_size() for value in state.values())
    with atomic_file(path, size) as temporary:
        save_file(state, temporary, {"format": "pt"})


def write_head(folder: Path, model: nn.Module, kinds: HeadKinds) -> nn.Module:
    """Write the form, the tensors and the loader of a network's head.

    Args:
        folder: The model folder.
        model: The network.
        kinds: The kinds of heads that are installed.

    Returns:
        A copy of the network without its head.

    Raises:
        PluginError: The kind of the head is not installed.
    """
    head = attached_head(model)
    assert head is not None
    code = loader_code(head.form, kinds.kind(head.form))
    write_tensors(folder / TENSORS_FILE, head.state_dict())
    jsonio.write(folder / FORM_FILE, head.form.document())
    write_bytes(folder / LOADER_FILE, code.encode())
    bare = copy.deepcopy(model)
    detach_head(bare)
    return bare


def read_form(folder: Path) -> HeadForm | None:
    """Return the form of the head in a model folder.

    It is None if the head is linear.

    Raises:
        RunError: The file was edited.
    """
    path = folder / FORM_FILE
    if not path.exists():
        return None
    try:
        return HeadForm.of(jsonio.read(path))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}. Copy the model folder again as a whole.") from error


def check_installed(folder: Path, form: HeadForm, kinds: HeadKinds) -> None:
    """Raise RunError unless a plugin offers the kind of a head.

    Args:
        folder: The model folder.
        form: The form of the head.
        kinds: The kinds of heads that are installed.
    """
    try:
        kinds.kind(form)
    except PluginError as error:
        raise RunError(f"The model in {folder} needs a plugin that is not installed. {error}") from error


def read_head(
    folder: Path, model: nn.Module, form: HeadForm, kinds: HeadKinds, *, outputs: int, input_size: int
) -> None:
    """Give a network without a head the head of a model folder.

    The head gets memory after its form fits the network, the target and the file of its tensors.

    Args:
        folder: The model folder.
        model: The network, which is changed.
        form: The form of the head.
        kinds: The kinds of heads that are installed.
        outputs: Width of the target's outputs.
        input_size: Image size in pixels.

    Raises:
        ValueError: The files do not fit each other.
        TrainingError: A stage of the head cannot be averaged, or does not run before the head.
    """
    if getattr(model, "num_classes", 0):
        raise ValueError(f"num_classes in config.json must be 0 beside {FORM_FILE}")
    model.eval()
    blank = example_inputs(model, 1, input_size, torch.Generator().manual_seed(0))
    with stage_pass(model, form.stage_axes, pooled=True) as forward, torch.no_grad():
        features = forward(blank).shape[1]
    for name, given, own in (("features", form.features, features), ("outputs", form.outputs, outputs)):
        if given != own:
            raise ValueError(f"{name} in {FORM_FILE} must be {own} for this network (got {given})")
    _check_shapes(folder / TENSORS_FILE, kinds.shapes(form), outputs=outputs)
    head = attach_head(model, form, kinds.build(form)).eval()
    head.load_state_dict(load_file(folder / TENSORS_FILE))
    with torch.no_grad():
        found = model(blank)
    if not bool(found.isfinite().all()):
        raise ValueError("the outputs of the head must be finite")


def _check_shapes(path: Path, shapes: Mapping[str, tuple[int, ...]] | None, *, outputs: int) -> None:
    """Raise ValueError unless a file has tensors of these shapes; None allows all of the body."""
    with safe_open(path, "pt") as file:
        names = file.keys()
        found = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    own = {name: found.pop(name, None) for name in ("scale", "shift")}
    for name, shape in own.items():  # a number, or one for each output; only scale is needed
        if shape not in ((), (outputs,)) and (shape is not None or name == "scale"):
            raise ValueError(f"{name} in {path.name} must have the shape () or ({outputs},) (got {shape})")
    if shapes is None:
        return
    expected = {f"body.{name}": shape for name, shape in shapes.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ValueError(
            f"{wrong[0]} in {path.name} must have the shape {expected.get(wrong[0])} "
            f"(got {found.get(wrong[0])})"
        )
