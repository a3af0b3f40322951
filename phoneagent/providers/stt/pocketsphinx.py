"""Ears that need no key and no network: pocketsphinx, listening for what the agent expects.

Open dictation on a telephone line is beyond it; a grammar of what makes sense at this point it recognises well. What
does not fit the grammar is heard as `UNINTELLIGIBLE`: something was said, and the mind shall ask again.

An utterance is decoded while it is spoken, in a thread: when the caller has fallen silent, the words are known already.
"""

from __future__ import annotations

import asyncio
import audioop
import math
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from phoneagent.audio.g711 import FRAME_SECONDS
from phoneagent.audio.voice_activity import Transition, VoiceActivity
from phoneagent.conversation.events import EndOfTurn, PartialTranscript, SpeechStarted, SpeechStopped
from phoneagent.conversation.grammar import Grammar
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard
from phoneagent.providers.mailbox import Mailbox
from phoneagent.records import Expectation

UNINTELLIGIBLE = "…"
"""The text of a turn in which something was said, but nothing that was expected."""

PRE_ROLL = 10  # frames: the voice is noticed after 60 ms; 140 ms before that hold the softest first consonants
TAIL = 5  # frames: 100 ms of quiet are decoded; more of it makes the decoder hear words in it
END_OF_SENTENCE = 0.4  # seconds of quiet after a whole sentence of the grammar; people breathe for less
END_OF_FRAGMENT = 0.8  # after anything else ("I would like to…"): more may come
LONGEST = 750  # frames: an utterance of 15 s is not what a grammar expects; it ends there
SHORTEST = 8  # frames: 160 ms; "yes" has 250. What is shorter and no word is a click, and not worth an answer
WAITING = 500  # frames: 10 s. A machine that falls behind further than that drops the oldest
PARTIAL_EVERY = 5  # frames: 100 ms
THREADS = 2  # decoders at work at the same time; each takes 7 hundredths of real time
GRAMMARS = 32  # kept a decoder: compiling one takes 20 to 50 ms, and the same states come back in every call

WORST_WORD = -0.0056
"""Natural logarithm of a word's likelihood against the best senones, a frame; a sentence with a worse word is rejected.

Measured: of 164 utterances understood none is below -0.00554, of 131 sentences forced into a grammar that does not have
them 68 are. A loop of phones as the alternative (also measured) rejects nearly all of those, and every second "four".
"""

DITHER = 50  # of 32,767, -56 dBFS: the model was trained in rooms, and takes digital silence for part of the words
CEPSTRAL_MEANS = "50.24,36.23,-41.61,37.57,-22.49,-0.69,9.21,-26.38,17.36,-16.76,6.03,3.42,-13.04"
"""Of clean telephone speech with that dither: the first words of a call are understood as well as later ones."""


class PocketsphinxStt:
    """The ears of a process; implements `ports.SpeechToText`. Decoders (27 MB, 0.15 s to load) are shared by calls."""

    turn_events = True

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="pocketsphinx")
        self._idle: list[_Decoder] = []
        self._lock = threading.Lock()

    async def connect(self, *, call: str, language: str = "en") -> PocketsphinxTranscription:
        """Open ears. Raises `ProviderError` (the wheel has an English model only; the package may be missing)."""
        if language.split("-", maxsplit=1)[0].lower() != "en":
            raise ProviderError("pocketsphinx", f"understands English only, not {language!r}", retryable=False)
        decoder = await asyncio.get_running_loop().run_in_executor(self._worker, self._take)
        return PocketsphinxTranscription(decoder, self._worker, self._idle.append)

    async def aclose(self) -> None:
        self._worker.shutdown(wait=False)

    def _take(self) -> _Decoder:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Decoder()


@dataclass(frozen=True, slots=True)
class _Begin:
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class _End:
    stopped: float  # seconds since the first frame
    voiced: int  # frames


