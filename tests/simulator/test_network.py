"""Delays keep the order, and public names lead to loopback."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.simulator.network import Line, Network


async def test_a_line_is_late_by_its_delay_and_never_reorders():
    loop = asyncio.get_running_loop()
    arrived: list[tuple[int, float]] = []
    line: Line[int] = Line(lambda item: arrived.append((item, loop.time())), delay=0.1, jitter=0.05)
    sent = []
    for number in range(200):
        sent.append(loop.time())
        line.put(number)
        await asyncio.sleep(0.003)
    await asyncio.sleep(1)
    assert [number for number, _ in arrived] == list(range(200))
    late = [at - sent[number] for number, at in arrived]
    assert min(late) >= 0.1 - 1e-9
    assert max(late) <= 0.15 + 1e-9
    assert max(late) - min(late) > 0.02


async def test_without_delay_it_is_a_call():
    arrived: list[int] = []
    Line(arrived.append, delay=0, jitter=0).put(1)
    assert arrived == [1]


async def test_what_is_under_way_is_lost_when_the_line_is_cut():
    arrived: list[int] = []
    line: Line[int] = Line(arrived.append, delay=0.1, jitter=0)
    line.put(1)
    line.cut()
    await asyncio.sleep(1)
    assert arrived == []


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://voice.example.net/voice?agent=a", "http://127.0.0.1:8080/voice?agent=a"),
        ("wss://voice.example.net/media", "ws://127.0.0.1:8080/media"),
        ("https://other.example.net/voice", "https://other.example.net/voice"),
        ("http://voice.example.net/voice", "http://voice.example.net/voice"),
    ],
)
def test_routes(url, there):
    assert Network(routes={"https://voice.example.net": "http://127.0.0.1:8080"}).locate(url) == there
