"""What schemathesis is told: which calls there are. It is run as a program of its own, which reads this file."""

from __future__ import annotations

import os
from typing import Any

import schemathesis

OVER = os.environ["CALLS_OVER"].split(",")
LASTING = os.environ["CALL_THAT_LASTS"]
DEAD = os.environ["DEAD_LETTERS"].split(",")

WOULD_END_IT = ("hangup", "transfer", "dtmf")
WITHOUT_END = "events"  # while the call lasts


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any] | None) -> Any:
    """Three in four questions are about a call that is there: guessed ids find none."""
    if path_parameters and "call" in path_parameters and context.operation is not None:
        known = list(OVER)
        if context.operation.path.rpartition("/")[2] not in (*WOULD_END_IT, WITHOUT_END):
            known.append(LASTING)
        drawn = sum(map(ord, str(path_parameters["call"]))) % (len(known) + 1)
        if drawn < len(known):
            path_parameters["call"] = known[drawn]
    if path_parameters and "message" in path_parameters:
        drawn = sum(map(ord, str(path_parameters["message"])))
        if drawn % 2:
            path_parameters["message"] = DEAD[drawn // 2 % len(DEAD)]
    return path_parameters