class PocketsphinxTranscription:
    """The ears of one call; implements `ports.Transcription`."""

    def __init__(self, decoder: _Decoder, worker: ThreadPoolExecutor, give_back: Callable[[_Decoder], None]) -> None:
        self._decoder = decoder
        self._worker = worker
        self._give_back = give_back
        self._mailbox: Mailbox[Heard] = Mailbox()
        self._activity = VoiceActivity()
        self._expectation = Expectation()
        self._frames = 0  # since the beginning
        self._recent: deque[bytes] = deque(maxlen=PRE_ROLL)
        self._held: list[bytes] = []  # quiet of an utterance that may yet go on
        self._length = 0  # frames of the utterance; 0 outside of one
        self._voiced = 0  # of them voiced
        self._quiet = 0  # frames since the last voiced one
        self._sentence = False  # what was understood so far is a whole sentence
        self.dropped = 0  # frames that the machine was too slow for
        self._todo: deque[_Begin | bytes | _End] = deque()
        self._news = asyncio.Event()
        self._finishing = False
        self._listener = asyncio.create_task(self._listen(), name="pocketsphinx")

    def send(self, audio: bytes) -> None:
        if self._finishing:
            return
        self._frames += 1
        change = self._activity.hear(audio)
        if not self._length:
            self._recent.append(audio)
            if change is Transition.STARTED:
                self._begin()
            return
        self._length += 1
        if self._activity.voiced and not self._activity.quiet_for:
            self._voiced += 1
            self._quiet = 0
        else:
            self._quiet += 1
        self._held.append(audio)
        if self._quiet <= TAIL:
            self._feed(self._held)
        quiet = self._quiet * FRAME_SECONDS
        if quiet >= (END_OF_SENTENCE if self._sentence else END_OF_FRAGMENT) or self._length >= LONGEST:
            self._end()

    def expect(self, expectation: Expectation) -> None:
        """Listen for this from the next utterance on."""
        self._expectation = expectation

    def __aiter__(self) -> Mailbox[Heard]:
        return self._mailbox

    async def finish(self) -> None:
        if not self._finishing:
            if self._length:
                self._end()
            self._finishing = True
            self._news.set()
        await asyncio.wait([self._listener], timeout=0.8)
        self._mailbox.close()

    async def aclose(self) -> None:
        self._finishing = True
        self._mailbox.close()
        self._listener.cancel()
        await asyncio.wait([self._listener], timeout=0.8)

    # --- cutting audio into utterances, on the event loop --------------------------------------------

    def _begin(self) -> None:
        self._mailbox.put(SpeechStarted("stt"))
        self._todo.append(_Begin(self._expectation))
        self._length, self._voiced, self._quiet, self._sentence = len(self._recent), 3, 0, False
        self._held = list(self._recent)
        self._recent.clear()
        self._feed(self._held)

    def _feed(self, frames: list[bytes]) -> None:
        self._todo.extend(frames)
        frames.clear()
        while len(self._todo) > WAITING and isinstance(self._todo[1], bytes):
            del self._todo[1]  # the first may be the beginning of an utterance
            self.dropped += 1
        self._news.set()

    def _end(self) -> None:
        stopped = (self._frames - self._quiet) * FRAME_SECONDS
        self._todo.append(_End(stopped, self._voiced))
        self._recent.extend(self._held)
        self._held.clear()
        self._length = 0
        self._news.set()

    # --- recognising, in the worker ------------------------------------------------------------------

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        heard = ""
        try:
            while self._todo or not self._finishing:
                if not self._todo:
                    self._news.clear()
                    await self._news.wait()
                    continue
                work, end = self._next_work()
                understood = await loop.run_in_executor(self._worker, self._decoder.work, work, end is not None)
                if end is not None:
                    heard = ""
                    text = understood.text if understood.sentence else UNINTELLIGIBLE
                    self._mailbox.put(SpeechStopped(end.stopped, "stt"))
                    self._mailbox.put(EndOfTurn("" if text == UNINTELLIGIBLE and end.voiced < SHORTEST else text))
                    continue
                self._sentence = understood.sentence
                if understood.text and understood.text != heard:
                    heard = understood.text
                    self._mailbox.put(PartialTranscript(heard))
        except Exception as error:  # noqa: BLE001  # whatever fails in the library is this provider's failure
            self._mailbox.close(ProviderError("pocketsphinx", f"{type(error).__name__}: {error}", retryable=True))
        finally:
            self._mailbox.close()
            # Behind whatever the worker still does with it: a decoder is not for two calls at once.
            self._worker.submit(lambda: self._give_back(self._decoder.fresh()))

    def _next_work(self) -> tuple[list[_Begin | bytes], _End | None]:
        """All that waits, up to the end of an utterance."""
        work: list[_Begin | bytes] = []
        while self._todo:
            item = self._todo.popleft()
            if isinstance(item, _End):
                return work, item
            work.append(item)
        return work, None


class _Understood(NamedTuple):
    """Words that fit the grammar so far; `sentence`: all of one, and surely heard."""

    text: str
    sentence: bool


