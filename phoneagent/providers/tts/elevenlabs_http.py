"""ElevenLabs over plain HTTP, through the official SDK: simple, a request a phrase, without times of words.

For networks that let no WebSocket through, and as the voice to fall back to when the socket does not speak.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from phoneagent.catalogue.elevenlabs import DEFAULT_MODEL, language_code, model_of
from phoneagent.errors import MisuseError, ProviderError
from phoneagent.providers.mailbox import Mailbox
from phoneagent.providers.websocket import http_url
from phoneagent.records import SpeechChunk, SpeechDone, SpeechFailed, Spoken

from .elevenlabs import DEFAULT_VOICE, NEXT_AUDIO_WITHIN
from .elevenlabs_account import check_account, refusal
from .spoken_text import can_be_spoken, holds, letters

if TYPE_CHECKING:
    from elevenlabs import AsyncElevenLabs, VoiceSettings

CONNECT_WITHIN = 3.0  # seconds
KEPT_ALIVE = 300.0  # seconds; the SDK's 5 are less than a turn
CHUNK = 640  # bytes, 80 ms; the SDK holds audio back until a chunk is full, and its default is 1,024


class ElevenLabsHttp:
    """Implements `ports.TextToSpeech`. Options as for `ElevenLabs`."""

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
        from elevenlabs import AsyncElevenLabs, VoiceSettings

        begins_within = first_audio_within or model_of(model).begins_within
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(max(NEXT_AUDIO_WITHIN, begins_within), connect=CONNECT_WITHIN),
            limits=httpx.Limits(max_keepalive_connections=50, keepalive_expiry=KEPT_ALIVE),
        )
        self._client = AsyncElevenLabs(api_key=api_key, base_url=http_url(url), httpx_client=self._http)
        settings = {"stability": stability, "similarity_boost": similarity, "style": style, "speed": speed}
        given = {name: value for name, value in settings.items() if value is not None}
        self._voice = _Voice(
            self._client,
            voice,
            model,
            language_code(model, language),
            VoiceSettings.model_validate(given) if given else None,
        )
        self._api_key = api_key
        self._url = url
        self._language = language
        self._first_audio_within = begins_within
        host = urlsplit(url).hostname  # an emulator's speech must not be taken for the real one's
        self.identity = f"elevenlabs-http {host} {voice} {model} {language} {stability} {similarity} {style} {speed}"

    async def connect(self, *, call: str) -> ElevenLabsHttpSpeech:
        """Never fails: the first phrase opens the first connection. `call` has no place in the protocol."""
        return ElevenLabsHttpSpeech(self._voice, first_audio_within=self._first_audio_within, identity=self.identity)

    async def check(self) -> str:
        """Look up voice, model and language: whether the key is accepted and they are there. Raises `ProviderError`."""
        voice = self._voice
        return await check_account(
            self._api_key, self._url, voice=voice.voice, model=voice.model, language=self._language
        )

    async def aclose(self) -> None:
        await self._http.aclose()


@dataclass(slots=True)
class _Voice:
    client: AsyncElevenLabs
    voice: str
    model: str
    language: str
    settings: VoiceSettings | None
    takes_context: bool = field(init=False)  # of models that are not known it is found out

    def __post_init__(self) -> None:
        self.takes_context = model_of(self.model).takes_context

    def refuses_context(self, refused: ProviderError) -> bool:
        """Whether a request was refused for what it told of the phrase before; then no other one tells of it."""
        if self.takes_context and "previous_text" in refused.problem:
            self.takes_context = False
            return True
        return False


@dataclass(slots=True)
class _Reply:
    id: int
    phrases: deque[str] = field(default_factory=deque)
    finished: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)  # a phrase or the end has come


class ElevenLabsHttpSpeech:
    """Implements `ports.Speech`: a task a reply, which asks for its phrases one after the other."""

    def __init__(self, voice: _Voice, *, first_audio_within: float, identity: str) -> None:
        self.identity = identity
        self._mailbox: Mailbox[Spoken] = Mailbox()
        self._voice = voice
        self._first_audio_within = first_audio_within
        self._replies: dict[int, _Reply] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._over: set[int] = set()

    def speak(self, reply: int, text: str) -> None:
        text = " ".join(text.split())
        if reply in self._over or self._mailbox.closed or not text:
            return
        state = self._reply(reply)
        if state.finished:
            raise MisuseError(f"reply {reply} was finished, but is given {len(text)} characters more to speak")
        state.phrases.append(text)
        state.more.set()

    def finish(self, reply: int) -> None:
        if reply not in self._over and not self._mailbox.closed:
            state = self._reply(reply)
            state.finished = True
            state.more.set()

    def cancel(self, reply: int) -> None:
        self._over.add(reply)
        self._replies.pop(reply, None)
        if (task := self._tasks.get(reply)) is not None:
            task.cancel()  # closes the connection: what is not spoken is not paid
        self._mailbox.discard(lambda spoken: spoken.reply == reply)

    def __aiter__(self) -> Mailbox[Spoken]:
        return self._mailbox

    async def aclose(self) -> None:
        self._mailbox.close()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _reply(self, reply: int) -> _Reply:
        if reply not in self._replies:
            self._replies[reply] = _Reply(reply)
            task = asyncio.create_task(self._speak_all(self._replies[reply]), name=f"elevenlabs reply {reply}")
            self._tasks[reply] = task
            task.add_done_callback(lambda ended: self._ended(reply, ended))
        return self._replies[reply]

    def _ended(self, reply: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(reply, None)
        if not task.cancelled() and isinstance(defect := task.exception(), Exception):
            self._mailbox.close(defect)

    async def _speak_all(self, state: _Reply) -> None:
        said, spoken = "", 0
        outcome: Spoken = SpeechDone(state.id)
        for_good: ProviderError | None = None
        silent = False
        try:
            while True:
                while state.phrases:
                    phrase = state.phrases.popleft()
                    if can_be_spoken(phrase):
                        samples = await self._speak(state, phrase, said)
                        if silent := holds(samples) < letters(phrase):
                            raise ProviderError("elevenlabs", f"{samples} samples for {letters(phrase)} letters")
                        said = phrase
                    spoken += 1
                if state.finished:
                    break
                state.more.clear()
                await state.more.wait()
        except ProviderError as problem:
            outcome = SpeechFailed(
                state.id, problem.problem, problem.retryable, silent=silent, spoken=spoken if silent else None
            )
            for_good = None if problem.retryable else problem
        self._over.add(state.id)
        self._replies.pop(state.id, None)
        self._mailbox.put(outcome)
        if for_good is not None:
            self._mailbox.close(for_good)

    async def _speak(self, state: _Reply, phrase: str, said: str) -> int:
        """Returns how many samples came."""
        from elevenlabs.core.api_error import ApiError

        voice = self._voice
        options: dict[str, Any] = {"language_code": voice.language} if voice.language else {}
        if voice.settings is not None:
            options["voice_settings"] = voice.settings
        if said and voice.takes_context:
            options["previous_text"] = said  # keeps the tone from one phrase to the next
        audio = voice.client.text_to_speech.stream(
            voice.voice,
            text=phrase,
            model_id=voice.model,
            output_format="ulaw_8000",
            request_options={"chunk_size": CHUNK},
            **options,
        )
        within, samples = self._first_audio_within, 0
        try:
            async with aclosing(audio):
                while True:
                    async with asyncio.timeout(within):
                        chunk = await anext(audio, None)
                    if chunk is None:
                        return samples
                    within = NEXT_AUDIO_WITHIN
                    samples += len(chunk)
                    if chunk:
                        self._mailbox.put(SpeechChunk(state.id, chunk))
        except TimeoutError as late:
            raise ProviderError("elevenlabs", f"no audio within {within:g} s") from late
        except ApiError as refused:
            problem = refusal(refused.status_code or 0, refused.body)
            if voice.refuses_context(problem):
                return await self._speak(state, phrase, "")
            raise problem from refused
        except httpx.HTTPError as failed:
            raise ProviderError("elevenlabs", f"connection failed: {failed or type(failed).__name__}") from failed
