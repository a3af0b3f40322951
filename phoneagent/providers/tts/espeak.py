"""espeak-ng: a voice that needs no key, no network and no system package. Robotic, but it is understood.

The library comes in a wheel (`espeakng-loader`) and is called through ctypes. It is global to the process and not
re-entrant: one lock guards it. A phrase of three seconds takes it about 5 ms, so phrases are spoken whole, in a worker
thread; the event loop never waits for it.

The same text gives the same bytes with the voices in `STEADY_VOICES`. In all others espeak lets the pitch flutter, with
a phase that it carries over from whatever it said before.
"""

from __future__ import annotations

import asyncio
import audioop
import ctypes
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.errors import ProviderError
from phoneagent.records import Clip, SpeechChunk, SpeechDone, SpeechFailed, Spoken

STEADY_VOICES = (
    "en-us+mike2", "en-us+edward2", "en-us+benjamin", "en-us+miguel", "en-us+Hugo", "en-us+michel", "en-us+adam",
    "en-us+david", "en-us+Denis", "en-us+Henrique", "en-us+Diogo",
)  # fmt: skip
"""Variants without flutter, whose speech is the same at every time.

The first three are the best callers for pocketsphinx: of what they say on a telephone line it understands more than
nine in ten, of the next three eight; the others were not measured with it.
"""

DEFAULT_VOICE = "en-us+miguel"  # for agents: easily told from the best callers
DEFAULT_SPEED = 165  # words a minute; espeak's own 175 sounds hurried on the telephone
DEFAULT_PITCH = 50  # of 99, espeak's own

QUIET = 100  # of 32,767: below this nothing is heard on a telephone line
CHUNK = 1600  # samples: 200 ms, so that a cancelled reply stops early and words arrive close to their audio
WAITING = 256  # phrases; a reply has tens. More means that nobody reads the speech
SILENCE = b"\xff"  # zero in μ-law
PAUSES = {".": 0.30, "!": 0.30, "?": 0.30, ":": 0.20, ";": 0.20, ",": 0.15}
"""Seconds between two phrases of a reply, by the last character of the first: what espeak does within a text."""


class EspeakVoice:
    """Speaks whole texts at once. Its method blocks for about 2 ms a second of speech."""

    def __init__(self, voice: str = DEFAULT_VOICE, *, speed: int = DEFAULT_SPEED, pitch: int = DEFAULT_PITCH) -> None:
        """`voice`: a language and a variant, such as `en-us+Hugo`. `speed`: words a minute. `pitch`: 0 to 99."""
        self.manner = Manner(voice or DEFAULT_VOICE, speed, pitch)

    def synthesize(self, text: str, *, voice: str = "") -> Clip:
        """Speak `text`, without silence at either end. Raises `ProviderError` (voice unknown, library missing)."""
        manner = self.manner._replace(voice=voice) if voice else self.manner
        return _engine().speak(text, manner)


class EspeakTts:
    """The voice of a process; implements `ports.TextToSpeech`."""

    def __init__(self, voice: str = DEFAULT_VOICE, *, speed: int = DEFAULT_SPEED, pitch: int = DEFAULT_PITCH) -> None:
        self._manner = Manner(voice or DEFAULT_VOICE, speed, pitch)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")
        self.identity = f"espeak:{self._manner.voice}:{speed}:{pitch}"

    async def connect(self, *, call: str) -> EspeakSpeech:
        """Open the voice for a call; loads the library and the voice the first time (about 5 ms, in the worker)."""
        await asyncio.get_running_loop().run_in_executor(self._worker, lambda: _engine().speak("a", self._manner))
        return EspeakSpeech(self._manner, self._worker, identity=self.identity)

    async def aclose(self) -> None:
        self._worker.shutdown(wait=False)


