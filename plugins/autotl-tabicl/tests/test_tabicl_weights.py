import hashlib
from pathlib import Path

import huggingface_hub
import pytest
import torch
from autotl_tabicl import weights
from autotl_tabicl.__main__ import main
from huggingface_hub.errors import OfflineModeIsEnabled
from safetensors.torch import save_file

from autotl.errors import WeightsError

CONFIG = {"max_classes": 10, "embed_dim": 8, "zero_init": False}
TENSORS = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.ones(1)}


@pytest.fixture
def checkpoint(tmp_path):
    file = tmp_path / "published.ckpt"
    torch.save({"config": CONFIG, "state_dict": TENSORS}, file)
    return file


def digest_of(file):
    """Return the arguments with a file's SHA-256."""
    return ["--sha256", hashlib.sha256(file.read_bytes()).hexdigest()]


@pytest.fixture
def target(tmp_path, monkeypatch):
    file = tmp_path / "folder" / "weights.safetensors"
    monkeypatch.setenv(weights.VARIABLE, str(file))
    return file


def test_the_command_converts_a_checkpoint(checkpoint, target, capsys):
    assert main([str(checkpoint), *digest_of(checkpoint)]) == 0
    assert capsys.readouterr().out.strip() == str(target)
    config, tensors = weights.read_weights(target)
    assert config == CONFIG
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


@pytest.mark.parametrize("given", [[], ["--sha256", "0" * 64]])
def test_a_file_of_another_digest_is_not_opened(given, checkpoint, target, monkeypatch, capsys):
    monkeypatch.setattr(torch, "load", lambda *given, **options: pytest.fail("the pickle was opened"))
    assert main([str(checkpoint), *given]) == 1
    assert digest_of(checkpoint)[1] in capsys.readouterr().err
    assert not target.exists()


def test_a_missing_file_is_an_error(tmp_path, target, capsys):
    assert main([str(tmp_path / "none.ckpt")]) == 1
    assert "FILE must be readable" in capsys.readouterr().err


def test_the_command_downloads_the_checkpoint(checkpoint, target, monkeypatch):
    asked = []
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *given: asked.append(given) or checkpoint)
    assert main(digest_of(checkpoint)) == 0
    assert asked == [("jingang/TabICL", weights.CHECKPOINT)]
    assert target.is_file()


@pytest.mark.parametrize("error", [OSError("no route"), OfflineModeIsEnabled("off")])
def test_without_a_network_the_command_says_what_to_do(error, target, monkeypatch, capsys):
    def fail(*given):
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "hub must be reachable" in said
    assert "python -m autotl_tabicl FILE" in said
    assert not target.exists()


def test_missing_weights_name_the_command(target):
    with pytest.raises(WeightsError, match="Run `python -m autotl_tabicl` once"):
        weights.read_weights(target)


def test_a_pickle_is_refused_as_weights(checkpoint):
    with pytest.raises(WeightsError, match="convert it once"):
        weights.read_weights(checkpoint)


def test_other_tensors_are_refused(tmp_path):
    save_file(TENSORS, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="with TabICL's arguments"):
        weights.read_weights(tmp_path / "other.safetensors")


class Malicious:
    def __reduce__(self):
        return print, ("code ran",)


@pytest.mark.parametrize("content", [{"config": Malicious(), "state_dict": {}}, {"state_dict": {}}, [1, 2]])
def test_files_that_are_no_checkpoint_are_refused_and_run_no_code(content, tmp_path, target, capsys):
    torch.save(content, tmp_path / "bad.ckpt")
    file = tmp_path / "bad.ckpt"
    assert main([str(file), *digest_of(file)]) == 1
    said = capsys.readouterr()
    assert "must be a checkpoint of TabICL" in said.err
    assert "code ran" not in said.out
    assert not target.exists()


def test_a_regressor_is_refused(tmp_path, target, capsys):
    torch.save({"config": {"max_classes": 0}, "state_dict": TENSORS}, tmp_path / "regressor.ckpt")
    file = tmp_path / "regressor.ckpt"
    assert main([str(file), *digest_of(file)]) == 1
    assert "must be a classifier" in capsys.readouterr().err


def test_without_a_variable_the_file_is_in_the_user_folder(monkeypatch):
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    assert weights.weights_file().name == "tabicl-classifier-v2-20260212.safetensors"
    assert weights.weights_file().is_absolute()
    monkeypatch.setenv(weights.VARIABLE, "~/mine.safetensors")
    assert weights.weights_file() == Path.home() / "mine.safetensors"
