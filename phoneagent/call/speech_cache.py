"""Speech that is needed again: greetings and fixed phrases, ready as μ-law."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import aclosing

from phoneagent.conversation.words import Word
from phoneagent.errors import ProviderError
from phoneagent.ports import TextToSpeech
from phoneagent.records import Clip, SpeechChunk, SpeechFailed

LARGEST = 32 * 1024 * 1024  # bytes: over an hour of speech
WITHIN = 10.0  # seconds for the phrases of one agent to be spoken


class SpeechCache:
    """Clips by voice identity and text; the least recently used go first when it is full."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._clips: OrderedDict[tuple[str, str], Clip] = OrderedDict()
        self._size = 0
        self._largest = largest
        self._warming: dict[tuple[str, str], asyncio.Future[None]] = {}

    def get(self, identity: str, text: str) -> Clip | None:
        clip = self._clips.get((identity, text))
        if clip is not None:
            self._clips.move_to_end((identity, text))
        return clip

    def put(self, identity: str, text: str, clip: Clip) -> None:
        self._drop((identity, text))
        self._clips[identity, text] = clip
        self._size += len(clip.audio)
        while self._size > self._largest:
            self._drop(next(iter(self._clips)))

    def _drop(self, key: tuple[str, str]) -> None:
        if clip := self._clips.pop(key, None):
            self._size -= len(clip.audio)

    async def warm(self, voice: TextToSpeech, texts: Iterable[str], *, call: str = "warm-up") -> None:
        """Have these texts spoken and keep them. Raises `ProviderError`. Somebody else's warming of one is waited
        for.
        """
        missing = [text for text in dict.fromkeys(texts) if text and self.get(voice.identity, text) is None]
        others = [self._warming[key] for text in missing if (key := (voice.identity, text)) in self._warming]
        mine = [text for text in missing if (voice.identity, text) not in self._warming]
        if mine:
            await self._speak(voice, mine, call)
        if others:
            await asyncio.wait(others, timeout=WITHIN)

    async def _speak(self, voice: TextToSpeech, texts: list[str], call: str) -> None:
        done = asyncio.get_running_loop().create_future()
        keys = [(voice.identity, text) for text in texts]
        self._warming.update(dict.fromkeys(keys, done))
        try:
            async with asyncio.timeout(WITHIN):
                for text in texts:
                    self.put(voice.identity, text, await _speak_once(voice, text, call))
        except TimeoutError as error:
            raise ProviderError(voice.identity, f"did not speak a phrase within {WITHIN} s") from error
        finally:
            for key in keys:
                self._warming.pop(key, None)
            done.set_result(None)


async def _speak_once(voice: TextToSpeech, text: str, call: str) -> Clip:
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
            elif audio:
                return Clip(bytes(audio), tuple(words))
            else:
                break
        raise ProviderError(voice.identity, "did not speak a phrase to its end")