class EspeakSpeech:
    """The voice of one call; implements `ports.Speech`. The work is done by whoever iterates: there is no task."""

    def __init__(self, manner: Manner, worker: ThreadPoolExecutor, *, identity: str) -> None:
        self.identity = identity
        self._manner = manner
        self._worker = worker
        self._requests: deque[_Phrase | SpeechDone | SpeechFailed] = deque()
        self._news = asyncio.Event()
        self._cancelled: set[int] = set()
        self._spoken: dict[int, _Spoken] = {}
        self._closed = False

    def speak(self, reply: int, text: str) -> None:
        if reply in self._cancelled:
            return
        if len(self._requests) < WAITING:
            self._requests.append(_Phrase(reply, text))
        else:
            self.cancel(reply)
            self._requests.append(SpeechFailed(reply, f"more than {WAITING} phrases are waiting"))
        self._news.set()

    def finish(self, reply: int) -> None:
        if reply not in self._cancelled:
            self._requests.append(SpeechDone(reply))
            self._news.set()

    def cancel(self, reply: int) -> None:
        self._cancelled.add(reply)
        self._spoken.pop(reply, None)
        self._requests = deque(request for request in self._requests if request.reply != reply)

    async def __aiter__(self) -> AsyncIterator[Spoken]:
        while not self._closed:
            if not self._requests:
                self._news.clear()
                await self._news.wait()
                continue
            request = self._requests.popleft()
            if not isinstance(request, _Phrase):
                self._spoken.pop(request.reply, None)
                yield request
                continue
            async for spoken in self._say(request):
                yield spoken

    async def aclose(self) -> None:
        self._closed = True
        self._requests.clear()
        self._news.set()

    async def _say(self, phrase: _Phrase) -> AsyncIterator[Spoken]:
        def wanted() -> bool:
            return not self._closed and phrase.reply not in self._cancelled

        try:
            clip = await asyncio.get_running_loop().run_in_executor(
                self._worker, lambda: _engine().speak(phrase.text, self._manner, wanted=wanted)
            )
        except ProviderError as error:
            if wanted():
                self.cancel(phrase.reply)
                yield SpeechFailed(phrase.reply, error.problem, error.retryable)
            return
        if not wanted() or not clip.audio:
            return
        before = self._spoken.get(phrase.reply, _Spoken(0, ""))
        pause = int(PAUSES.get(before.last, 0.0) * SAMPLE_RATE)
        audio = SILENCE * pause + clip.audio
        self._spoken[phrase.reply] = _Spoken(before.samples + len(audio), phrase.text.rstrip()[-1:])
        for at in range(0, len(audio), CHUNK):
            if not wanted():
                return
            yield SpeechChunk(
                phrase.reply,
                audio[at : at + CHUNK],
                tuple(
                    Word(word.text, before.samples + pause + word.start, before.samples + pause + word.end)
                    for word in clip.words
                    if at <= pause + word.start < at + CHUNK
                ),
            )


class Manner(NamedTuple):
    """How something is said."""

    voice: str
    speed: int
    pitch: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    reply: int
    text: str


class _Spoken(NamedTuple):
    """How much of a reply was spoken, and the last character of it."""

    samples: int
    last: str


