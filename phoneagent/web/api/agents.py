"""Agents as resources."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.switchboard import Switchboard

from .representations import AgentView, answer, page


class Agents:
    """Who may be put on the telephone."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def list(self, _: Request) -> Response:
        """All of them: they are few, and one page has them."""
        agents = [equipped.agent for equipped in self._board.agents.values()]
        return answer(page([AgentView.of(agent, default=agent is agents[0]) for agent in agents]))
