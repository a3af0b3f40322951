"""ElevenLabs over its multi-context WebSocket: one socket a call, one context a reply, words in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import structlog
from websockets.exceptions import InvalidStatus

from phoneagent.audio.g711 import first_audible
from phoneagent.catalogue.elevenlabs import DEFAULT_MODEL, language_code, model_of
from phoneagent.conversation.events import ProviderFailed
from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.errors import MisuseError, ProviderError
from phoneagent.providers.mailbox import Mailbox
from phoneagent.providers.websocket import ProviderSocket, open_patiently, open_websocket, websocket_url
from phoneagent.records import SpeechChunk, SpeechDone, SpeechFailed, Spoken

from .alignment import WordAligner
from .elevenlabs_account import check_account
from .elevenlabs_channel import Channel
from .elevenlabs_messages import Message, OpenContext, SpeakText, VoiceSettings
from .spoken_text import SpokenText, can_be_spoken

DEFAULT_VOICE = "JBFqnCBsd6RMkjVDRZzb"  # "George", one of the voices every account has
NEXT_AUDIO_WITHIN = 3.0  # seconds from a later phrase, or to the final message
INACTIVITY = 180  # seconds, the most there is; replies are shorter, so that no context needs to be kept alive
FORBIDDEN = 403  # what the upgrade is answered with for a model that is not offered there
PAUSE = 0.5  # seconds without audio after which nothing of a phrase is still to come; within one there are none
ATTEMPTS = 2  # sockets on which a reply is tried
ALIGNMENT_MISSES = SAMPLE_RATE * 3 // 10  # samples by which the times of a last word may lie behind its audio

log = structlog.get_logger(__name__)


class ElevenLabs:
    """Implements `ports.TextToSpeech`.

    `stability`, `similarity`, `style` and `speed` are the voice's own unless given. `language` (ISO 639-1) is needed
    only where the text does not tell it. `url` is the HTTP base; the socket's is derived from it.
    """

    def __init__(
        self,
        api_key: str,
        *,
        url: str = "https://api.elevenlabs.io",
        voice: str = DEFAULT_VOICE,
        model: str = DEFAULT_MODEL,
        language: str = "",
        stability: float | None = None,
        similarity: float | None = None,
        style: float | None = None,
        speed: float | None = None,
        first_audio_within: float | None = None,
    ) -> None:
        """`first_audio_within`: seconds from a reply's first phrase; the model's own unless given."""
        parameters: dict[str, str | int] = {
            "model_id": model,
            "output_format": "ulaw_8000",
            "auto_mode": "true",  # every phrase is generated at once
            "sync_alignment": "true",
            "inactivity_timeout": INACTIVITY,
        }
        if code := language_code(model, language):
            parameters["language_code"] = code
        path = f"/v1/text-to-speech/{quote(voice, safe='')}/multi-stream-input"
        self._socket_url = f"{websocket_url(url)}{path}?{urlencode(parameters)}"
        self._api_key = api_key
        self._url = url
        self._voice = voice
        self._model = model
        self._language = language
        settings = VoiceSettings(stability=stability, similarity_boost=similarity, style=style, speed=speed)
        self._settings = settings if settings != VoiceSettings() else None
        self._first_audio_within = first_audio_within or model_of(model).begins_within
        host = urlsplit(url).hostname  # an emulator's speech must not be taken for the real one's
        self.identity = f"elevenlabs {host} {voice} {model} {language} {stability} {similarity} {style} {speed}"

    async def connect(self, *, call: str) -> ElevenLabsSpeech:
        missed: list[ProviderError] = []
        return ElevenLabsSpeech(
            await open_patiently(self._open, missed=missed.append),
            connect=self._open,
            settings=self._settings,
            first_audio_within=self._first_audio_within,
            call=call,
            identity=self.identity,
            missed=missed,
        )

    async def check(self) -> str:
        """Look up voice, model and language: whether the key is accepted and they are there. Raises `ProviderError`."""
        if not model_of(self._model).on_sockets:
            raise _not_on_sockets(self._model)
        return await check_account(
            self._api_key, self._url, voice=self._voice, model=self._model, language=self._language
        )

    async def aclose(self) -> None:
        """Nothing is open but what calls have opened."""

    async def _open(self) -> ProviderSocket:
        try:
            return await open_websocket("elevenlabs", self._socket_url, {"xi-api-key": self._api_key})
        except ProviderError as refused:
            if _status(refused) != FORBIDDEN or model_of(self._model).on_sockets:
                raise
            raise _not_on_sockets(self._model) from refused


def _status(refused: ProviderError) -> int | None:
    cause = refused.__cause__
    return cause.response.status_code if isinstance(cause, InvalidStatus) else None


def _not_on_sockets(model: str) -> ProviderError:
    """The key and the account are in order, though the answer is that of a lack of rights."""
    return ProviderError(
        "elevenlabs",
        f'the model {model} is not offered over the WebSocket; set transport = "http" in [tts] options, or another '
        f"model, such as {DEFAULT_MODEL}",
        retryable=False,
    )


@dataclass(slots=True)
class _Reply:
    """A reply that is being spoken. Its words and samples count over all contexts it has had."""

    id: int
    phrases: list[str] = field(default_factory=list)
    finished: bool = False
    channel: Channel | None = None
    context: str = ""
    attempts: int = 0
    received: int = 0
    text: SpokenText = field(default_factory=SpokenText)
    aligner: WordAligner = field(default_factory=WordAligner)
    ahead: list[Word] = field(default_factory=list)  # that were told of before their audio came
    overdue: asyncio.TimerHandle | None = None
    pause: asyncio.TimerHandle | None = None

    def take(self, message: Message) -> tuple[Word, ...]:
        """A piece of speech: the words that are known by it, of those whose audio is there."""
        begins = self.received
        self.received += len(message.audio or b"")
        aligned = message.aligned
        if aligned is not None:
            self.ahead += self.aligner.add(aligned, begins)
            if self.text.ends_word(self.aligner.text):
                self.ahead += self.aligner.flush()
        words = self._reached(self.received)
        if message.audio and aligned is None and first_audible(message.audio) is not None:
            words += self.text.guess(max(begins, self.aligner.end), self.received)
        return words

    def settle(self) -> tuple[Word, ...]:
        """Nothing has come for a while: the last word has ended."""
        self.ahead += self.aligner.flush()
        return self._reached(self.received + ALIGNMENT_MISSES)

    def complete(self) -> tuple[Word, ...]:
        """No audio follows in this context: what can be known of it now."""
        words = self.settle()
        if self.ahead:  # the times do not fit the audio, or the audio is missing: only its length tells
            self.ahead.clear()
            words += self.text.guess(self.text.until, self.received)
        return words

    def _reached(self, position: int) -> tuple[Word, ...]:
        count = next((i for i, word in enumerate(self.ahead) if word.start >= position), len(self.ahead))
        reached, self.ahead = self.ahead[:count], self.ahead[count:]
        return self.text.tell(Word(text, min(a, self.received), min(b, self.received)) for text, a, b in reached)

    def unspoken(self) -> list[str] | None:
        """The phrases that have not been spoken; None in the middle of one, or where that cannot be known."""
        spoken = self.text.phrases_spoken
        return self.phrases if not self.received else None if spoken is None else self.phrases[spoken:]

    def stop_timers(self) -> None:
        for timer in (self.overdue, self.pause):
            if timer is not None:
                timer.cancel()
        self.overdue = self.pause = None


class ElevenLabsSpeech:
    """Implements `ports.Speech`.

    A socket that is lost between two replies is replaced when the next one begins. Lost within a reply, the phrases
    that were not begun are spoken on a new socket; in the middle of a phrase the reply has failed, and whoever goes on
    knows from the words what was said.
    """

    def __init__(
        self,
        connection: ProviderSocket,
        *,
        connect: Callable[[], Awaitable[ProviderSocket]],
        settings: VoiceSettings | None,
        first_audio_within: float,
        call: str,
        identity: str,
        missed: Sequence[ProviderError] = (),
    ) -> None:
        """`missed`: attempts to connect that failed before."""
        self.identity = identity
        self._loop = asyncio.get_running_loop()
        self._mailbox: Mailbox[Spoken | ProviderFailed] = Mailbox()
        for problem in missed:
            self.missed(problem)
        self._connect = connect
        self._settings = settings
        self._first_audio_within = first_audio_within
        self._log = log.bind(provider="elevenlabs", call=call)
        self._replies: dict[int, _Reply] = {}
        self._over: set[int] = set()  # done, failed or cancelled
        self._speaking: dict[str, _Reply] = {}  # by context
        self._channels = [Channel(connect, self, connection=connection)]

    # -- ports.Speech -------------------------------------------------------------------------------

    def speak(self, reply: int, text: str) -> None:
        text = " ".join(text.split())
        if reply in self._over or not text:
            return
        state = self._replies.setdefault(reply, _Reply(reply))
        if state.finished:
            raise MisuseError(f"reply {reply} was finished, but is given {len(text)} characters more to speak")
        state.phrases.append(text)
        state.text.expect(text)
        if can_be_spoken(text):
            self._say(state, [text])

    def finish(self, reply: int) -> None:
        if reply in self._over:
            return
        state = self._replies.setdefault(reply, _Reply(reply))
        state.finished = True
        if state.channel is None:
            self._done(state)
        else:
            self._close_when_begun(state)
            self._expect_audio(state)

    def cancel(self, reply: int) -> None:
        self._over.add(reply)
        state = self._replies.pop(reply, None)
        if state is not None:
            self._release(state)
        self._mailbox.discard(lambda news: not isinstance(news, ProviderFailed) and news.reply == reply)

    def __aiter__(self) -> Mailbox[Spoken | ProviderFailed]:
        return self._mailbox

    async def aclose(self) -> None:
        self._mailbox.close()
        for state in self._replies.values():
            state.stop_timers()
        self._over.update(self._replies)
        self._replies.clear()
        self._speaking.clear()  # what still comes while sockets close would be waited for
        channels, self._channels = self._channels, []
        await asyncio.gather(*(channel.aclose() for channel in channels))

    # -- up -----------------------------------------------------------------------------------------

    def _say(self, state: _Reply, phrases: list[str]) -> None:
        if self._mailbox.closed:
            return
        if state.channel is None:
            state.attempts += 1
            state.context = f"r{state.id}" if state.attempts == 1 else f"r{state.id}-{state.attempts}"
            state.channel = self._channel()
            self._speaking[state.context] = state
            state.channel.open_context(OpenContext(state.context, voice_settings=self._settings))
        for phrase in phrases:
            state.channel.speak(SpeakText(state.context, f"{phrase} "))
        self._expect_audio(state)

    def _channel(self) -> Channel:
        """A socket with room for a context: the server still counts those that were cancelled a moment ago."""
        for channel in self._channels:
            if not channel.full:
                return channel
        self._channels.append(Channel(self._connect, self))
        return self._channels[-1]

    def _close_when_begun(self, state: _Reply) -> None:
        """A context that is closed before its last phrase has begun to sound may end without it (pipecat #4681)."""
        over = state.received > 0 and state.pause is None and state.text.whole
        if state.finished and (over or state.text.last_begun):
            self._close(state)

    def _close(self, state: _Reply) -> None:
        if state.channel is not None:
            state.channel.close_context(state.context)

    def _expect_audio(self, state: _Reply) -> None:
        if state.overdue is None:
            within = NEXT_AUDIO_WITHIN if state.received else self._first_audio_within
            state.overdue = self._loop.call_later(within, self._overdue, state, within)

    def _overdue(self, state: _Reply, within: float) -> None:
        self._tell(state, state.complete())
        if state.finished and state.received and state.text.whole:
            self._release(state)
            self._done(state)  # it has said all, and only not that it has
        else:
            self._fail(state, ProviderError("elevenlabs", f"no audio within {within:g} s"), silent=True)

    def _paused(self, state: _Reply) -> None:
        """No audio for a while: what there is of the last phrase has come."""
        state.pause = None
        self._tell(state, state.complete() if state.finished else state.settle())
        if state.text.whole:
            self._tell(state, state.text.finish(state.received))
            if state.finished:
                self._close(state)

    # -- down: what channels tell -------------------------------------------------------------------

    def received(self, channel: Channel, message: Message) -> None:
        state = self._speaking.get(message.context)
        if state is None or state.channel is not channel:
            return  # of a reply that was cancelled or has failed
        words = state.take(message)
        if state.text.broken:
            self._fail(state, ProviderError("elevenlabs", "a phrase was left out"), silent=True)
            return
        if message.audio:
            state.stop_timers()
            self._mailbox.put(SpeechChunk(state.id, message.audio, words))
            state.pause = self._loop.call_later(PAUSE, self._paused, state)
            self._close_when_begun(state)
            if state.finished or not state.text.whole:
                self._expect_audio(state)
        else:
            self._tell(state, words)
        if message.final:
            self._ended(state)

    def _ended(self, state: _Reply) -> None:
        """The context is over, whoever wanted it."""
        self._tell(state, state.complete())
        if not state.text.whole:
            self._fail(state, ProviderError("elevenlabs", "the voice ended before all was spoken"), silent=True)
        elif state.finished:
            self._done(state)
        else:
            self._leave(state)  # the next phrase opens another context

    def refused(self, channel: Channel, context: str, problem: ProviderError) -> None:
        state = self._speaking.get(context)
        if state is not None and state.channel is channel:
            self._tell(state, state.complete())
            self._fail(state, problem)

    def missed(self, problem: ProviderError) -> None:
        self._mailbox.put(ProviderFailed("tts", "elevenlabs", problem.problem, "elevenlabs"))

    def lost(self, channel: Channel, problem: ProviderError) -> None:
        if channel not in self._channels:
            return
        self._channels.remove(channel)
        affected = [state for state in self._replies.values() if state.channel is channel]
        alone = not any(other.opened for other in self._channels)
        noticed = bool(affected) or not channel.opened  # an idle socket is closed with the same code as a bad one
        for_good = (alone and not channel.opened) or (noticed and not problem.retryable)
        if affected or for_good:
            self._log.warning("tts_socket_lost", problem=problem.problem, replies=len(affected), for_good=for_good)
        for state in affected:
            self._leave(state)
            self._tell(state, state.complete())
            unspoken = state.unspoken()
            if for_good or unspoken is None or state.attempts >= ATTEMPTS:
                self._fail(state, problem)
                continue
            if unspoken := [phrase for phrase in unspoken if can_be_spoken(phrase)]:
                self._say(state, unspoken)
            if state.finished:
                self.finish(state.id)
        if for_good:
            self._mailbox.close(problem)

    def broken(self, defect: Exception) -> None:
        self._mailbox.close(defect)

    # -- a reply's end ------------------------------------------------------------------------------

    def _tell(self, state: _Reply, words: tuple[Word, ...]) -> None:
        if words:
            self._mailbox.put(SpeechChunk(state.id, b"", words))

    def _leave(self, state: _Reply) -> None:
        state.stop_timers()
        self._speaking.pop(state.context, None)
        state.channel = None

    def _release(self, state: _Reply) -> None:
        channel = state.channel
        self._leave(state)
        if channel is not None:
            channel.drop_context(state.context)

    def _done(self, state: _Reply) -> None:
        self._tell(state, state.text.finish(state.received))
        self._leave(state)
        self._over.add(state.id)
        del self._replies[state.id]
        self._mailbox.put(SpeechDone(state.id))

    def _fail(self, state: _Reply, problem: ProviderError, *, silent: bool = False) -> None:
        self._release(state)
        self._over.add(state.id)
        del self._replies[state.id]
        spoken = state.text.phrases_spoken
        self._mailbox.put(SpeechFailed(state.id, problem.problem, problem.retryable, silent=silent, spoken=spoken))
