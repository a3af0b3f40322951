"""`[mcp.NAME]`: a server with tools, by the Model Context Protocol."""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from phoneagent.records import McpServer

from .kinds import Seconds
from .tool_table import checked_headers


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"expected the URL of an MCP server (https://tools.example.com/mcp), got {text!r}")
    if parts.username or parts.password or "${" in text:
        raise ValueError("expected no secret in a URL, which servers write into their logs: put it into headers")
    return text


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0]:
        raise ValueError('expected a program and its arguments (["uvx", "some-mcp-server"])')
    return words


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,32}", text):
        raise ValueError(f"expected at most 32 letters, digits, - and _, got {text!r}")
    return text


class McpTable(BaseModel):
    """`[mcp.NAME]`: with `url` or with `command`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_url)] | None = None
    command: Annotated[tuple[str, ...], AfterValidator(_command)] | None = None
    headers: Annotated[dict[str, str], AfterValidator(checked_headers)] = {}
    environment: dict[str, str] = {}
    tools: tuple[str, ...] = ()
    safe: tuple[str, ...] | None = None
    timeout: Seconds = McpServer().timeout
    prefix: Annotated[str, AfterValidator(_prefix)] = ""

    @model_validator(mode="after")
    def one_way(self) -> Self:
        """There is one way to reach it, and what is said belongs to that."""
        if (self.url is None) == (self.command is None):
            raise ValueError("expected either url or command")
        if self.url is None and self.headers:
            raise ValueError("expected headers with url only; a command has an environment")
        if self.command is None and self.environment:
            raise ValueError("expected environment with command only; a url has headers")
        if self.tools and (strange := sorted(set(self.safe or ()) - set(self.tools))):
            raise ValueError(f"expected the names in safe to be among tools, got {strange[0]!r}")
        return self

    def server(self) -> McpServer:
        """The record."""
        return McpServer(
            self.url or "",
            self.command or (),
            self.headers,
            self.environment,
            self.tools,
            self.safe,
            self.timeout,
            self.prefix,
        )
