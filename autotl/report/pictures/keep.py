"""Keep thumbnails in the run folder: a page needs no originals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from autotl.api import Dataset
from autotl.clock import Deadline
from autotl.data import usable_cores, without_pillow_warnings
from autotl.files import raising_disk_full, raising_write_error
from autotl.report.pictures.embed import FILE, FOLDER
from autotl.report.pictures.thumbnail import webp_thumbnail

ENDING = ".webp"
MAX_THREADS = 8


def keep_thumbnails(dataset: Dataset, items: Sequence[str], folder: Path, *, end: Deadline) -> dict[str, str]:
    """Write thumbnails, and delete the thumbnails of an earlier report.

    An image that cannot be read has none, and neither have the images that remain when the time is up.

    Args:
        dataset: The images.
        items: Names of images, the most important first.
        folder: The run folder.
        end: When to stop.

    Returns:
        The file name in ``pictures`` by image name.

    Raises:
        DiskFull: There is not enough space.
        RunError: The folder cannot be written.
    """
    rows = dict(zip(reversed(dataset.table["item"].tolist()), reversed(range(len(dataset))), strict=True))
    known = [(item, dataset.openers[rows[item]]) for item in items if item in rows]
    made = _made([opener for _, opener in known], end)
    contents = {item: content for (item, _), content in zip(known, made, strict=True) if content}
    files = {item: _file_name(content) for item, content in contents.items()}
    _write(folder / FOLDER, {files[item]: content for item, content in contents.items()})
    return files


def _made(openers: Sequence[Callable[[], Image.Image]], end: Deadline) -> list[bytes]:
    """Return a thumbnail of each image; empty if it cannot be made."""

    def make(opener: Callable[[], Image.Image]) -> bytes:
        if end.passed():
            return b""
        try:
            return webp_thumbnail(opener())
        except Exception:  # a plugin's opener may raise anything; the page shows the name alone
            return b""

    pool = ThreadPoolExecutor(max_workers=min(usable_cores(), MAX_THREADS))
    try:
        with without_pillow_warnings():
            return list(pool.map(make, openers))
    finally:
        pool.shutdown(cancel_futures=True)


def _file_name(content: bytes) -> str:
    """Return a name by content: names of images may hold anything, and equal thumbnails share a file."""
    return hashlib.blake2b(content, digest_size=8).hexdigest() + ENDING


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    # files.write_bytes waits for the disk, which takes seconds for a hundred files. A page shows the name of
    # an image with a damaged thumbnail.
    with raising_write_error(folder), raising_disk_full(folder, sum(map(len, contents.values()))):
        if folder.is_symlink():  # files of another folder would be deleted
            folder.unlink()
        if contents:
            folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        for old in folder.glob(f"*{ENDING}"):
            if FILE.fullmatch(old.name) and old.name not in contents:
                old.unlink()