class _Decoder:
    """One pocketsphinx decoder. Its methods block; a lock keeps them apart."""

    def __init__(self) -> None:
        try:
            import numpy as np
            import soxr
            from pocketsphinx import Decoder
        except ImportError as error:
            raise ProviderError(
                "pocketsphinx", f"{error.name} is not installed: pip install 'phoneagent[embedded]'", retryable=False
            ) from error
        # lw and wip: JSGF divides a rule's probability among its alternatives, and the default weight of 6.5 makes a
        # sentence with many choices in it ("a table for <people> at <time>") far less likely than noise.
        # bestpath: the lattice's best path may end in the middle of a sentence.
        self._decoder: Any = Decoder(samprate=16000, loglevel="FATAL", lm=None, lw=2.0, wip=0.1, bestpath=False)
        self._numpy = np
        self._resampler = soxr.ResampleStream(8000, 16000, 1, "int16", "HQ")
        self._dither = np.random.default_rng(1).normal(0, DITHER, 8000).astype(np.int16).tobytes()
        self._grammars: OrderedDict[str, Grammar] = OrderedDict()
        self._grammar: Grammar | None = None
        self._position = 0
        self._decoding = False
        self._lock = threading.Lock()

    def fresh(self) -> _Decoder:
        """Ready for another call."""
        with self._lock:
            self._stop()
        return self

    def work(self, work: list[_Begin | bytes], ends: bool) -> _Understood:
        """Take in what was said; `ends`: it ends here. What was understood so far."""
        with self._lock:
            for item in work:
                if isinstance(item, _Begin):
                    self._start(item.expectation)
                    work = work[1:]
            if self._decoding:
                self._decode(b"".join(item for item in work if isinstance(item, bytes)), last=ends)
            if ends:
                self._stop()
            return self._understood()

    def _start(self, expectation: Expectation) -> None:
        self._stop()
        self._grammar = None
        if not expectation.phrases:
            return
        self._grammar = self._activate(expectation)
        self._decoder.set_cmn(CEPSTRAL_MEANS)
        self._resampler.clear()
        self._position = 0
        self._decoder.start_utt()
        self._decoding = True

    def _stop(self) -> None:
        if self._decoding:
            self._decoder.end_utt()
            self._decoding = False

    def _decode(self, audio: bytes, *, last: bool) -> None:
        pcm = audioop.ulaw2lin(audio, 2)
        noise = (self._dither[self._position :] + self._dither * (1 + len(pcm) // len(self._dither)))[: len(pcm)]
        self._position = (self._position + len(pcm)) % len(self._dither)
        narrow = self._numpy.frombuffer(audioop.add(pcm, noise, 2), self._numpy.int16)
        wide = self._resampler.resample_chunk(narrow, last=last)
        if len(wide):
            self._decoder.process_raw(wide.tobytes())

    def _understood(self) -> _Understood:
        hypothesis = self._decoder.hyp() if self._grammar is not None else None
        if hypothesis is None or not hypothesis.hypstr or self._grammar is None or self._worst_word() < WORST_WORD:
            return _Understood("", sentence=False)
        return _Understood(hypothesis.hypstr, self._grammar.match(hypothesis.hypstr) is not None)

    def _worst_word(self) -> float:
        return min(
            (
                math.log(max(segment.ascore, 1e-9)) / (segment.end_frame - segment.start_frame + 1)
                for segment in self._decoder.seg() or ()
                if not segment.word.startswith(("<", "(", "["))
            ),
            default=-math.inf,
        )

    def _activate(self, expectation: Expectation) -> Grammar:
        text = self._jsgf(expectation)
        name = f"expectation-{text}"
        if name not in self._grammars:
            while len(self._grammars) >= GRAMMARS:
                self._decoder.remove_search(self._grammars.popitem(last=False)[0])
            self._decoder.add_jsgf_string(name, text)
            self._grammars[name] = Grammar(expectation.phrases, expectation.rules)
        self._grammars.move_to_end(name)
        self._decoder.activate_search(name)
        return self._grammars[name]

    def _jsgf(self, expectation: Expectation) -> str:
        """The grammar as pocketsphinx reads it, without phrases that have words which its dictionary lacks."""
        rules = {rule.lower(): self._known(phrases) for rule, phrases in expectation.rules.items()}
        spoken = self._known(expectation.phrases)
        lines = [f"<{rule}> = {' | '.join(f'({phrase})' for phrase in phrases)};" for rule, phrases in rules.items()]
        return "\n".join(
            ["#JSGF V1.0;", "grammar turn;", f"public <turn> = {' | '.join(f'({s})' for s in spoken)};", *lines, ""]
        )

    def _known(self, phrases: tuple[str, ...]) -> list[str]:
        """The phrases in lower case, as the dictionary has its words."""
        words = {phrase.lower(): re.findall(r"[\w'-]+", re.sub(r"<[^<>]*>", " ", phrase.lower())) for phrase in phrases}
        return [phrase for phrase, spelled in words.items() if all(map(self._decoder.lookup_word, spelled))]
