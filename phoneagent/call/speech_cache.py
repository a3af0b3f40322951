"""Speech that is needed again: greetings, fixed phrases and what agents keep saying, ready as μ-law.

Two levels. What a call needs at once is in memory: `get` never waits. Behind it are the clips that all processes share;
they are asked when phrases are prepared, never within a turn, and told what the voice has spoken, in the background.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from phoneagent.conversation.events import ProviderFailed
from phoneagent.conversation.words import Word
from phoneagent.errors import ProviderError, StoreError
from phoneagent.ports import Clips, TextToSpeech
from phoneagent.private import Private
from phoneagent.records import Clip, SpeechChunk, SpeechFailed

log = structlog.stdlib.get_logger(__name__)

LARGEST = 32 * 1024 * 1024  # bytes: over an hour of speech
WITHIN = 10.0  # seconds for one phrase to be spoken; an agent may have any number of them
LOAD_WITHIN = 0.5  # seconds for the shared clips of these phrases; the caller whose phone rings waits for the greeting
SHARE_WITHIN = 3.0  # seconds for one exchange with the shared clips that nobody waits for
SHARING = 64  # exchanges waiting; clips that come on top are shared by whoever speaks them next
RECENT = 200  # clips of a voice that a process begins with: what was said most recently
COUNTED = 2000  # phrases of which it is known that they were spoken once
LONGEST_REPEATED = 8000 * 15  # bytes: longer speech is hardly ever said twice in the same words

Key = tuple[str, str]  # the voice's identity, and the text as it is given to the voice


class NothingShared:
    """Implements `ports.Clips` for a process of its own."""

    async def load_clips(self, identity: str, texts: Sequence[str]) -> Mapping[str, Clip]:
        """None."""
        return {}

    async def recent_clips(self, identity: str, most: int) -> Mapping[str, Clip]:
        """None."""
        return {}

    async def save_clip(self, identity: str, text: str, clip: Clip) -> None:
        """Nothing."""


NOTHING_SHARED = NothingShared()


class SpeechCache:
    """Clips by voice identity and text; the least recently used go first when it is full.

    `clips` are those shared with other processes. They may be away, slow or full: then the voice is asked.
    """

    def __init__(self, clips: Clips = NOTHING_SHARED, *, largest: int = LARGEST) -> None:
        self._shared = clips
        self._clips: OrderedDict[Key, Clip] = OrderedDict()
        self._size = 0
        self._largest = largest
        self._warming: dict[Key, asyncio.Future[None]] = {}
        self._spoken_once: OrderedDict[Key, Private[str]] = OrderedDict()  # to whom
        self._begun: set[str] = set()  # voices whose recent clips were asked for
        self._exchanges: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._away = False

    def get(self, identity: str, text: str) -> Clip | None:
        """The clip if it is in memory. Never waits."""
        clip = self._clips.get((identity, text))
        if clip is not None:
            self._clips.move_to_end((identity, text))
        return clip

    def put(self, identity: str, text: str, clip: Clip) -> None:
        """Keep a clip in memory."""
        self._drop((identity, text))
        self._clips[identity, text] = clip
        self._size += len(clip.audio)
        while self._size > self._largest:
            self._drop(next(iter(self._clips)))

    def heard(self, identity: str, text: str, clip: Clip, *, listener: Private[str]) -> None:
        """The voice has spoken this text to somebody: alone in its reply, and to its end. Never blocks.

        The second time it is kept. It is shared with other processes once two people were told it: what is told to
        one only, however often and in however many calls, is nobody else's. `listener` is their number; all who
        withhold theirs are one.
        """
        if not clip.audio or len(clip.audio) > LONGEST_REPEATED:
            return
        key = identity, text
        first = self._spoken_once.pop(key, None)
        if first is not None:
            self.put(identity, text, clip)
        if first in (None, listener):
            self._spoken_once[key] = listener
            if len(self._spoken_once) > COUNTED:
                self._spoken_once.popitem(last=False)
        else:
            self._exchange(lambda: self._shared.save_clip(identity, text, clip))

    async def warm(
        self, voice: TextToSpeech, texts: Iterable[str], *, call: str = "warm-up", shared: bool = True
    ) -> None:
        """Have these texts in memory: as they are shared, or spoken anew. Raises `ProviderError`.

        Somebody else's warming of one is waited for. `shared` is false for what is said to one caller only.
        """
        missing = [text for text in dict.fromkeys(texts) if text and self.get(voice.identity, text) is None]
        others = [self._warming[key] for text in missing if (key := (voice.identity, text)) in self._warming]
        mine = [text for text in missing if (voice.identity, text) not in self._warming]
        if mine:
            await self._prepare(voice, mine, call, shared=shared)
        if shared and voice.identity not in self._begun:
            self._begun.add(voice.identity)
            self._exchange(lambda: self._load_recent(voice.identity))
        if others:
            await asyncio.wait(others, timeout=WITHIN)

    async def prepare(self, voice: TextToSpeech, texts: Iterable[str], *, shared: bool = True) -> None:
        """`warm` when nobody is to hear of a failure: without these clips calls go on, a little slower."""
        try:
            await self.warm(voice, texts, shared=shared)
        except ProviderError as error:
            log.warning("speech_not_prepared", voice=voice.identity, problem=str(error))

    async def aclose(self) -> None:
        """Give up what is being exchanged with other processes."""
        for task in self._exchanges:
            task.cancel()
        if self._exchanges:
            await asyncio.wait(self._exchanges, timeout=1.0)

    def _drop(self, key: Key) -> None:
        if clip := self._clips.pop(key, None):
            self._size -= len(clip.audio)

    # -- speaking -----------------------------------------------------------------------------------

    async def _prepare(self, voice: TextToSpeech, texts: list[str], call: str, *, shared: bool) -> None:
        done = asyncio.get_running_loop().create_future()
        keys = [(voice.identity, text) for text in texts]
        self._warming.update(dict.fromkeys(keys, done))
        try:
            if shared:
                for text, clip in (await self._load(voice.identity, texts)).items():
                    self.put(voice.identity, text, clip)
            for text in texts:
                if (voice.identity, text) not in self._clips:
                    async with asyncio.timeout(WITHIN):
                        await self._speak(voice, text, call, shared=shared)
        except TimeoutError as error:
            raise ProviderError(voice.identity, f"did not speak a phrase within {WITHIN} s") from error
        finally:
            for key in keys:
                self._warming.pop(key, None)
            done.set_result(None)

    async def _speak(self, voice: TextToSpeech, text: str, call: str, *, shared: bool) -> None:
        speaker, clip = await _speak_once(voice, text, call)
        self.put(voice.identity, text, clip)
        if shared and speaker == voice.identity:  # a voice that stands in does so here and today
            self._exchange(lambda: self._shared.save_clip(voice.identity, text, clip))

    # -- other processes ----------------------------------------------------------------------------

    async def _load(self, identity: str, texts: list[str]) -> Mapping[str, Clip]:
        found: Mapping[str, Clip] = {}
        try:
            async with asyncio.timeout(LOAD_WITHIN):
                found = await self._shared.load_clips(identity, texts)
        except (TimeoutError, StoreError) as error:
            self._trouble(error)
        return found

    async def _load_recent(self, identity: str) -> None:
        for text, clip in (await self._shared.recent_clips(identity, RECENT)).items():
            if self._size + len(clip.audio) > self._largest:
                return
            if (identity, text) not in self._clips:
                self.put(identity, text, clip)
                self._clips.move_to_end((identity, text), last=False)  # nothing of this process goes for it

    def _exchange(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if len(self._exchanges) < SHARING:
            task = asyncio.create_task(self._carry_out(work), name="exchange clips")
            self._exchanges.add(task)
            task.add_done_callback(self._exchanges.discard)

    async def _carry_out(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            async with self._one_at_a_time, asyncio.timeout(SHARE_WITHIN):
                await work()
            self._away = False
        except (TimeoutError, StoreError) as error:
            self._trouble(error)

    def _trouble(self, error: TimeoutError | StoreError) -> None:
        if not self._away:
            log.warning("clips_not_shared", problem=str(error) or "no answer in time")
        self._away = True


async def _speak_once(voice: TextToSpeech, text: str, call: str) -> tuple[str, Clip]:
    """Whose voice spoke it, and the clip."""
    speech = await voice.connect(call=call)
    async with aclosing(speech):
        speech.speak(1, text)
        speech.finish(1)
        audio = bytearray()
        words: list[Word] = []
        async for spoken in speech:
            if isinstance(spoken, SpeechChunk):
                audio += spoken.audio
                words += spoken.words
            elif isinstance(spoken, SpeechFailed):
                raise ProviderError(voice.identity, spoken.problem, retryable=spoken.retryable)
            elif isinstance(spoken, ProviderFailed):
                continue
            elif audio:
                return speech.identity, Clip(bytes(audio), tuple(words))
            else:
                break
        raise ProviderError(voice.identity, "did not speak a phrase to its end")
