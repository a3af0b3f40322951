"""A provider that keeps failing is left alone, and tried again by one."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from phoneagent.errors import ProviderError
from phoneagent.providers.circuit import (
    ACCOUNT_OPEN_FOR,
    FAILURES,
    OPEN_AT_MOST,
    OPEN_FOR,
    PROBE_WITHIN,
    WINDOW,
    Circuit,
    Circuits,
)
from phoneagent.records import ProviderChoice
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.faults import Fault
from tests.calls.world import agent, world

BUSY = ProviderError("a", "HTTP 503")
WRONG_KEY = ProviderError("a", "HTTP 401", retryable=False, kind="account")
WITHHELD = ProviderError("a", "no", retryable=False, kind="content")


def broken(told=lambda _: None) -> Circuit:
    circuit = Circuit("llm", "a", told=told)
    for _ in range(FAILURES):
        circuit.failed(BUSY)
    return circuit


async def test_it_opens_after_some_failures_and_one_tries_again():
    told = []
    circuit = broken(told=lambda circuit: told.append(circuit.open))
    assert not circuit.admits()
    await asyncio.sleep(OPEN_FOR)
    assert [circuit.admits() for _ in range(3)] == [True, False, False]
    circuit.worked()
    assert [circuit.admits() for _ in range(3)] == [True, True, True]
    assert told == [True, False]


async def test_a_probe_that_fails_doubles_the_time_up_to_a_limit():
    circuit, waited = broken(), OPEN_FOR
    for _ in range(6):
        await asyncio.sleep(waited)
        assert circuit.admits()
        circuit.failed(BUSY)
        waited = min(2 * waited, OPEN_AT_MOST)
        await asyncio.sleep(waited - 0.1)
        assert not circuit.admits()
        await asyncio.sleep(0.1)
        assert circuit.admits()
        circuit.failed(BUSY)
        waited = min(2 * waited, OPEN_AT_MOST)


async def test_a_probe_of_which_nothing_is_heard_is_followed_by_another():
    circuit = broken()
    await asyncio.sleep(OPEN_FOR)
    assert circuit.admits()
    await asyncio.sleep(PROBE_WITHIN)
    assert circuit.admits()


async def test_who_fails_while_it_is_open_changes_nothing():
    circuit = broken()
    await asyncio.sleep(OPEN_FOR - 1)
    circuit.failed(BUSY)  # asked before it opened, or since there is nobody else
    await asyncio.sleep(1)
    assert circuit.admits()


async def test_a_wrong_key_opens_it_at_once():
    circuit = Circuit("tts", "a")
    circuit.failed(WRONG_KEY)
    await asyncio.sleep(ACCOUNT_OPEN_FOR - 1)
    assert not circuit.admits()
    await asyncio.sleep(1)
    assert circuit.admits()


@pytest.mark.parametrize("problem", [BUSY, WITHHELD])
async def test_failures_among_many_that_worked_leave_it_closed(problem):
    circuit = Circuit("stt", "a")
    for _ in range(4 * FAILURES):
        circuit.worked()
        circuit.worked()
        circuit.failed(problem)
    assert circuit.admits()


async def test_old_failures_do_not_count():
    circuit = Circuit("stt", "a")
    for _ in range(4 * FAILURES):
        circuit.failed(BUSY)
        await asyncio.sleep(WINDOW / (FAILURES - 1) + 0.01)
        assert circuit.admits()


async def test_what_a_provider_refuses_to_say_is_not_its_failure():
    circuit = Circuit("llm", "a")
    for _ in range(4 * FAILURES):
        circuit.failed(WITHHELD)
    assert circuit.admits()


async def test_calls_share_the_circuit_of_a_provider():
    circuits = Circuits()
    assert circuits.of("llm", "a") is circuits.of("llm", "a")
    assert circuits.of("llm", "a") is not circuits.of("stt", "a")


async def test_an_open_circuit_and_who_stands_in_are_told_to_metrics():
    made = agent(tts=ProviderChoice("elevenlabs", fallback=(ProviderChoice("espeak"),)))
    async with world(made) as (running, _), httpx.AsyncClient(base_url=running.url) as web:
        assert running.elevenlabs is not None
        running.elevenlabs.faults.add(Fault("refuse", status=401))
        await running.carrier.call(running.voice_url, caller=CallerScript(Say("When are you open?"), Say("Goodbye")))
        metrics = (await web.get("/metrics", headers={"authorization": f"Bearer {API_KEY}"})).text
    assert 'phoneagent_provider_circuit_open{part="tts",provider="elevenlabs"} 1.0' in metrics
    assert 'phoneagent_fallbacks_total{part="tts",provider="espeak"}' in metrics
