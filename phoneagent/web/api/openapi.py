"""The OpenAPI 3.1 document, from the route table and the models that requests and answers go through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal

from openapi_pydantic import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .allowance import LIMIT, POLICY, RETRY_AFTER
from .bodies import JSON, Body
from .events import EVENT_ID
from .orders import LONGEST_KEY
from .problems import MEDIA_TYPE, ProblemDetails
from .resource import IDEMPOTENCY_KEY, LAST_EVENT_ID, RANGE, Medium, Operation, Resource

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Model = tuple[type[BaseModel], Mode]

PREFIX = "/v1"

PATH_PARAMETERS = {
    "call": "the id of a call: ours (PC…), or the carrier's (CA…)",
    "message": "the id of a message to a webhook (msg_…)",
}
"""What stands for a part of a path, by its name there."""

HEADERS: Mapping[str, Json] = {
    IDEMPOTENCY_KEY: {
        "description": "A request that is repeated with the same key gets the same call, and nobody is called twice",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_KEY,
            "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        },
    },
    RANGE: {
        "description": "A part of it, such as bytes=0-99999; anything else is all of it",
        "schema": {"type": "string"},
    },
    LAST_EVENT_ID: {
        "description": "The id of the last event that was received: the stream goes on after it",
        "schema": {"type": "string", "pattern": f"^({EVENT_ID.pattern})?$"},
    },
}

EVERYWHERE = (401, 403, 429, 500, 503)  # no key; not with this one; too often; a defect; the store is away
OF_ALL_ANSWERS = {name: {"$ref": f"#/components/headers/{name}"} for name in (POLICY, LIMIT)}
OF_A_BODY = (400, 413, 415, 422)
OF_A_QUERY = (422,)

DESCRIPTION = """\
Calls that came in and calls that are placed: read them, follow them, steer them while they last. Errors are problem
details (RFC 9457): `type` names the kind for programs, `detail` says what was expected.
"""


def document(resources: Iterable[Resource]) -> str:
    """As JSON. Takes a fifth of a second with its imports: not on the loop that carries calls.

    Raises `KeyError` for a part of a path or a header that this module has no words for.
    """
    listed = list(resources)
    found = {model: None for one in listed for operation in one.operations.values() for model in _models(operation)}
    references, definitions = models_json_schema(
        [*found, (ProblemDetails, "serialization")], ref_template="#/components/schemas/{model}"
    )
    describe = _Description(references)
    whole = OpenAPI.model_validate(
        {
            "openapi": "3.1.1",
            "info": {"title": "phoneagent", "version": version("phoneagent"), "description": DESCRIPTION},
            "paths": {PREFIX + one.path: describe.path(one) for one in listed},
            "components": {
                "schemas": definitions["$defs"],
                "headers": {
                    POLICY: _header('How much may be asked: `"key";q=600;w=60` is 600 requests in 60 seconds'),
                    LIMIT: _header('What is left of that: `"key";r=599;t=42` is 599 requests in the next 42 seconds'),
                },
                "securitySchemes": {
                    "key": {"type": "http", "scheme": "bearer", "description": "An API key that has the scope"}
                },
            },
            "security": [{"key": []}],
        }
    )
    return whole.model_dump_json(by_alias=True, exclude_none=True, exclude_unset=True)


def _models(operation: Operation) -> Iterator[Model]:
    if operation.body:
        yield operation.body, "validation"
    for answer in operation.answers.values():
        model = answer.model if isinstance(answer, Medium) else answer
        if model is not None:
            yield model, "serialization"


class _Description:
    """Paths and what belongs to them. `references`: to the schemas of models."""

    def __init__(self, references: Mapping[Any, Json]) -> None:
        self._references = references

    def path(self, one: Resource) -> Json:
        operations = {
            method.lower(): self._operation(one, method, operation) for method, operation in one.operations.items()
        }
        return {"parameters": [_in_path(name) for name in one.param_convertors], **operations}

    def _operation(self, one: Resource, method: str, operation: Operation) -> Json:
        told: Json = {
            "summary": operation.summary,
            "security": [{"key": [one.scope_of(method)]}],
            "tags": [one.path.split("/")[1]],
            "parameters": [*_in_query(operation.query), *map(_in_header, operation.headers)],
            "responses": {
                **{str(status): self._answer(status, answer) for status, answer in operation.answers.items()},
                **{str(status): self._problem(status) for status in sorted(_problems(one, operation))},
            },
        }
        if operation.body:
            content = {JSON: {"schema": self._references[operation.body, "validation"]}}
            told["requestBody"] = {"content": content, "required": not operation.body_optional}
        return told

    def _answer(self, status: int, answer: type[BaseModel] | Medium | None) -> Json:
        told: Json = {"description": HTTPStatus(status).phrase, "headers": dict(OF_ALL_ANSWERS)}
        if answer is not None:
            media_type, model = answer if isinstance(answer, Medium) else (JSON, answer)
            schema = {"type": "string"} if model is None else self._references[model, "serialization"]
            told["content"] = {media_type: {"schema": schema}}
        if status == HTTPStatus.CREATED:
            told["headers"]["Location"] = _header("The path of what was made")
        return told

    def _problem(self, status: int) -> Json:
        told: Json = {
            "description": HTTPStatus(status).phrase,
            "headers": dict(OF_ALL_ANSWERS),
            "content": {MEDIA_TYPE: {"schema": self._references[ProblemDetails, "serialization"]}},
        }
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            told["headers"]["WWW-Authenticate"] = _header("Which key is expected")
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            told["headers"][RETRY_AFTER] = _header("Seconds after which it may go well")
        return told


def _problems(one: Resource, operation: Operation) -> set[int]:
    """All error statuses of an operation; who asks for something by its id may ask for what is not there."""
    return {
        *EVERYWHERE,
        *operation.problems,
        *([404] if one.param_convertors else []),
        *(OF_A_BODY if operation.body else ()),
        *(OF_A_QUERY if operation.query else ()),
    }


def _in_path(name: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": PATH_PARAMETERS[name],
        "schema": {"type": "string"},
    }


def _in_query(model: type[Body] | None) -> Iterator[Json]:
    if model is None:
        return
    for name, schema in model.model_json_schema()["properties"].items():
        yield {"name": name, "in": "query", "description": schema.get("description"), "schema": _given(schema)}


def _given(schema: Json) -> Json:
    """Without null, which nothing is in a query, and without the description, which its parameter has."""
    given = {name: value for name, value in schema.items() if name not in ("anyOf", "description", "title")}
    if given.get("default", "") is None:
        del given["default"]
    for arm in schema.get("anyOf", ()):
        if arm != {"type": "null"}:
            given |= arm
    return given


def _in_header(name: str) -> Json:
    return {"name": name, "in": "header", **HEADERS[name]}


def _header(description: str) -> Json:
    return {"description": description, "schema": {"type": "string"}}
