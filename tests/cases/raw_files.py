"""Image files that Pillow reads and does not write."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(values: Values, *, bits: int = 16, before: bytes = b"") -> bytes:
    """Write a PNG of values (h, w) or (h, w, channels) that are packed already if they have under 8 bits."""
    height, width = values.shape[:2]
    channels = 1 if values.ndim == 2 else values.shape[2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2" if bits == 16 else ">u1").tobytes() for row in values)
    width = width * 8 // bits if bits < 8 else width
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + ends


def grey_tiff(values: Values, *, white_is_zero: bool = False, sample: int = 1, order: str = "<") -> bytes:
    """Write a TIFF of grey values (h, w); ``sample`` 1 is unsigned, 2 is signed and 3 is float."""
    height, width = values.shape
    bits = 8 * values.dtype.itemsize
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    short, long = 3, 4
    tags = [
        (256, short, width), (257, short, height), (258, short, bits), (259, short, 1),
        (262, short, 0 if white_is_zero else 1), (273, long, 8), (277, short, 1), (278, short, height),
        (279, long, len(data)), (339, short, sample),
    ]  # fmt: skip
    data = data.ljust(len(data) + len(data) % 2, b"\0")
    told = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(data)) + data
    told += struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        told += struct.pack(f"{order}HHI", tag, kind, 1)
        told += struct.pack(f"{order}HH", value, 0) if kind == short else struct.pack(f"{order}I", value)
    return told + struct.pack(f"{order}I", 0)


def pnm(values: Values, *, top: int) -> bytes:
    """Write a PGM or PPM file whose white is ``top``."""
    height, width = values.shape[:2]
    kind = "P5" if values.ndim == 2 else "P6"
    stored = values.astype(">u2" if top > 255 else ">u1").tobytes()
    return f"{kind} {width} {height} {top}\n".encode() + stored


def ramp(top: int, *, side: int = 8) -> Values:
    """Return whole numbers (side, side) from 0 to ``top``."""
    return np.linspace(0, top, side * side).round().astype(np.int64).reshape(side, side)
