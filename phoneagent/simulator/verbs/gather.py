"""`<Gather>`: keys and words of the caller, while they hear something and a little longer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from phoneagent.simulator.call_order import Fetch
from phoneagent.simulator.gathering import Gathering
from phoneagent.simulator.tasks import end
from phoneagent.simulator.twiml import Gather
from phoneagent.simulator.violation import DOCUMENT_AGAINST_SCHEMA

if TYPE_CHECKING:
    from phoneagent.simulator.placed_call import PlacedCall


async def gather(call: PlacedCall, verb: Gather) -> Fetch | None:
    gathering = Gathering(verb, call.equipment.speech.understand)
    call.gathering, call.line.listener = gathering, gathering.hear
    prompts = asyncio.create_task(_prompt(call, verb))
    began = asyncio.create_task(gathering.began())
    try:
        await asyncio.wait({prompts, began}, return_when=asyncio.FIRST_COMPLETED)
        await end(prompts)
        await gathering.ended()
    finally:
        call.gathering = call.line.listener = None
        await end(prompts)
        await end(began)
    result = gathering.result()
    call.note("gathered", result=result)
    if not result and not verb.action_on_empty_result:
        return None
    action = verb.action or call.document_url
    if not action:
        call.report(DOCUMENT_AGAINST_SCHEMA, "<Gather> without action in a document that has no URL")
        return None
    return Fetch(action, verb.method, result or {"Digits": ""})


async def _prompt(call: PlacedCall, verb: Gather) -> None:
    for prompt in verb.prompts:
        await call.carry_out(prompt)
