"""Tools that are requests to other systems, as an agent file describes them."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import quote

import httpx
import jmespath
import structlog

from phoneagent.errors import OutboundRefused, SettingsError, ToolError
from phoneagent.outbound import Reach, outbound_client, read_at_most
from phoneagent.plain_text import NotText, decoded, plain
from phoneagent.records import HttpRequest, ToolSpec
from phoneagent.retry_after import retry_after

from .box import Asked
from .reserved import expected, reserved_in, without_reserved
from .schema import argument_check
from .secret_names import SECRET, secrets_in
from .template import Missing, fill_all, fill_text, names_in

log = structlog.stdlib.get_logger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # by RFC 9110, 9.2.2: once more changes nothing more
BODILESS = frozenset({"GET", "HEAD", "DELETE"})
AGAIN = frozenset({429, 502, 503, 504})  # statuses that may be others in a moment
DELAYS = (0.2, 0.8)  # seconds before the second and the third attempt
READ = frozenset({"", "text/plain", "text/markdown", "text/csv"})  # types of what models read as it is
QUOTED = 300  # characters of an answer that says what is wrong


class HttpTool:
    """Implements `Tool`. Attempts share one client; close it.

    A connection that fails and a server that is busy are asked again, up to three times within the tool's time, if the
    request is idempotent: by its method, or by its file, and then with the same `Idempotency-Key`.
    """

    def __init__(self, spec: ToolSpec, secret: Callable[[str], str | None]) -> None:
        """`secret` is asked for what stands for `${NAMES}`. Raises `SettingsError` naming those it does not know."""
        assert spec.http is not None  # noqa: S101 - who makes these looks for it
        self.spec = spec
        self._request: HttpRequest = spec.http
        self._check = argument_check(spec.name, spec.parameters)
        if names := reserved_in(spec.parameters):
            raise SettingsError(f"the tool {spec.name!r}: {expected(names)}")
        self._find = jmespath.compile(self._request.result).search if self._request.result else None
        self._secrets = secrets_in(self._request.headers.values(), secret, f"the tool {spec.name!r}")
        self._tries = len(DELAYS) if self._request.method in IDEMPOTENT or self._request.idempotent else 0
        reach = Reach(self._request.hosts or (httpx.URL(self._request.url).host,), self._request.private)
        self._client = outbound_client(reach, timeout=spec.timeout)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def run(self, arguments: dict[str, Any], asked: Asked) -> Any:
        """See `Tool`. An answer that is JSON comes as it is, or what `result` finds in it; plain text as text."""
        self._check(arguments)
        arguments = without_reserved(arguments, self.spec.name, asked)
        request = self._filled(arguments, {**asked.variables, **arguments})
        attempt = 0
        while True:
            try:
                response, body = await self._send(request)
                problem, wait, tries = "", 0.0, self._tries
                if response.status_code in AGAIN:
                    problem, wait = f"HTTP {response.status_code}", _wait(response)
            except OutboundRefused as refused:
                log.warning("tool_request_refused", tool=self.spec.name, call=asked.call, problem=str(refused))
                raise ToolError(f"{self.spec.name}: {refused}.") from refused
            except httpx.HTTPError as error:
                problem, wait, response, body = _connection_problem(error), 0.0, None, b""
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                tries = len(DELAYS) if unsent else self._tries
            if not problem or attempt >= tries:
                break
            log.info("tool_request_again", tool=self.spec.name, call=asked.call, problem=problem)
            await asyncio.sleep(max(DELAYS[attempt], wait))
            attempt += 1
        if response is None:
            log.warning("tool_request_failed", tool=self.spec.name, call=asked.call, problem=problem)
            raise ToolError(f"{self.spec.name} could not be reached ({problem}).")
        return self._result(response, body, asked)

    def _filled(self, arguments: Mapping[str, Any], values: Mapping[str, Any]) -> httpx.Request:
        what = self._request
        try:
            url = fill_text(what.url, values, quoted=_path_part)
            headers = {
                name: SECRET.sub(lambda found: self._secrets[found[1]], fill_text(text, values, quoted=_header_part))
                for name, text in what.headers.items()
            }
            query = {key: _query_value(value) for key, value in fill_all(what.query, values).items()}
            body = None if what.body is None else fill_all(what.body, values)
        except Missing as missing:
            raise ToolError(f"{self.spec.name}: {missing}.") from missing
        if what.body is None:
            used = {*names_in(what.url), *names_in(what.query), *names_in(what.headers)}
            rest = {name: value for name, value in arguments.items() if name not in used}
            if what.method in BODILESS:
                query |= {name: _query_value(value) for name, value in rest.items() if value is not None}
            else:
                body = rest
        if what.idempotent and what.method not in IDEMPOTENT:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        target = httpx.URL(url)
        if query:
            target = target.copy_merge_params(query)
        return self._client.build_request(what.method, target, headers=headers, json=body)

    async def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        # Only what was read anyway may be asked for elsewhere: a redirect must not repeat a change.
        follow = request.method in ("GET", "HEAD")
        response = await self._client.send(request, stream=True, follow_redirects=follow)
        try:
            return response, await read_at_most(response, self._request.largest)
        finally:
            await response.aclose()

    def _result(self, response: httpx.Response, body: bytes, asked: Asked) -> Any:
        kind, charset = _media_type(response)
        try:
            text = decoded(body, charset).strip()
        except NotText as error:
            log.warning("tool_answer_not_text", tool=self.spec.name, call=asked.call, content_type=kind)
            told = f"HTTP {response.status_code}" if not response.is_success else _expected(kind)
            raise ToolError(f"{self.spec.name}: {told}.") from error
        if not response.is_success:
            raise self._refused(response, text if kind == "text/plain" or _is_json(kind) else "", asked)
        if not text:
            return "Done." if self._find is None else "null"
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            if kind in READ and self._find is None and not text.startswith("<"):
                return text
            log.warning("tool_answer_not_json", tool=self.spec.name, call=asked.call, content_type=kind)
            raise ToolError(f"{self.spec.name}: {_expected(kind)}.") from error
        if self._find is None:
            return text if isinstance(value, dict | list) else value
        try:
            return self._found(value)
        except (jmespath.exceptions.JMESPathError, ValueError, RecursionError) as error:
            log.warning("tool_result_not_found", tool=self.spec.name, call=asked.call, problem=type(error).__name__)
            raise ToolError(f"{self.spec.name}: the answer is not as expected.") from error

    def _found(self, value: Any) -> str:
        assert self._find is not None  # noqa: S101 - who calls this looks for it
        return json.dumps(self._find(value), ensure_ascii=False)

    def _refused(self, response: httpx.Response, said: str, asked: Asked) -> ToolError:
        log.warning("tool_request_failed", tool=self.spec.name, call=asked.call, status=response.status_code)
        where = response.headers.get("location", "")[:QUOTED]
        told = f" (it leads to {where})" if response.is_redirect else f": {said[:QUOTED]}" if said else ""
        return ToolError(f"{self.spec.name}: HTTP {response.status_code}{told}.")


def _media_type(response: httpx.Response) -> tuple[str, str]:
    """The type, and the charset that is said to be the text's; empty where it is not said."""
    message = Message()
    message["content-type"] = plain(response.headers.get("content-type", ""))
    kind = message["content-type"].partition(";")[0].strip().lower()
    charset = message.get_param("charset", "")
    return kind, charset if isinstance(charset, str) else charset[2]


def _expected(kind: str) -> str:
    """What was wrong with an answer of this type."""
    return f"expected JSON, but the answer is {'something else' if _is_json(kind) or not kind else kind}"


def _path_part(text: str) -> str:
    return quote(text, safe="") if text.strip(".") else quote(text, safe="").replace(".", "%2E")


def _header_part(text: str) -> str:
    """No line break, and nothing that would be taken for the name of a secret."""
    return quote(text, safe=" !#&'()*+,-./:;<=>?@[]^_`|~")


def _query_value(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list) else json.dumps(value)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _connection_problem(error: httpx.HTTPError) -> str:
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else type(error).__name__


def _wait(response: httpx.Response) -> float:
    """Seconds that the server asks for; the tool's own time bounds them."""
    return retry_after(response.headers.get("retry-after"), now=time.time()) or 0.0
