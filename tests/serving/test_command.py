"""The command starts a service, and says why it cannot."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import autotl
from autotl import cli
from autotl.errors import ServingError
from autotl.serving import check_installed, listen, server
from tests.support.file_bytes import jpeg, png_header


@contextmanager
def service(run: Path, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a service on a free port; yield its address and its process."""
    command = [sys.executable, "-u", "-m", "autotl", "serve", str(run), "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield line.partition(" at ")[2].partition(" ")[0], process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::autotl.errors.PixelScaleWarning")
def test_a_service_under_load_answers_as_predict_and_survives_bad_requests(
    trained: Path, files: list[Path]
) -> None:
    result = autotl.load(trained, device="cpu")
    expected = {path.name: result.predict([path]).iloc[0] for path in files}
    with service(trained) as (address, process), httpx.Client(base_url=address, timeout=60) as client:

        def ask(number: int) -> None:
            path = files[number % len(files)]
            reply = client.post("/predict", files={"files": (path.name, path.read_bytes())})
            found = reply.json()["predictions"][0]
            assert found["label"] == expected[path.name]["label"]
            assert found["probability"] == pytest.approx(expected[path.name]["probability"], abs=1e-5)

        with ThreadPoolExecutor(8) as threads:
            assert len([*threads.map(ask, range(200))]) == 200
        photo = jpeg()
        bad = {
            bytes(100_000_000): 413,
            b"text": 415,
            photo[: len(photo) // 2]: 422,
            png_header(60_000, 60_000): 413,
            b"": 422,
        }
        for content, status in bad.items():
            assert client.post("/predict", content=content).status_code == status
        assert client.get("/predict").status_code == 405
        assert client.get("/nothing").status_code == 404
        ask(0)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_an_address_in_use_is_named(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        words = ["serve", str(trained), "--port", str(port)]
        assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 2
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed()
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(ServingError, match=r"pip install 'autotl\[serve\]'"):
        check_installed()


@pytest.mark.parametrize("host", ["127.0.0.300", "a" * 70 + ".example"])
def test_a_host_that_is_no_address_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ServingError, match="host and port must be a free address"):
        listen(host, 0)


@pytest.mark.parametrize("folder", ["run", "run/model", "copy"])
def test_run_folders_and_model_folders_are_served_without_a_check_of_users(
    folder: str,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(trained / "model", tmp_path / "copy")
    path = {"run": trained, "run/model": trained / "model", "copy": tmp_path / "copy"}[folder]
    started: list[object] = []
    monkeypatch.setattr("autotl.serving.run_server", lambda app, listening: started.append(app))
    words = ["serve", str(path), "--host", "0.0.0.0", "--port", "0", "--max-upload", "1MB"]
    assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 0
    said = capsys.readouterr()
    assert len(started) == 1
    assert "no authentication" in said.err
    assert "http://0.0.0.0:" in said.out
