"""The clock that jumps, and what it must not jump over."""

from __future__ import annotations

import asyncio
import threading

from phoneagent.simulator.fast_forward import FastForwardLoop


def test_closing_the_loop_waits_for_threads_and_lets_no_time_pass():
    released = threading.Event()
    done: list[str] = []
    rung: list[str] = []

    def work():
        released.wait(10)
        done.append("work")

    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(60, rung.append, "alarm")
        loop.run_in_executor(None, work).cancel()  # nobody wants the result, but the thread goes on

    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        runner.run(main())
        threading.Timer(0.05, released.set).start()
    assert (done, rung) == (["work"], [])
