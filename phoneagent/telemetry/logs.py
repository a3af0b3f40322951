"""Log lines: events with values, never sentences. `log.info("turn_ended", heard=Private(text), response_latency=0.62)`.

One pipeline for ours (structlog) and everybody else's (the standard library's `logging`: uvicorn, twilio, httpx). JSON
where a machine reads, colours where a person does. Three nets keep private values out of both: `Private` prints itself
as `[private]` at any depth, values under keys that name secrets are blacked out, and so are the secrets we were told
of, wherever in a finished line they stand: in an exception's text or a URL.
"""

from __future__ import annotations

import json as json_text
import logging
import re
import sys
from collections.abc import Collection, Mapping
from typing import Any, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from phoneagent.private import Private

from .few import FewOfStrangers
from .presentable import presentable

# Their INFO lines name accounts, calls and query strings, or come once a connection; a call has two lines of its own.
QUIET = (
    "asyncio",
    "deepgram",
    "elevenlabs",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "openai",
    "python_multipart",
    "redis",
    "twilio",
    "urllib3",
    "uvicorn",
    "websockets",
)

SECRET_KEY = re.compile(r"token|secret|passw|authorization|api_?key|credential|signature|cookie")
WHOLE = frozenset({"exc_info", "stack"})  # tracebacks are long, and ours
SECRET = "[secret]"  # what is printed in place of one
SHORTEST_SECRET = 6  # characters; a shorter one would black out ordinary words, and is none
DEEPEST = 8  # containers within containers; what is deeper is a mistake or a cycle


def configure(
    *,
    json: bool | None = None,
    level: str = "info",
    secrets: Collection[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set up logging for this process; may be called again.

    `json`: None means JSON unless `stream` (standard error by default) is a terminal. `level`: debug, info, warning or
    error. `secrets` are blacked out wherever they would be printed: `Settings.secrets()`.
    """
    stream = sys.stderr if stream is None else stream
    if json is None:
        json = not stream.isatty()
    few = FewOfStrangers()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        black_out_values,
    ]
    renderers: list[Processor] = (
        [
            # Tracebacks as data, without local variables: those are where the callers' words are.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(default=repr, ensure_ascii=False),
        ]
        if json
        else [
            # Not rich's tracebacks, which are structlog's default in a terminal: they show local variables.
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
            )
        ]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            few,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # modules get their loggers before this is called
    )
    handler = _Handler(stream)
    handler.addFilter(few.lets_pass)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers, BlackOut(secrets)],
        )
    )
    _install(handler, level.upper())


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second `configure` finds it, and leaves those of others (pytest's) alone."""


def _install(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if type(old) in {_Handler, logging.StreamHandler}]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        # uvicorn gives its loggers handlers of their own, unless started with log_config=None
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET if name != "uvicorn" else max(logging.WARNING, root.level))


def bind_call(call: str) -> None:
    """Name the call in every line that this task, and the tasks it starts, will log."""
    structlog.contextvars.bind_contextvars(call=call)


class BlackOut:
    """The last processor: takes known secrets out of the finished line, as they are and as JSON and URLs write them."""

    def __init__(self, secrets: Collection[str]) -> None:
        forms = {
            form
            for secret in secrets
            if len(secret) >= SHORTEST_SECRET
            for form in (secret, json_text.dumps(secret)[1:-1], quote(secret, safe=""))
        }
        # Longest first: of a key that begins like another, the end would stay.
        self._pattern = re.compile(
            "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or r"(?!)"
        )

    def __call__(self, _logger: WrappedLogger, _method: str, line: Any) -> str:
        return self._pattern.sub(SECRET, line)


def black_out_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: black out text under keys that name secrets, and `Private` at any depth.

    Numbers stay: `first_token=0.25` and `tokens=120` are no secrets.
    """
    return {
        key: value if key in WHOLE else _clean(value, secret=_names_a_secret(key), depth=0)
        for key, value in event.items()
    }


def _names_a_secret(key: object) -> bool:
    name = key.decode("latin-1") if isinstance(key, bytes) else str(key)
    return SECRET_KEY.search(name.lower().replace("-", "_")) is not None


def _clean(value: Any, *, secret: bool, depth: int) -> Any:
    if isinstance(value, Private):
        return repr(value)
    if isinstance(value, str | bytes | bytearray):
        if secret:
            return SECRET
        return presentable(value) if isinstance(value, str) else value
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if depth == DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            str(key): _clean(inner, secret=secret or _names_a_secret(key), depth=depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str | bytes):
        # a header, perhaps: (b"authorization", b"Bearer ...")
        return [value[0], _clean(value[1], secret=secret or _names_a_secret(value[0]), depth=depth + 1)]
    return [_clean(inner, secret=secret, depth=depth + 1) for inner in value]
