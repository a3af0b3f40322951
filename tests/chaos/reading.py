"""How long each reader of texts keeps the event loop from others, with texts that slow patterns are slow with."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from tests.linear.readers import READERS, Reader
from tests.linear.texts import SHAPES, text

from .table import Row

STEP = 0.01  # seconds: half a frame of audio, which nobody who talks can notice
BEAT = 0.001  # seconds
TRIES = 3  # the least of them counts: a busy machine is no fault of a reader


async def longest_steps() -> Row:
    """All readers, one after the other."""
    longest, of, slow = 0.0, "", []
    for reader in READERS:
        reader.whole("A first text, 1 of 2.")  # loads and fills what is loaded and filled once
        step, shape = max(
            [(await _at_best(reader, text(shape, min(reader.size, reader.at_once))), shape) for shape in SHAPES]
        )
        if step > longest:
            longest, of = step, f"{reader.name}, {shape}"
        if step > STEP:
            slow.append(f"{reader.name}, {shape}: {1000 * step:.1f} ms")
    measured = f"longest of {len(READERS)} readers {1000 * longest:.1f} ms ({of})"
    return Row("strangers: readers of texts", f"no step of more than {1000 * STEP:g} ms", measured, not slow, slow)


async def _at_best(reader: Reader, given: str) -> float:
    step = await _longest_step(reader, given)
    for _ in range(TRIES - 1):
        if step > STEP:
            step = min(step, await _longest_step(reader, given))
    return step


async def _longest_step(reader: Reader, given: str) -> float:
    """Seconds that nothing else could happen."""
    if reader.thread:
        return await _longest_pause(asyncio.create_task(asyncio.to_thread(reader.whole, given)))
    longest, began = 0.0, time.thread_time()
    for _ in reader.steps(given):
        longest = max(longest, time.thread_time() - began)
        await asyncio.sleep(0)
        began = time.thread_time()
    return max(longest, time.thread_time() - began)


async def _longest_pause(work: asyncio.Task[None]) -> float:
    """The longest time between two beats of the loop until the work is done."""
    loop, longest = asyncio.get_running_loop(), 0.0
    while not work.done():
        began = loop.time()
        await asyncio.sleep(BEAT)
        longest = max(longest, loop.time() - began - BEAT)
    with suppress(Exception):  # refusing is an answer, too
        await work
    return longest
