"""Ears that are lost now and then, that are late, and that hear the agent itself."""

from __future__ import annotations

import asyncio
import audioop
from collections.abc import AsyncIterator
from typing import cast

import pytest

from phoneagent.audio.dtmf import tones
from phoneagent.call.ears import RECONNECT, Ears
from phoneagent.conversation.events import EarsFailed, EndOfTurn, Event, PartialTranscript, SpeechStarted
from phoneagent.errors import ProviderError
from phoneagent.ports import Transcription


class Flaky:
    """Ears whose connections last for so many seconds."""

    turn_events = True

    def __init__(self, seconds: float) -> None:
        self.connections = 0
        self._seconds = seconds

    async def connect(self, *, call: str, language: str = "en") -> Flaky:
        self.connections += 1
        return self

    def send(self, audio: bytes) -> None: ...

    def expect(self, expectation: object) -> None: ...

    async def __aiter__(self) -> AsyncIterator[object]:
        await asyncio.sleep(self._seconds)
        raise ProviderError("flaky", "gone")
        yield

    async def finish(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest.mark.parametrize(("seconds", "fails"), [(60.0, False), (0.5, True)])
async def test_only_losses_in_a_row_make_deaf(seconds, fails):
    provider = Flaky(seconds)
    events: list[object] = []
    loop = asyncio.get_running_loop()
    ears = Ears(provider, events.append, loop.time, call="CA1", language="en")  # type: ignore[arg-type]  # by shape
    connecting = cast("asyncio.Future[Transcription]", asyncio.ensure_future(provider.connect(call="CA1")))
    running = asyncio.create_task(ears.run(connecting))
    await asyncio.sleep(600.0)
    running.cancel()
    await asyncio.wait([running])
    assert events == ([EarsFailed("flaky: gone")] if fails else [])
    assert provider.connections == (len(RECONNECT) + 1 if fails else 10)


class Understanding(Flaky):
    """Ears that understand a turn over each connection, and lose it soon."""

    async def __aiter__(self) -> AsyncIterator[object]:
        yield EndOfTurn("a table")
        await asyncio.sleep(self._seconds)
        raise ProviderError("flaky", "gone")


async def test_ears_that_understand_a_turn_each_time_are_not_given_up():
    provider = Understanding(0.5)
    events: list[object] = []
    loop = asyncio.get_running_loop()
    ears = Ears(provider, events.append, loop.time, call="CA1", language="en")  # type: ignore[arg-type]  # by shape
    connecting = cast("asyncio.Future[Transcription]", asyncio.ensure_future(provider.connect(call="CA1")))
    running = asyncio.create_task(ears.run(connecting))
    await asyncio.sleep(60.0)
    running.cancel()
    await asyncio.wait([running])
    assert EarsFailed("flaky: gone") not in events
    assert provider.connections == 100


class Attentive:
    """Ears that are told what to hear, and remember what they got."""

    turn_events = True

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.heard: asyncio.Queue[Event | None] = asyncio.Queue()

    def send(self, audio: bytes) -> None:
        self.frames.append(audio)

    def expect(self, expectation: object) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (heard := await self.heard.get()) is not None:
            yield heard

    async def finish(self) -> None:
        self.heard.put_nowait(EndOfTurn(f"{len(self.frames)} frames"))
        self.heard.put_nowait(None)

    async def aclose(self) -> None: ...


class Listening:
    """Ears at work, and what they have told."""

    def __init__(self, provider: object = None) -> None:
        loop = asyncio.get_running_loop()
        self.events: list[Event] = []
        self.connecting: asyncio.Future[Transcription] = loop.create_future()
        self.ears = Ears(provider, self.events.append, loop.time, call="CA1", language="en")  # type: ignore[arg-type]  # by shape
        self.running = asyncio.create_task(self.ears.run(self.connecting))

    def connected(self, ears: Attentive) -> None:
        self.connecting.set_result(cast("Transcription", ears))


def tone(level: int) -> bytes:
    """20 ms that nobody takes for silence."""
    return audioop.lin2ulaw((level.to_bytes(2, "little") * 4 + (-level).to_bytes(2, "little", signed=True) * 4) * 20, 2)


SILENCE = b"\xff" * 160


async def test_a_caller_who_hangs_up_before_the_ears_are_connected_is_heard_all_the_same():
    listening = Listening()
    for _ in range(40):
        listening.ears.hear(SILENCE)
    finishing = asyncio.create_task(listening.ears.finish())
    await asyncio.sleep(0.2)
    assert not finishing.done()
    listening.connected(Attentive())
    await finishing
    await listening.running
    assert listening.events == [EndOfTurn("40 frames")]


async def test_tones_of_secret_keys_do_not_reach_the_provider_and_no_frame_is_lost():
    listening, attentive = Listening(), Attentive()
    listening.connected(attentive)
    await asyncio.sleep(0)
    keyed, voice = tones("4242"), tone(8000)
    frames = [keyed[start : start + 160] for start in range(0, len(keyed), 160)]
    listening.ears.be_discreet(tones=True, voice=False)
    for frame in [voice, *frames, SILENCE, voice]:
        listening.ears.hear(frame)
    listening.ears.be_discreet(tones=True, voice=True)
    listening.ears.hear(voice)
    listening.ears.hear(voice)
    listening.ears.be_discreet(tones=False, voice=False)
    listening.ears.hear(voice)
    assert len(attentive.frames) == len(frames) + 6
    heard = [number for number, frame in enumerate(attentive.frames) if frame != SILENCE]
    assert heard == [len(frames) + 2, len(frames) + 5], "what was said before and after, but for what touches a tone"
    await listening.ears.finish()
    await listening.running


async def test_what_is_said_while_secret_keys_are_typed_is_not_noticed():
    listening, attentive = Listening(), Attentive()
    listening.connected(attentive)
    for _ in range(20):
        listening.ears.hear(SILENCE)
    listening.ears.be_discreet(tones=True, voice=True)
    for _ in range(20):
        listening.ears.hear(tone(8000))
    assert listening.events == []
    await listening.ears.finish()
    await listening.running


class LostAtTheEnd(Attentive):
    """Ears that are lost when they are to give their last words."""

    connections = 0

    async def connect(self, *, call: str, language: str = "en") -> Attentive:
        self.connections += 1
        return Attentive()

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for heard in super().__aiter__():
            yield heard
        raise ProviderError("deepgram", "the socket was closed with code 1011")

    async def finish(self) -> None:
        self.heard.put_nowait(None)


async def test_ears_that_are_lost_after_the_caller_has_gone_are_not_connected_again():
    """New ones would hear nothing, cost money, and wait for an end that nobody tells them a second time."""
    lost = LostAtTheEnd()
    listening = Listening(lost)
    listening.connected(lost)
    await asyncio.sleep(0)
    await listening.ears.finish()
    await asyncio.wait([listening.running], timeout=60.0)
    assert listening.running.done()
    assert lost.connections == 0
    assert listening.events == []


async def test_ears_that_are_lost_just_before_the_caller_hangs_up_are_connected_again_for_the_last_words():
    lost = LostAtTheEnd()
    listening = Listening(lost)
    listening.connected(lost)
    await asyncio.sleep(0)
    lost.heard.put_nowait(None)
    await asyncio.sleep(0.05)
    for _ in range(40):
        listening.ears.hear(SILENCE)
    await listening.ears.finish()
    await listening.running
    assert lost.connections == 1
    assert listening.events == [EndOfTurn("40 frames")]


async def test_nobody_waits_for_ears_that_have_failed():
    listening = Listening()
    finishing = asyncio.create_task(listening.ears.finish())
    listening.connecting.set_exception(ProviderError("flaky", "no such key", retryable=False))
    await finishing
    assert listening.events == [EarsFailed("flaky: no such key")]


async def test_the_agents_echo_is_no_speech_whoever_reports_it():
    listening, attentive = Listening(), Attentive()
    listening.connected(attentive)
    for _ in range(20):
        listening.ears.hear(SILENCE)
    listening.ears.agent_plays(tone(8000) * 100)
    for _ in range(50):
        listening.ears.hear(tone(800))
    attentive.heard.put_nowait(SpeechStarted("stt"))
    attentive.heard.put_nowait(PartialTranscript("wait"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert listening.events == [PartialTranscript("wait")], "words count all the same"
    listening.running.cancel()
    await asyncio.wait([listening.running])


async def test_a_voice_after_the_agent_was_silenced_is_a_callers():
    listening, attentive = Listening(), Attentive()
    listening.connected(attentive)
    for _ in range(20):
        listening.ears.hear(SILENCE)
    listening.ears.agent_plays(tone(8000) * 100)
    for _ in range(10):
        listening.ears.hear(SILENCE)
    listening.ears.agent_silenced()
    for _ in range(40):
        listening.ears.hear(SILENCE)
    attentive.heard.put_nowait(SpeechStarted("stt"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for _ in range(10):
        listening.ears.hear(tone(800))
    assert listening.events == [SpeechStarted("stt"), SpeechStarted("vad")]
    listening.running.cancel()
    await asyncio.wait([listening.running])