# --- the library -----------------------------------------------------------------------------------
# Names and numbers from espeak-ng's speak_lib.h (1.52).

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: call back with audio from within espeak_Synth
_DO_NOT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: report missing data instead of ending the process
_POSITION_IN_CHARACTERS = 1
_UTF8 = 1
_LIST_ENDS, _WORD = 0, 1  # espeak_EVENT_TYPE
_RATE, _PITCH = 1, 3  # espeak_PARAMETER
_GO_ON, _ABORT = 0, 1
_SEED = 1  # some voices mix in noise; a fixed seed makes it the same noise every time


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),  # the same, exactly
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class _Engine:
    """The library, loaded once a process."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
            import soxr
        except ImportError as error:
            raise ProviderError(
                "espeak", f"{error.name} is not installed: pip install 'phoneagent[embedded]'", retryable=False
            ) from error
        self._resample = soxr.resample
        self._lock = threading.Lock()
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        self._library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        self._rate = self._library.espeak_Initialize(
            _SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), _DO_NOT_EXIT
        )
        if self._rate <= 0:
            raise ProviderError("espeak", "espeak-ng did not find its data", retryable=False)
        self._callback = _Callback(self._receive)  # kept: the library holds only a pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._begin(lambda: True)

    def speak(self, text: str, manner: Manner, *, wanted: Callable[[], bool] = lambda: True) -> Clip:
        """Speak a text; stops early, with what there is, when `wanted()` becomes false."""
        text = text.replace("\0", " ")
        with self._lock:
            if self._library.espeak_SetVoiceByName(manner.voice.encode()) != 0:
                raise ProviderError("espeak", f"no voice is called {manner.voice!r}", retryable=False)
            self._library.espeak_SetParameter(_RATE, manner.speed, 0)
            self._library.espeak_SetParameter(_PITCH, manner.pitch, 0)
            self._library.espeak_ng_SetRandSeed(_SEED)
            self._begin(wanted)
            encoded = text.encode("utf-8", "replace")
            self._library.espeak_Synth(encoded, len(encoded) + 1, 0, _POSITION_IN_CHARACTERS, 0, _UTF8, None, None)
            pcm, onsets = bytes(self._pcm), tuple(self._onsets)
        return self._clip(text, pcm, onsets)

    def _begin(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._pcm = bytearray()
        self._onsets: list[_Onset] = []

    def _receive(self, samples: int | None, count: int, events: Any) -> int:
        if samples and count:
            self._pcm += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type != _LIST_ENDS:
            if events[index].type == _WORD:
                self._onsets.append(_Onset(events[index].text_position - 1, events[index].sample))
            index += 1
        return _GO_ON if self._wanted() else _ABORT

    def _clip(self, text: str, pcm: bytes, onsets: tuple[_Onset, ...]) -> Clip:
        import numpy as np  # comes with soxr

        samples = self._resample(np.frombuffer(pcm, np.int16), self._rate, SAMPLE_RATE)
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= QUIET)
        if not loud.size:
            return Clip(b"")
        first, last = int(loud[0]), int(loud[-1]) + 1
        starts = [
            (position, min(max(sample * SAMPLE_RATE // self._rate, first), last) - first) for position, sample in onsets
        ]

        def sound_ends(start: int, end: int) -> int:
            """The last sound between two positions: a word ends there, not after the pause behind it."""
            index = int(np.searchsorted(loud, end + first))
            return max(start, int(loud[index - 1]) + 1 - first) if index else start

        audio = audioop.lin2ulaw(samples[first:last].tobytes(), 2)
        return Clip(audio, _place_words(text, starts, last - first, sound_ends))


_loading = threading.Lock()


def _engine() -> _Engine:
    with _loading:  # `cache` alone would let two threads load the library twice
        return _loaded()


@cache
def _loaded() -> _Engine:
    return _Engine()


class _Onset(NamedTuple):
    """Where in the text a word stands (characters from 0), and at which of espeak's samples it begins."""

    position: int
    sample: int


def _place_words(
    text: str, starts: list[tuple[int, int]], end: int, sound_ends: Callable[[int, int], int]
) -> tuple[Word, ...]:
    """Give each word of `text` (as separated by spaces) its samples.

    espeak reports some words in parts ("7:30", "23") and some not at all (a dash; the second of two that it speaks as
    one): parts belong to the word they are in, and words without a report share the time of the one before by length.
    """
    tokens = _tokens(text)
    spoken: dict[int, int] = {}
    for position, start in starts:
        index = next((i for i, token in enumerate(tokens) if token.speakable and token.end > position), None)
        if index is not None:
            spoken.setdefault(index, start)
    if not spoken:
        return ()
    bounds = [*sorted(spoken.items()), (len(tokens), end)]
    bounds[0] = (0, bounds[0][1])  # what stands before the first reported word is part of it
    words: list[Word] = []
    for (first, start), (following, until) in pairwise(bounds):
        stop = sound_ends(start, max(start, until))
        group = tokens[first:following]
        characters = sum(len(token.text) for token in group)
        done = 0
        for token in group:
            begin = start + (stop - start) * done // characters
            done += len(token.text)
            words.append(Word(token.text, begin, start + (stop - start) * done // characters))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    end: int  # the character after it
    speakable: bool


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    for part in text.split():
        position = text.index(part, position) + len(part)
        tokens.append(_Token(part, position, any(character.isalnum() for character in part)))
    return tokens
