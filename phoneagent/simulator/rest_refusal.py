"""An error answer of the REST API."""

from __future__ import annotations


class Refused(Exception):
    """An error answer: HTTP status, Twilio's code and text."""

    def __init__(self, status: int, code: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.code = code
        self.problem = problem
