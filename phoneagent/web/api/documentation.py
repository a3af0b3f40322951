"""`/openapi.json` and `/docs`: what the interface is, for programs and for people.

They tell of no call and no agent, and need no key: a browser could not show one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from .bodies import JSON
from .resource import Resource

# Nothing is loaded from anywhere, and nothing runs.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Documentation:
    """Endpoints. Made when somebody asks for the first time, in a thread: calls are going on meanwhile."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._resources = [route for route in routes if isinstance(route, Resource)]
        self._made: asyncio.Future[tuple[str, str]] | None = None

    async def openapi(self, _: Request) -> Response:
        """The document."""
        document, _page = await self._both()
        return Response(document, media_type=JSON)

    async def docs(self, _: Request) -> Response:
        """The same as a page that needs no scripts and no other server."""
        _document, page = await self._both()
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def _both(self) -> tuple[str, str]:
        if self._made is None:
            self._made = asyncio.ensure_future(asyncio.to_thread(_make, self._resources))
        return await asyncio.shield(self._made)


def _make(resources: list[Resource]) -> tuple[str, str]:
    from .docs_page import docs_page
    from .openapi import document

    made = document(resources)
    return made, docs_page(made)
