import time

import pytest
from huggingface_hub import constants

from autotl.api import Weights
from autotl.backbone import create, hub
from autotl.errors import WeightsError


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """An empty cache, and the hub's own switch for having no network."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def test_timm_names_with_and_without_a_tag_have_an_address():
    assert hub.address("resnet18") == hub.address("resnet18.a1_in1k")
    assert hub.address("resnet18").repository == "timm/resnet18.a1_in1k"
    assert hub.address("resnet18.nonsense") is None
    assert hub.address("no_such_model") is None
    assert hub.address("local-dir:folder") is None


@pytest.mark.usefixtures("offline")
def test_offline_it_fails_at_once_with_advice(caplog, capfd):
    started = time.monotonic()
    with pytest.raises(WeightsError, match=r"HF_HUB_OFFLINE is set.*Choose one of three ways") as caught:
        create(Weights("resnet18", "resnet18.a1_in1k", "timm"))
    assert time.monotonic() - started < 3
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_hub_that_refuses_connections_is_unreachable_within_seconds(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port, which has no server
    started = time.monotonic()
    with pytest.raises(WeightsError, match="cannot be reached"):
        hub.fetch("resnet18")
    assert time.monotonic() - started < 2 * hub.TIMEOUT


@pytest.mark.usefixtures("offline")
def test_weights_in_the_cache_are_loaded_without_a_network(tmp_path):
    import timm
    from safetensors.torch import save_model

    snapshot = tmp_path / "hub" / "models--timm--test_resnet.r160_in1k"
    folder = snapshot / "snapshots" / "0123"
    folder.mkdir(parents=True)
    (snapshot / "refs").mkdir()
    (snapshot / "refs" / "main").write_text("0123")
    model = timm.create_model("test_resnet")
    save_model(model, str(folder / "model.safetensors"))
    made = create(Weights("test_resnet", "test_resnet.r160_in1k", "timm"))
    assert all(
        (a == b).all() for a, b in zip(model.state_dict().values(), made.state_dict().values(), strict=True)
    )
    assert made.pretrained_cfg.get("file") is None
    assert made.pretrained_cfg["hf_hub_id"] == "timm/test_resnet.r160_in1k"
