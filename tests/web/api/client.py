"""A client of the REST interface, with real requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from phoneagent.rehearsal import API_KEY

KEY = {"Authorization": f"Bearer {API_KEY}"}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> Any:
        """The body, which must be a problem that has all it must have."""
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = self.json
        assert problem.keys() - {"errors"} == {"type", "title", "status", "detail"}
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return problem

    @property
    def misfits(self) -> dict[str, str]:
        """What is wrong with which field."""
        assert self.status == 422
        return {error["field"]: error["detail"] for error in self.problem["errors"]}


class Client:
    # Of the server, where a test looks behind it: what writes its events, its switchboard, and the bare book.
    told: Any = None
    board: Any = None
    book: Any = None

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] = KEY, raw: bytes | None = None
    ) -> Answer:
        """`raw` is sent as JSON whatever it is."""
        headers = dict(headers)
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            headers.setdefault("Content-Type", "application/json")
        url = URL(self.url + path, encoded=True)
        async with self.session.request(method, url, data=raw, headers=headers, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.text())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.ask("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.ask("POST", path, body, **options)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, url)
