"""The application: predictions, facts, and pages that fetch nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from autotl.serving.application.documentation import documentation
from autotl.serving.application.local_only import LocalOnly
from autotl.serving.application.page import page, page_headers
from autotl.serving.application.schemas import ANSWERS, Health, ModelFacts, Problem, Score
from autotl.serving.application.service import Service
from autotl.serving.limits import ServingLimits
from autotl.serving.model import ServedModel
from autotl.serving.refusal import Refusal, shown

DESCRIPTION = "Predictions of a model that autotl trained. There is no authentication."
_BINARY = {"type": "string", "format": "binary"}
_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Image files in a form, or one image as the whole body.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "array", "items": _BINARY}},
                }
            },
            "image/*": {"schema": _BINARY},
        },
    }
}
_REFUSALS: Mapping[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The form is damaged."},
    408: {"model": Problem, "description": "The body arrives too slowly."},
    413: {"model": Problem, "description": "The body is too large, or an image has too many pixels."},
    415: {"model": Problem, "description": "The file is no image of a known format."},
    422: {"model": Problem, "description": "The image is damaged, there is none, or the query is invalid."},
    503: {"model": Problem, "description": "Too much waits; Retry-After has the seconds."},
}


def create_app(
    served: ServedModel, limits: ServingLimits | None = None, *, local_only: bool = False
) -> FastAPI:
    """Return the application of a model, for uvicorn or another ASGI server.

    >>> app = create_app(served_result(autotl.load("run")))

    Args:
        served: The model.
        limits: The bounds of requests; None for the defaults.
        local_only: Whether requests must name this machine. Pages of other sites can then not read the
            answers (DNS rebinding).
    """
    limits = limits or ServingLimits()
    service = Service(served.predictor, limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title=f"autotl: {shown(served.name)}",
        description=DESCRIPTION,
        version=version("autotl"),
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    _add_addresses(app, served, service, limits)
    _add_reasons(app)
    if local_only:
        app.add_middleware(LocalOnly)
    return app


def _add_addresses(app: FastAPI, served: ServedModel, service: Service, limits: ServingLimits) -> None:
    facts = model_facts(served, limits)

    def health() -> Health:
        """Report that the service answers."""
        return Health()

    def model() -> ModelFacts:
        """Return the classes, the image size and the test score of the model."""
        return facts

    def home() -> Response:
        return HTMLResponse(page(facts), headers=page_headers())

    def docs() -> Response:
        return HTMLResponse(documentation(app.openapi()), headers=page_headers())

    app.add_api_route(
        "/predict",
        service.predict,
        methods=["POST"],
        response_model=ANSWERS[served.predictor.target.spec.kind],
        responses={**_REFUSALS},
        openapi_extra={**_BODY},
    )
    app.add_api_route("/health", health, methods=["GET"], response_model=Health)
    app.add_api_route("/model", model, methods=["GET"], response_model=ModelFacts)
    app.add_api_route("/", home, methods=["GET"], include_in_schema=False)
    app.add_api_route("/docs", docs, methods=["GET"], include_in_schema=False)


def model_facts(served: ServedModel, limits: ServingLimits) -> ModelFacts:
    """Return the facts of a model and of its service."""
    predictor, score = served.predictor, served.score
    return ModelFacts(
        name=shown(served.name),
        target=predictor.target.spec.kind,
        classes=[shown(name) for name in predictor.target.spec.names],
        input_sizes=sorted({each.config.input_size for each in served.members}),
        networks=len(served.members),
        score=None
        if score is None
        else Score(metric=score.metric, value=score.value, ci95=score.ci95, images=score.images),
        max_upload_bytes=limits.upload,
        max_files=limits.files,
        max_pixels=limits.pixels,
        autotl=version("autotl"),
    )


def _add_reasons(app: FastAPI) -> None:
    """Answer all errors with the same document."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return JSONResponse(Problem.of(refusal).model_dump(), refusal.status, dict(refusal.headers))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        given = f"{request.method} {shown(request.url.path)}"
        must = "the address must be one of POST predict, GET model, health, docs, openapi.json and /"
        code = {404: "unknown_address", 405: "wrong_method"}.get(error.status_code, "refused")
        problem = Problem(error=code, given=given, must=must)
        return JSONResponse(problem.model_dump(), error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        given = f"the query {shown(request.url.query)!r}"
        must = "top must be a whole number of at least 1"
        return JSONResponse(Problem(error="invalid_query", given=given, must=must).model_dump(), 422)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        problem = Problem(
            error="failure",
            given=type(error).__name__,
            must="the network must answer; the log of the service has the error",
        )
        return JSONResponse(problem.model_dump(), 500)
