"""Token vectors of a package, and encoders in folders."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import torch

from autotl.backbone import create, layout, pooled
from autotl.builtin.sources.encoders import Encoders
from autotl.builtin.sources.static_vectors import Package, StaticVectors
from autotl.errors import UnknownName, WeightsError
from autotl.testing import BackboneSourceChecks
from tests.support.texts import vectors_folder


def wordllama_is_installed() -> bool:
    try:
        distribution("wordllama")
    except PackageNotFoundError:
        return False
    return True


def encoder_folder(folder: Path) -> Path:
    """Write a small BERT with random weights, as transformers does."""
    transformers = pytest.importorskip("transformers")
    tokenizer = vectors_folder(folder.with_name("vectors")) / "tokenizer.json"
    config = transformers.BertConfig(
        vocab_size=64,
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
        pad_token_id=1,
    )
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return folder


@pytest.mark.skipif(not wordllama_is_installed(), reason="wordllama is not installed: autotl[text]")
class TestStaticVectors(BackboneSourceChecks):
    source = StaticVectors()


def test_installed_vectors_are_converted_once(tmp_path: Path):
    if not wordllama_is_installed():
        pytest.skip("wordllama is not installed: autotl[text]")
    source = StaticVectors(tmp_path)
    assert source.offers() == ("static:wordllama",)
    weights = source.open("static:wordllama")
    assert weights.modality == "text"
    assert source.open("static:wordllama") == weights
    network = create(weights)
    assert network.num_features == 256
    from autotl.modalities import modality_named

    config = network.input_config
    encode = modality_named("text").view(config, input_size=16).transform()
    rows = torch.stack([torch.from_numpy(encode(each)) for each in ("a cat", "a kitten", "stock market")])
    cat, kitten, market = torch.nn.functional.normalize(pooled(network, rows.long()))
    assert cat @ kitten > cat @ market


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path):
    source = StaticVectors(tmp_path, Package("no-such-vectors", "a", "b", "c"))
    assert source.offers() == ()
    with pytest.raises(WeightsError, match=r"no-such-vectors.*autotl\[text\]"):
        source.open("static:wordllama")
    with pytest.raises(UnknownName, match="static:wordllama"):
        source.open("static:glove")


def test_an_encoder_of_transformers_opens_with_its_layers_as_stages(tmp_path: Path):
    folder = encoder_folder(tmp_path / "bert")
    source = Encoders()
    assert source.opens(str(folder))
    weights = source.open(str(folder))
    network = create(weights, classes=3)
    assert [stage.module.rpartition(".")[2] for stage in layout(network).stages] == ["0", "1", "2"]
    assert network.input_config.input_size == 40
    assert network(torch.tensor([[2, 3, 1, 1]])).shape == (1, 3)


def test_the_features_of_an_encoder_ignore_padding(tmp_path: Path):
    network = create(Encoders().open(str(encoder_folder(tmp_path / "bert"))))
    with torch.no_grad():
        short = pooled(network, torch.tensor([[2, 3, 4]]))
        long = pooled(network, torch.tensor([[2, 3, 4, 1, 1, 1]]))
        own = network.body.model(input_ids=torch.tensor([[2, 3, 4]])).last_hidden_state.mean(1)
    torch.testing.assert_close(short, long, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(short, own, atol=1e-5, rtol=1e-4)


def test_code_of_a_repository_is_never_run(tmp_path: Path):
    folder = encoder_folder(tmp_path / "bert")
    config = json.loads((folder / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('run')")
    assert create(Encoders().open(str(folder))) is not None
    config["model_type"] = "evil"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="evil"):
        create(Encoders().open(str(folder)))


def test_pickled_weights_are_refused(tmp_path: Path):
    folder = encoder_folder(tmp_path / "bert")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"got no model\.safetensors"):
        Encoders().open(str(folder))
