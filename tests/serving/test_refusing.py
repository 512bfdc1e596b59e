"""A request that cannot be answered gets a reason, and the next one an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from autotl.errors import ServingError
from autotl.serving import ServedModel, ServingLimits, create_app, upload_size
from tests.support.file_bytes import jpeg, png_header

JPEG = jpeg()


@pytest.fixture
def client(served: ServedModel, limits: ServingLimits) -> TestClient:
    return TestClient(create_app(served, limits))


@pytest.mark.parametrize(
    ("content", "status", "code", "given"),
    [
        (b"a line of text\n" * 9, 415, "unsupported_format", "not an image"),
        (JPEG[: len(JPEG) // 2], 422, "damaged_image", "truncated"),
        (b"", 422, "no_image", "empty"),
        (png_header(2000, 1000), 413, "too_many_pixels", "2000 × 1000"),
        (png_header(60_000, 60_000), 413, "too_many_pixels", "pixels"),
        (png_header(64, 64), 422, "damaged_image", ""),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", 415, "unsupported_format", "not an image"),
        (bytes(300_000), 413, "body_too_large", "0.3 MB"),
    ],
)
def test_a_bad_file_is_refused_with_what_was_given_and_what_must_hold(
    client: TestClient, content: bytes, status: int, code: str, given: str
) -> None:
    for reply in (
        client.post("/predict", content=content),
        client.post("/predict", files={"files": ("photo.jpg", content)}),
    ):
        assert (reply.status_code, reply.json()["error"]) == (status, code), reply.text
        assert given in reply.json()["given"]
        assert "must" in reply.json()["must"]
    assert client.post("/predict", content=JPEG).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/model", "/openapi.json", "/predict"])
def test_a_local_service_answers_only_requests_that_name_this_machine(served: ServedModel, path: str) -> None:
    app = create_app(served, local_only=True)
    rebound = TestClient(app, base_url="http://evil.example:8000").get(path)
    assert (rebound.status_code, rebound.json()["error"]) == (403, "wrong_host")
    assert rebound.json()["given"] == "the Host 'evil.example:8000'"
    for host in ("127.0.0.1:8000", "localhost"):
        assert TestClient(app, base_url=f"http://{host}").get(path).status_code in (200, 405)


def test_a_large_file_of_a_form_is_not_written_to_disk(
    served: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise AssertionError("the file is written to disk")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", refused)
    padded = JPEG + bytes(2_000_000)
    reply = TestClient(create_app(served)).post("/predict", files={"files": ("photo.jpg", padded)})
    assert reply.status_code == 200, reply.text


def test_a_body_without_a_length_is_counted_while_it_arrives(
    client: TestClient, limits: ServingLimits
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(50):
            yield bytes(10_000)

    reply = client.post("/predict", content=endless())
    assert (reply.status_code, reply.json()["error"]) == (413, "body_too_large")
    assert f"{limits.upload / 1e6:g} MB" in reply.json()["must"]


def test_forms_are_bounded_and_must_have_files(client: TestClient, limits: ServingLimits) -> None:
    many = [("files", (f"{number}.jpg", JPEG)) for number in range(limits.files + 1)]
    assert client.post("/predict", files=many).json()["error"] == "too_many_files"
    textual = client.post("/predict", files={"files": (None, "no file")})
    assert (textual.status_code, textual.json()["error"]) == (422, "no_image")
    kind = {"Content-Type": "multipart/form-data"}
    damaged = client.post("/predict", content=b"no form", headers=kind)
    assert (damaged.status_code, damaged.json()["error"]) == (400, "damaged_form")


def test_a_form_that_only_a_plugin_of_pillow_reads_is_named(client: TestClient) -> None:
    reply = client.post("/predict", files={"files": ("scan.dcm", JPEG)})
    assert (reply.status_code, reply.json()["error"]) == (415, "unsupported_format")
    assert "pydicom" in reply.json()["given"]


def test_wrong_addresses_and_methods_are_answered_in_the_same_form(client: TestClient) -> None:
    wrong = client.get("/predict")
    assert (wrong.status_code, wrong.json()["error"], wrong.headers["allow"]) == (405, "wrong_method", "POST")
    assert client.get("/predictions").json()["error"] == "unknown_address"
    for query in ("?top=0", "?top=many"):
        reply = client.post(f"/predict{query}", content=JPEG)
        assert (reply.status_code, reply.json()["error"]) == (422, "invalid_query")


def test_too_much_at_once_is_refused_for_a_while(served: ServedModel) -> None:
    client = TestClient(create_app(served, ServingLimits(requests=0)))
    reply = client.post("/predict", content=JPEG)
    assert (reply.status_code, reply.json()["error"]) == (503, "busy")
    assert reply.headers["retry-after"] == "1"


@pytest.mark.parametrize("text", ["much", "0", "-1MB"])
def test_a_limit_must_be_a_size(text: str) -> None:
    with pytest.raises(ServingError, match="max_upload must be"):
        upload_size(text)
