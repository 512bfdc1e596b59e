"""The pages fetch nothing, escape names, and describe what is served."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from autotl.heads import HeadKinds
from autotl.serving import ServedModel, create_app, served_model
from tests.exploration.test_page import HOSTILE, Page


@pytest.fixture(scope="module")
def client(served: ServedModel) -> TestClient:
    return TestClient(create_app(served))


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_a_page_names_no_other_host_and_allows_only_its_own_script(client: TestClient, address: str) -> None:
    reply = client.get(address)
    tags = Page(reply.text).tags
    for tag, attributes in tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert not attributes.get("src")
        assert ":" not in (attributes.get("href") or "")
    assert not re.search(r"https?://|url\(", reply.text)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    for kind in ("script", "style"):
        for text in re.findall(rf"<{kind}>(.*?)</{kind}>", reply.text, re.DOTALL):
            assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_names_of_runs_and_classes_are_escaped(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "model", tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    names = [HOSTILE, "caf\udce9", "c"]
    config.write_text(json.dumps({**json.loads(config.read_text()), "label_names": names}))
    served = replace(served_model(tmp_path / "model", device="cpu", heads=HeadKinds), name=HOSTILE)
    client = TestClient(create_app(served))
    for address in ("/", "/docs"):
        text = client.get(address).text
        assert HOSTILE not in text
        assert Page(text).tags
    assert "caf\\udce9" in client.get("/").text


def test_the_openapi_document_has_the_schemas_of_bodies_and_answers(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    predict = document["paths"]["/predict"]["post"]
    assert set(predict["requestBody"]["content"]) == {"multipart/form-data", "image/*"}
    answer = predict["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert answer.endswith("/ClassAnswers")
    assert {"413", "415", "422", "503"} <= predict["responses"].keys()
    for status in ("413", "422"):
        schema = predict["responses"][status]["content"]["application/json"]["schema"]
        assert schema["$ref"].endswith("/Problem")
    assert set(document["components"]["schemas"]["Problem"]["properties"]) == {"error", "given", "must"}
    assert [each["name"] for each in predict["parameters"]] == ["top"]
    docs = client.get("/docs").text
    for name in ("POST /predict", "GET /model", "ClassAnswers", "list of ClassAnswer"):
        assert name in docs
