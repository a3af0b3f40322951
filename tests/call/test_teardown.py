"""A call is gone two seconds after its end, whatever hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from phoneagent.call.call import Call, Lines, Surroundings
from phoneagent.call.equipped import EquippedAgent
from phoneagent.call.scope import TEARDOWN, Scope
from phoneagent.call.speech_cache import SpeechCache
from phoneagent.call.transfers import Transfers
from phoneagent.conversation.events import TimerFired
from phoneagent.conversation.policy import Phrasing
from phoneagent.errors import MisuseError, ProviderError, StoreError
from phoneagent.private import Private
from phoneagent.providers.llm.scripted import ScriptedMind
from phoneagent.records import Agent, CallRecord, Clip, Dialogue, Intent, StreamMessage, StreamStopped
from phoneagent.store.memory import MemoryStore
from phoneagent.telephony.twilio.twiml import TwilioDocuments
from phoneagent.toolbox import PythonTools

DIALOGUE = Dialogue(intents=(Intent("hours", ("when are you open",), "At nine."),))
RECORD = CallRecord("CA" + "1" * 32, "desk", "inbound", Private("+15005550100"), Private("+15005550006"))


class Stubborn:
    """Ears, voice and tools that do nothing, and cannot be told to stop."""

    turn_events = True
    identity = "stubborn"

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def connect(self, *, call: str, language: str = "en") -> Stubborn:
        return self

    def send(self, audio: bytes) -> None: ...

    def expect(self, expectation: object) -> None: ...

    def speak(self, reply: int, text: str) -> None: ...

    def cancel(self, reply: int) -> None: ...

    async def __aiter__(self) -> AsyncIterator[object]:
        await self._hang()
        yield object()

    async def finish(self) -> None:
        await self._hang()

    async def aclose(self) -> None:
        await self._hang()

    async def _hang(self) -> None:
        while not self.free.is_set():
            try:
                await self.free.wait()
            except asyncio.CancelledError:
                continue  # this is what it is here for


class StubbornStore(MemoryStore):
    """A store whose every answer is an error."""

    async def take_lease(self, call: str, owner: str, *, seconds: float, force: bool = False) -> int:
        raise StoreError("away")


class Line:
    """A media stream that ends when it is told to."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.sent = 0

    async def listen(self, take: Callable[[StreamMessage], None]) -> None:
        await self.over.wait()
        take(StreamStopped())

    def send_audio(self, audio: bytes) -> None:
        self.sent += len(audio)

    def send_mark(self, name: str) -> None: ...

    def clear(self) -> None: ...

    async def aclose(self, reason: str = "", *, violation: bool = False) -> None:
        self.over.set()


class Nobody:
    def tell(self, call: str, at: float, name: str, values: object) -> None: ...


def make_call(stubborn: Stubborn, line: Line, store: MemoryStore) -> Call:
    agent = Agent("desk", Phrasing(greeting="Hello."), dialogue=DIALOGUE)
    equipped = EquippedAgent(agent, stubborn, ScriptedMind(DIALOGUE), stubborn, PythonTools(()))  # type: ignore[arg-type]  # by shape
    cache = SpeechCache()
    cache.put("stubborn", "Hello.", Clip(b"\x7f\x00" * 4000))
    documents = TwilioDocuments("https://voice.example.com")
    transfers = Transfers(store, documents, None, Nobody())
    around = Surroundings(store, documents, None, Nobody(), cache, "test", transfers)
    connected: asyncio.Future[Stubborn] = asyncio.get_running_loop().create_future()
    connected.set_result(stubborn)
    return Call(RECORD, equipped, line, Lines(connected, connected), around)  # type: ignore[arg-type]  # by shape


@pytest.mark.parametrize("store", [MemoryStore, StubbornStore])
async def test_a_call_ends_within_two_seconds_though_everything_hangs(store):
    loop, stubborn, line, kept = asyncio.get_running_loop(), Stubborn(), Line(), store()
    await kept.create_call(RECORD)
    call = make_call(stubborn, line, kept)
    running = asyncio.create_task(call.run())
    await asyncio.sleep(1.5)
    assert line.sent == 8000, "the cached greeting was spoken without any voice"
    ended = loop.time()
    line.over.set()
    await running
    assert loop.time() - ended < 2.0
    assert call.ended_reason == "caller"
    stubborn.free.set()
    await asyncio.sleep(0)


async def test_a_scope_ends_its_tasks_and_names_those_that_hang(capsys):
    free = asyncio.Event()

    async def hang() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    began = asyncio.get_running_loop().time()
    async with Scope() as scope:
        scope.start(hang(), "the one that hangs")
        scope.start(asyncio.sleep(100), "a good one")
        await asyncio.sleep(0)
    assert asyncio.get_running_loop().time() - began == pytest.approx(TEARDOWN)
    assert "the one that hangs" in capsys.readouterr().out
    free.set()
    await asyncio.sleep(0)


async def test_a_task_that_fails_ends_its_scope_with_its_error():
    async def fail() -> None:
        raise ProviderError("deepgram", "a defect")

    async def lead() -> None:
        async with Scope() as scope:
            scope.start(fail(), "fails")
            await scope.failed.wait()

    with pytest.raises(ProviderError, match="a defect"):
        await lead()


async def test_a_defect_in_a_timer_ends_the_call_and_keeps_what_was_heard(monkeypatch):
    stubborn, line, kept = Stubborn(), Line(), MemoryStore()
    await kept.create_call(RECORD)
    call = make_call(stubborn, line, kept)
    receive = call._conversation.receive

    def defective(event, *, at):
        if isinstance(event, TimerFired):
            raise MisuseError("a defect")
        return receive(event, at=at)

    monkeypatch.setattr(call._conversation, "receive", defective)
    async with asyncio.timeout(30.0):
        with pytest.raises(MisuseError):
            await call.run()
    stored = await kept.load_call(RECORD.id)
    assert stored is not None
    assert [turn.text for turn in stored.turns] == ["Hello."]
    stubborn.free.set()
    await asyncio.sleep(0)
