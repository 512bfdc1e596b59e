"""Answer requests for predictions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Annotated

import numpy as np
from fastapi import Query
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request

from autotl.data import usable_cores
from autotl.results import ImageModel, ViewedImages
from autotl.serving.application.answers import checked_top, failed, predicted
from autotl.serving.application.schemas import ANSWERS, FileAnswer
from autotl.serving.batches import BatchWorker
from autotl.serving.decoding import Decoded, Decoder
from autotl.serving.limits import ServingLimits
from autotl.serving.refusal import busy
from autotl.serving.uploads import Upload, read_body, uploads_of

MAX_DECODERS = 4
"""Most images that are decoded at once, which bounds their memory."""
Top = Annotated[
    int | None, Query(ge=1, description="Classes or labels that are listed; 5 by default, none for numbers.")
]


class Service:
    """Decodes images in a few threads, and predicts them in one."""

    def __init__(self, model: ImageModel, limits: ServingLimits) -> None:
        self._model, self._limits = model, limits
        self._decoder = Decoder(model, limits)
        self._threads = ThreadPoolExecutor(min(usable_cores(), MAX_DECODERS), "autotl-decoding")
        self._worker = BatchWorker(self._outputs, limits)
        self._answers = ANSWERS[model.target.spec.kind]
        self._requests = 0

    async def predict(self, request: Request, top: Top = None) -> BaseModel:
        """Predict one image or several.

        Several images have a prediction or an error each. If no image can be predicted, the request is
        refused with the reason for the first one.
        """
        with self._admitted():
            count = checked_top(self._model, top)
            body = await read_body(request, self._limits)
            uploads = await uploads_of(request, body, self._limits)
            return self._answers(predictions=await self._answer(uploads, count))

    def close(self) -> None:
        """Answer all that waits, and end the threads."""
        self._threads.shutdown()
        self._worker.close()

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        """Count a request while it is answered; refuse it if there are too many."""
        if self._requests >= self._limits.requests:
            raise busy(f"{self._requests} requests at once")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def _answer(self, uploads: Sequence[Upload], top: int) -> list[FileAnswer]:
        loop, decode = asyncio.get_running_loop(), self._decoder.decode
        decoded = await asyncio.gather(
            *(loop.run_in_executor(self._threads, decode, each) for each in uploads)
        )
        sound = [each for each in decoded if each.refusal is None]
        if not sound and decoded[0].refusal is not None:
            raise decoded[0].refusal
        rows = iter(await self._predictions(sound))
        return [
            failed(self._model, each) if each.refusal else predicted(self._model, each, next(rows), top=top)
            for each in decoded
        ]

    async def _predictions(self, decoded: Sequence[Decoded]) -> NDArray[np.float64]:
        images = [np.stack(view) for view in zip(*(each.views for each in decoded), strict=True)]
        waiting = self._worker.submit(images)
        if waiting is None:
            raise busy(f"more than {self._limits.waiting} images that wait")
        return await asyncio.wrap_future(waiting)

    def _outputs(self, images: ViewedImages) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self._model.target.predict(self._model.outputs_of_views(images))
        return found
