"""`[[tools]]`: what a model may do, by Python functions or by a request to another system."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from phoneagent.conversation.running_tools import NO_MESSAGES, SlowMessage, ToolMessages
from phoneagent.json_schemas import slow_pattern
from phoneagent.providers.llm.function_tools import untellable
from phoneagent.records import HttpRequest, ToolSpec
from phoneagent.toolbox import find_function, find_marked, tool_spec
from phoneagent.toolbox.template import names_in

from .kinds import Seconds, Template
from .problems import NAME, Misfits, Problem
from .toml_lines import Loc
from .variables_table import request_problems

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HTTP = HttpRequest("GET", "")
_HTTP_ONLY = (
    "method", "query", "headers", "body", "parameters", "optional", "schema", "result", "hosts", "private", "largest",
    "idempotent",
)  # fmt: skip


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"expected a URL (https://api.example.com/orders/{{number}}), got {text!r}")
    if parts.username or parts.password or "${" in text:
        raise ValueError("expected no secret in a URL, which servers write into their logs: put it into headers")
    return text


def _path_expression(text: str) -> str:
    import jmespath

    try:
        jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"expected a JMESPath expression (order.{{status: state}}), got {text!r}") from error
    return text


def checked_headers(headers: dict[str, str]) -> dict[str, str]:
    """Headers that HTTP allows. Raises `ValueError`."""
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise ValueError(f"expected the name of a header, got {name!r}")
        if not value.isprintable():
            raise ValueError(f"expected one line of text for the header {name}")
    return headers


class _SlowTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Seconds
    say: Template


class _MessagesTable(BaseModel):
    """`[tools.messages]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Template = ""
    slow: tuple[_SlowTable, ...] = ()
    failed: Template = ""

    def messages(self) -> ToolMessages:
        slow = tuple(SlowMessage(table.after, table.say) for table in self.slow)
        return ToolMessages(self.start, slow, self.failed)


class ToolTable(BaseModel):
    """One of `[[tools]]`: with `module`, `function` or `url`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    module: str = ""
    function: str = ""
    name: Annotated[str, Field(pattern=NAME)] | None = None
    description: str = ""
    safe: bool | None = None
    timeout: Seconds | None = None
    reads_keypad: bool | None = None
    messages: _MessagesTable | None = None

    url: Annotated[str, AfterValidator(_http_url)] | None = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: dict[str, str | int | float | bool] = {}
    headers: Annotated[dict[str, str], AfterValidator(checked_headers)] = {}
    body: dict[str, Any] | None = None
    parameters: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], str | dict[str, Any]] = {}
    optional: tuple[str, ...] = ()
    json_schema: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    result: Annotated[str, AfterValidator(_path_expression)] | None = None
    hosts: tuple[str, ...] = ()
    private: bool = False
    largest: Annotated[int, Field(ge=1_000, le=10_000_000)] = _HTTP.largest
    idempotent: bool = False

    def specs(self, loc: Loc) -> tuple[ToolSpec, ...]:
        """The records: one, or those of all marked functions of a module. Raises `Misfits`."""
        if problems := list(self._misfits(loc)):
            raise Misfits(problems)
        key = "url" if self.url is not None else "module" if self.module else "function"
        try:
            specs = tuple(self._specs())
        except (LookupError, TypeError) as error:
            raise Misfits([Problem((*loc, key), str(error.args[0]))]) from error
        place = (*loc, "name" if self.name else key)
        if problems := [Problem(place, problem) for spec in specs if (problem := untellable(spec))]:
            raise Misfits(problems)
        return specs

    def _specs(self) -> Iterator[ToolSpec]:
        if self.url is not None:
            yield self._http()
        elif self.module:
            yield from (tool_spec(function, reference=name) for name, function in find_marked(self.module).items())
        else:
            yield self._function()

    def request_problems(self, loc: Loc, variables: Collection[str]) -> Iterator[Problem]:
        """Names in braces in the request that nothing will ever stand for."""
        from phoneagent.toolbox.reserved import parameters_in

        schema = self._schema()
        if self.url is None or "$ref" in schema or "patternProperties" in schema:  # then any name may be a parameter
            return
        parts = {"url": self.url, "query": self.query, "headers": self.headers, "body": self.body}
        names = (((*loc, part), name) for part, text in parts.items() for name in dict.fromkeys(names_in(text)))
        yield from request_problems(names, parameters_in(schema), variables)

    def _function(self) -> ToolSpec:
        spec = tool_spec(
            find_function(self.function),
            name=self.name or "",
            description=self.description,
            safe=self.safe,
            timeout=self.timeout,
            reference=self.function,
            reads_keypad=self.reads_keypad,
        )
        return spec if self.messages is None else replace(spec, messages=self.messages.messages())

    def _http(self) -> ToolSpec:
        request = HttpRequest(
            self.method,
            self.url or "",
            self.query,
            self.headers,
            self.body,
            self.result or "",
            self.hosts,
            self.private,
            self.largest,
            self.idempotent,
        )
        safe = self.method == "GET" if self.safe is None else self.safe
        return ToolSpec(
            self.name or "",
            self.description,
            self._schema(),
            safe,
            self.timeout or 10.0,
            reads_keypad=bool(self.reads_keypad),
            http=request,
            messages=NO_MESSAGES if self.messages is None else self.messages.messages(),
        )

    def _schema(self) -> Mapping[str, Any]:
        if self.json_schema is not None:
            return self.json_schema
        return {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": about} if isinstance(about, str) else about
                for name, about in self.parameters.items()
            },
            "required": [name for name in self.parameters if name not in self.optional],
            "additionalProperties": False,
        }

    def _misfits(self, loc: Loc) -> Iterator[Problem]:
        if self.module:
            yield from (
                Problem((*loc, key), "expected nothing beside module: what its functions are marked with counts")
                for key in sorted(self.model_fields_set - {"module"})
            )
            return
        if self.url is None:
            if not self.function:
                yield Problem(loc, "expected function (module:function), module or url")
            given = {"schema" if name == "json_schema" else name for name in self.model_fields_set}
            yield from (
                Problem((*loc, key), "expected url too: only a request has it") for key in _HTTP_ONLY if key in given
            )
            return
        if self.function:
            yield Problem((*loc, "function"), "expected either function or url, got both")
        for key in ("name", "description"):
            if not getattr(self, key):
                yield Problem((*loc, key), "expected, but missing: the model has nothing else to know the tool by")
        if self.url.startswith("http:") and not self.private:
            yield Problem((*loc, "url"), "expected https, or private = true for a server of your own network")
        if "{" in (urlsplit(self.url).netloc) and not self.hosts:
            yield Problem(
                (*loc, "hosts"), "expected the hosts that the url may lead to, because it has a variable there"
            )
        if self.method == "GET" and self.body is not None:
            yield Problem((*loc, "body"), "expected no body with GET; put it into query")
        if self.json_schema is not None and self.parameters:
            yield Problem((*loc, "parameters"), "expected either parameters or schema, got both")
        for name in self.optional:
            if name not in self.parameters:
                yield Problem((*loc, "optional"), f"expected one of the parameters, got {name!r}")
        yield from self._schema_misfits(loc)

    def _schema_misfits(self, loc: Loc) -> Iterator[Problem]:
        from phoneagent.toolbox.reserved import expected, reserved_in
        from phoneagent.toolbox.schema import argument_check

        schema = self._schema()
        place = (*loc, "parameters" if self.json_schema is None else "schema")
        try:
            argument_check(self.name or "", schema)
        except ValueError as error:
            yield Problem(place, str(error))
            return
        if (slow := slow_pattern(schema)) is not None:
            yield Problem((*place, *slow.path) if self.json_schema is not None else place, slow.text)
        if schema.get("type") != "object":
            yield Problem(place, 'expected a JSON schema with type = "object": a model passes arguments by name')
        if names := reserved_in(schema):
            yield Problem((*place, names[0]) if self.json_schema is None else place, expected(names))
        path = set(names_in(urlsplit(self.url or "").path))
        if unsure := sorted(path & set(self.optional)):
            yield Problem((*loc, "optional"), f"expected {unsure[0]!r} always: it is part of the url's path")
