"""Read the images of a request, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect, Request

from autotl.serving.limits import MB, ServingLimits
from autotl.serving.refusal import Refusal, shown

DRAIN_SECONDS = 5.0
"""How long a body that is too large is read and dropped, so that its sender can read the answer."""
MAX_PARTS = 1000
"""Parts of a form after which parsing ends."""
NO_NAME = "image"
EXAMPLE = "curl -F files=@photo.jpg http://127.0.0.1:8000/predict"


@dataclass(frozen=True, slots=True)
class Upload:
    """A sent image file: its name without folders, and its bytes."""

    name: str
    content: bytes


async def read_body(request: Request, limits: ServingLimits) -> bytes:
    """Return the body of a request.

    Bytes are counted while they arrive, because a request may state a wrong length or none.

    Args:
        request: The request.
        limits: Bounds the size and the time.

    Raises:
        Refusal: The body is too large or too slow, or its sender has gone.
    """
    declared = _declared_length(request)
    dropped = declared > limits.upload
    if dropped and "100-continue" in request.headers.get("expect", "").lower():
        raise _too_large(declared, limits)  # the sender waits with its body for leave
    body, total = bytearray(), 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS if dropped else limits.read_seconds) as clock:
            async for chunk in request.stream():
                total += len(chunk)
                if total > limits.upload and not dropped:
                    dropped, body = True, bytearray()
                    clock.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
                if not dropped:
                    body += chunk
    except TimeoutError as error:
        if not dropped:
            must = f"the body must arrive within {limits.read_seconds:g} seconds"
            raise Refusal(408, "too_slow", given=f"{total:,} bytes in that time", must=must) from error
    except ClientDisconnect as error:
        raise Refusal(
            400, "disconnected", given="a part of the body", must="the body must be sent"
        ) from error
    if dropped:
        raise _too_large(max(declared, total), limits)
    return bytes(body)


async def uploads_of(request: Request, body: bytes, limits: ServingLimits) -> list[Upload]:
    """Return the images in a body: a form's files, or itself.

    Args:
        request: The request, whose headers name the form.
        body: Its body.
        limits: Bounds the number of files.

    Raises:
        Refusal: There is no image, there are too many, or the form is damaged.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        if not body:
            raise Refusal(422, "no_image", given="an empty body", must=f"an image must be sent: {EXAMPLE}")
        return [Upload(NO_NAME, body)]
    files = await _files_of_form(request, body)
    if not files:
        given = "a form without files"
        raise Refusal(422, "no_image", given=given, must=f"the form must have a file: {EXAMPLE}")
    if len(files) > limits.files:
        must = f"a request must have at most {limits.files} files; send several requests"
        raise Refusal(413, "too_many_files", given=f"{len(files)} files", must=must)
    return files


async def _files_of_form(request: Request, body: bytes) -> list[Upload]:
    parser = MultiPartParser(request.headers, _once(body), max_files=MAX_PARTS, max_fields=MAX_PARTS)
    parser.spool_max_size = len(body) + 1  # nothing is written to disk
    try:
        form = await parser.parse()
    except Exception as error:  # the parser raises errors of two packages for forms that are damaged
        must = "the body must be a form of multipart/form-data with its boundary in the header"
        raise Refusal(400, "damaged_form", given=shown(str(error)), must=must) from error
    try:
        return [
            Upload(_base_name(part.filename), await part.read())
            for _, part in form.multi_items()
            if isinstance(part, UploadFile)
        ]
    finally:
        await form.close()


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _base_name(name: str | None) -> str:
    """Return a file name without folders."""
    return shown(PurePosixPath((name or "").replace("\\", "/")).name) or NO_NAME


def _declared_length(request: Request) -> int:
    """Return the length that the header states; 0 if it states none."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def _too_large(size: int, limits: ServingLimits) -> Refusal:
    must = f"a body must have at most {limits.upload / MB:g} MB; the service's --max-upload sets the limit"
    return Refusal(413, "body_too_large", given=f"{size / MB:.1f} MB", must=must)
