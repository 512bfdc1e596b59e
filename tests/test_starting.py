"""Nothing heavy is imported before it is needed, and what is postponed works as ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

import autotl
from autotl.errors import AutotlError
from autotl.testing import tiny_images

HEAVY = ("torch", "torchvision", "timm", "optuna", "pandas", "scipy", "sklearn", "sqlalchemy")


def imported(code: str, *names: str, cwd: Path) -> tuple[list[str], str]:
    """Which of the modules are there after ``code``, run in an interpreter of its own; and what it said."""
    code = f"import sys\n{code}\nprint('', *(name for name in {names!r} if name in sys.modules), sep=' ')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout.splitlines()[-1].split(), done.stdout + done.stderr


def command(*arguments: str, code: int = 0) -> str:
    return (
        f"sys.argv = ['autotl', *{arguments!r}]\n"
        "from autotl.cli import run\n"
        f"ended = run()\nassert ended == {code}, ended\n"
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starting")
    (folder / "used").mkdir()
    (folder / "used" / "notes.txt").write_text("mine")
    (folder / "table.csv").write_text("name;species\na.png;cat\n")
    (folder / "w.safetensors").write_bytes(b"")
    (folder / "run").mkdir()
    for name in ("run.json", "split.csv"):
        (folder / "run" / name).write_text("")
    images, labels = tiny_images(classes=2, each=12)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / "photos" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / "photos" / label / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def run(photos: Path) -> Path:
    out = photos / "done"
    autotl.fit(
        photos / "photos", out=out, backbone="tiny", strategies="linear_probe", trials=1, image_size=32
    )
    return out


WRONG = {
    "option": (["photos", "--out", "new", "--budgte", "5m"], "No such option"),
    "no data": (["photoz", "--out", "new"], "There is no photoz. Did you mean photos?"),
    "used folder": (["photos", "--out", "used"], "used exists and is not empty"),
    "strategy": (["photos", "--out", "new", "--strategy", "linear_prob"], "Did you mean 'linear_probe'?"),
    "plugin": (["photos", "--out", "new", "--without", "finetun"], "Did you mean 'finetune'?"),
    "executor": (["photos", "--out", "new", "--executor", "seriel"], "Did you mean 'serial'?"),
    "metric": (["photos", "--out", "new", "--metric", "acuracy"], "Did you mean 'accuracy'?"),
    "budget": (["photos", "--out", "new", "--budget", "5x"], "Cannot read '5x' as a duration"),
    "test": (["photos", "--out", "new", "--test", "1.5"], "test must be a share of the images in (0, 0.9]"),
    "preset": (["photos", "--out", "new", "--preset", "bets"], "Did you mean 'best'?"),
    "latency": (
        ["photos", "--out", "new", "--max-latency", "soon"],
        "max_latency must be a time such as '5ms' or '0.2s' (got 'soon')",
    ),
    "cache": (["photos", "--out", "new", "--cache", "lots"], "Cannot read 'lots' as a size"),
    "device": (["photos", "--out", "new", "--device", "gpu"], "No device called 'gpu'"),
    "part of a name": (["photos", "--out", "new", "--metric", "f1"], "Did you mean 'macro_f1'?"),
    "column": (
        ["table.csv", "--out", "new", "--label", "kind"],
        "No column called 'kind'. Known: name, species.",
    ),
    "run as data": (["run", "--out", "new"], "run is a run folder, which holds no images."),
    "weights file": (
        ["photos", "--out", "new", "--backbone", "w.safetensors"],
        "Give the folder that holds it",
    ),
    "setting": (["photos", "--out", "new", "--epochs", "3"], "Limit it by --budget or --trials"),
    "command": (["train", "photos"], "Did you mean 'fit'?"),
    "cleaning": (["photos", "--out", "new", "--clean", "drp"], "Did you mean 'drop'?"),
}


@pytest.mark.parametrize(("arguments", "answer"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_answered_without_importing_torch(
    photos: Path, arguments: Sequence[str], answer: str
) -> None:
    words = arguments if arguments[0] == "train" else ["fit", *arguments]
    there, said = imported(command(*words, code=2), *HEAVY, cwd=photos)
    assert answer in " ".join(said.split())
    assert there == []
    assert not (photos / "new").exists()


def test_fit_from_python_gives_the_same_errors_without_importing_torch(photos: Path) -> None:
    code = (
        "import autotl\n"
        "from autotl.errors import AutotlError\n"
        "for wrong in ({'strategies': 'linear_prob'}, {'metric': 'acuracy'}, {'budget': '5x'},\n"
        "              {'test': 1.5}, {'preset': 'bets'}, {'out': 'used'}, {'data': 'photoz'}):\n"
        "    try:\n        autotl.fit(**({'data': 'photos', 'out': 'new'} | wrong))\n"
        "    except AutotlError as error:\n        print(error)\n"
    )
    there, said = imported(code, *HEAVY, cwd=photos)
    names = ("strategy", "metric", "budget", "test", "preset", "used folder", "no data")
    assert [name for name in names if WRONG[name][1] not in said] == []
    assert there == []


@pytest.mark.parametrize("name", ["plugins", "backbones"])
def test_lists_of_what_is_there_need_no_torch(name: str, tmp_path: Path) -> None:
    there, said = imported(command(name), *HEAVY, cwd=tmp_path)
    assert "tiny" in said
    assert there == []


def test_a_leaderboard_needs_no_torch(tmp_path: Path) -> None:
    file = Path(autotl.__file__).parents[1] / "benchmarks" / "results" / "smoke.parquet"
    there, said = imported(command("leaderboard", str(file)), "torch", "timm", "optuna", cwd=tmp_path)
    assert "Leaderboard" in said
    assert there == []


def test_a_folder_that_is_no_run_is_told_without_importing_torch(photos: Path) -> None:
    there, _ = imported(command("predict", "used", "photos", code=2), *HEAVY, cwd=photos)
    assert there == []


def test_a_prediction_imports_nothing_that_only_a_search_needs(run: Path, photos: Path) -> None:
    unneeded = ("torch._dynamo", "optuna", "sklearn", "scipy", "sqlalchemy", "jinja2", "cleanlab")
    image = next((photos / "photos").rglob("*.png"))
    there, said = imported(command("predict", str(run), str(image)), "torch", *unneeded, cwd=photos)
    assert image.name in said
    assert there == ["torch"]


def test_a_fit_reaches_its_first_forward_pass_without_compiler_and_optuna(photos: Path) -> None:
    code = (
        "import torch\n"
        "class Reached(BaseException): ...\n"
        "def stop(module, inputs):\n"
        "    if isinstance(module, torch.nn.Conv2d):\n        raise Reached\n"
        "torch.nn.modules.module.register_module_forward_pre_hook(stop)\n"
        "import autotl\n"
        "try:\n    autotl.fit('photos', backbone='tiny', trials=1, experience=False)\n"
        "except Reached:\n    print('reached')"
    )
    there, said = imported(code, "torch._dynamo", "optuna", "sklearn", "scipy.stats", cwd=photos)
    assert "reached" in said
    assert there == []


def test_a_wrong_call_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(AutotlError):
        autotl.fit(tmp_path, out=tmp_path / "new", metric="acuracy")
    assert not (tmp_path / "new").exists()
