"""Calls that ring, while the store or the server goes away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from phoneagent.call.call import Surroundings
from phoneagent.call.equipped import EquippedAgent
from phoneagent.call.speech_cache import SpeechCache
from phoneagent.call.switchboard import Switchboard
from phoneagent.call.transfers import Transfers
from phoneagent.conversation.policy import Phrasing
from phoneagent.errors import CarrierError, StoreError
from phoneagent.private import Private
from phoneagent.providers.llm.scripted import ScriptedMind
from phoneagent.records import (
    Agent,
    CallRecord,
    Dialogue,
    Intent,
    SpeechChunk,
    SpeechDone,
    Spoken,
    StoredCall,
    StreamMessage,
    StreamStarted,
)
from phoneagent.store.memory import MemoryStore
from phoneagent.telephony.twilio.twiml import TwilioDocuments
from phoneagent.toolbox import PythonTools

DIALOGUE = Dialogue(intents=(Intent("hours", ("when are you open",), "At nine."),))
RECORD = CallRecord("CA" + "1" * 32, "desk", "inbound", Private("+15005550100"), Private("+15005550006"))


class Provider:
    """Ears and voice; says a tenth of a second for every phrase."""

    turn_events = True
    identity = "provider"

    def __init__(self) -> None:
        self.open: set[Connection] = set()

    async def connect(self, *, call: str, language: str = "en") -> Connection:
        connection = Connection(self)
        self.open.add(connection)
        return connection

    async def aclose(self) -> None: ...


class Connection:
    identity = "provider"

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._spoken: asyncio.Queue[Spoken] = asyncio.Queue()

    def send(self, audio: bytes) -> None: ...

    def expect(self, expectation: object) -> None: ...

    def speak(self, reply: int, text: str) -> None:
        self._spoken.put_nowait(SpeechChunk(reply, b"\x10" * 800, ()))

    def finish(self, reply: int = 0) -> asyncio.Future[None]:
        """A voice's with a reply; ears' without, and awaited."""
        self._spoken.put_nowait(SpeechDone(reply))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def cancel(self, reply: int) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (spoken := await self._spoken.get()) != SpeechDone(0):
            yield spoken

    async def aclose(self) -> None:
        await asyncio.sleep(0.1)  # a closing handshake
        self._provider.open.discard(self)


class Line:
    """A media stream that ends after two seconds."""

    def __init__(self) -> None:
        self.sent = 0

    async def listen(self, take: Callable[[StreamMessage], None]) -> None:
        await asyncio.sleep(2.0)

    def send_audio(self, audio: bytes) -> None:
        self.sent += len(audio)

    def send_mark(self, name: str) -> None: ...

    def clear(self) -> None: ...

    async def aclose(self, reason: str = "", *, violation: bool = False) -> None: ...


class Nobody:
    def tell(self, call: str, at: float, name: str, values: object) -> None: ...


def switchboard(provider: Any, store: MemoryStore) -> Switchboard:
    agent = Agent("desk", Phrasing(greeting="Hello."), dialogue=DIALOGUE)
    equipped = EquippedAgent(agent, provider, ScriptedMind(DIALOGUE), provider, PythonTools(()))
    documents = TwilioDocuments("https://voice.example.com")
    transfers = Transfers(store, documents, None, Nobody())
    around = Surroundings(store, documents, None, Nobody(), SpeechCache(), "test", transfers)
    return Switchboard({"desk": equipped}, around, max_calls=2)


def started(document: str) -> StreamStarted:
    token = re.search(r'name="token" value="([^"]+)"', document)
    assert token is not None
    return StreamStarted("MZ1", RECORD.id, "AC1", {"token": token[1]})


async def test_a_server_that_stops_closes_the_connections_of_calls_that_ring():
    provider = Provider()
    async with switchboard(provider, MemoryStore()) as board:
        await board.warmed()
        await board.incoming(RECORD)
        await asyncio.sleep(0.5)
        assert len(provider.open) == 2
    assert provider.open == set()


class Leisurely(Provider):
    """Takes a second for every phrase."""

    async def connect(self, *, call: str, language: str = "en") -> Connection:
        await asyncio.sleep(1.0)
        return await super().connect(call=call)


async def test_a_call_is_welcome_once_the_greeting_is_spoken():
    async with switchboard(Leisurely(), MemoryStore()) as board:
        began = asyncio.get_running_loop().time()
        assert not board.ready
        await asyncio.sleep(1.5)
        assert board.ready
        await board.warmed()
        assert asyncio.get_running_loop().time() - began > 3.0  # the fixed phrases came after it


class Slow(MemoryStore):
    async def load_call(self, call: str) -> StoredCall | None:
        await asyncio.sleep(1.0)
        return await super().load_call(call)


class Away(MemoryStore):
    async def load_call(self, call: str) -> StoredCall | None:
        raise StoreError("away")


@pytest.mark.parametrize("store", [Slow, Away])
async def test_a_call_that_rang_here_begins_though_the_store_does_not_answer(store):
    line = Line()
    async with switchboard(Provider(), store()) as board:
        await board.warmed()
        stream = started(await board.incoming(RECORD))
        await board.admit(stream)
        await board.connect(line, stream)
        assert board.calls == 0
    assert line.sent >= 800


class Full(MemoryStore):
    async def create_call(self, record: CallRecord) -> None:
        raise StoreError("full")


async def test_a_call_is_answered_though_the_store_takes_nothing_and_only_with_the_token_that_was_given_out():
    line = Line()
    async with switchboard(Provider(), Full()) as board:
        await board.warmed()
        stream = started(await board.incoming(RECORD))
        with pytest.raises(CarrierError):
            await board.admit(replace(stream, parameters={"token": "guessed"}))
        await board.admit(stream)
        with pytest.raises(CarrierError):
            await board.admit(stream)
        await board.connect(line, stream)
        assert board.calls == 0
    assert line.sent >= 800


class Clumsy(Provider):
    """Its connections cannot be closed."""

    async def connect(self, *, call: str, language: str = "en") -> Connection:
        connection = await super().connect(call=call)
        if call != "warm-up":
            connection.aclose = self.fail  # type: ignore[method-assign]  # a defect
        return connection

    async def fail(self) -> None:
        raise RuntimeError("a defect")


async def test_a_connection_that_cannot_be_closed_does_not_keep_its_call_alive():
    async with switchboard(Clumsy(), MemoryStore()) as board:
        await board.warmed()
        stream = started(await board.incoming(RECORD))
        await board.admit(stream)
        with pytest.raises(RuntimeError):
            await board.connect(Line(), stream)
        assert board.calls == 0


async def test_a_call_that_is_carried_on_gets_a_token_of_its_own():
    """The process that answered its webhook still held it as ringing, and gave out the token that another had taken."""
    store = MemoryStore()
    async with switchboard(Provider(), store) as one, switchboard(Provider(), store) as other:
        rings = started(await one.incoming(RECORD))
        assert await other.admit(rings) == RECORD.id  # whose stream is lost
        again = started(await one.proceed(RECORD.id))
        assert again.parameters != rings.parameters, "a token that was used is refused by Redis"
        assert await other.admit(again) == RECORD.id
