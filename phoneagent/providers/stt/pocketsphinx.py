"""Ears that need no key and no network: pocketsphinx, listening for what the agent expects.

Open dictation on a telephone line is beyond it; a grammar of what makes sense at this point it recognises well. What
does not fit the grammar is heard as `UNINTELLIGIBLE`: something was said, and the mind shall ask again.

The decoder blocks, so it works in a thread of its own pool; the event loop only cuts the caller's audio into
utterances.
"""

from __future__ import annotations

import asyncio
import audioop
import contextlib
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import soxr

from phoneagent.audio.g711 import FRAME_SECONDS
from phoneagent.audio.voice_activity import Transition, VoiceActivity
from phoneagent.conversation.events import EndOfTurn, SpeechStarted
from phoneagent.conversation.grammar import Grammar
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard
from phoneagent.providers.mailbox import Mailbox
from phoneagent.records import Expectation

UNINTELLIGIBLE = "…"

PRE_ROLL = 15  # frames: 300 ms before the voice was noticed; first consonants are softer than the noise gate
END_OF_TURN = 0.45  # seconds of quiet: shorter cuts off people who breathe, longer feels slow for short answers
LONGEST = 750  # frames: an utterance of 15 s is not what a grammar expects; it ends there
THREADS = 2  # decoders at work at the same time; each takes about a hundredth of real time

PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
STRICTNESS = 1e8  # any phone at all costs this much beside those that sentences expect: less rejects more

NEVER_SAID = "zznever"  # takes the probability that phones are not given; JSGF normalises weights within a choice

# Cepstral means of clean telephone speech: with them the first words of a call are understood as well as later ones.
CEPSTRAL_MEANS = "50.24,36.23,-41.61,37.57,-22.49,-0.69,9.21,-26.38,17.36,-16.76,6.03,3.42,-13.04"


class PocketsphinxStt:
    """The ears of a process; implements `ports.SpeechToText`. Decoders (40 MB, 0.7 s to load) are shared by calls."""

    turn_events = True

    def __init__(self, *, strictness: float = STRICTNESS) -> None:
        self._strictness = strictness
        self._worker = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="pocketsphinx")
        self._idle: list[_Decoder] = []
        self._lock = threading.Lock()

    async def connect(self, *, call: str, language: str = "en") -> PocketsphinxTranscription:
        """Open ears. Raises `ProviderError` for another language than English: there is no other model in the wheel."""
        if language.split("-", maxsplit=1)[0].lower() != "en":
            raise ProviderError("pocketsphinx", f"understands English only, not {language!r}", retryable=False)
        await asyncio.get_running_loop().run_in_executor(self._worker, self._warm)
        return PocketsphinxTranscription(self)

    async def aclose(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _warm(self) -> None:
        decoder = self._take()
        self._give_back(decoder)

    def _take(self) -> _Decoder:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Decoder(self._strictness)

    def _give_back(self, decoder: _Decoder) -> None:
        with self._lock:
            self._idle.append(decoder)

    async def recognise(self, audio: bytes, expectation: Expectation) -> str:
        """What was said in an utterance of μ-law."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._recognise, audio, expectation)

    def _recognise(self, audio: bytes, expectation: Expectation) -> str:
        decoder = self._take()
        try:
            return decoder.recognise(audio, expectation)
        finally:
            self._give_back(decoder)


class PocketsphinxTranscription:
    """The ears of one call; implements `ports.Transcription`."""

    def __init__(self, ears: PocketsphinxStt) -> None:
        self._ears = ears
        self._loop = asyncio.get_running_loop()
        self._mailbox: Mailbox[Heard] = Mailbox()
        self._activity = VoiceActivity()
        self._expectation = Expectation()
        self._recent: deque[bytes] = deque(maxlen=PRE_ROLL)
        self._utterance: list[bytes] = []
        self._quiet = 0.0  # seconds since the voice was last heard, in an utterance
        self._closed = False
        self._utterances: asyncio.Queue[tuple[bytes, Expectation] | None] = asyncio.Queue(maxsize=8)
        self._recogniser = asyncio.create_task(self._recognise(), name="pocketsphinx")

    def send(self, audio: bytes) -> None:
        if self._closed:
            return
        change = self._activity.hear(audio)
        if change is Transition.STARTED and not self._utterance:
            self._utterance = list(self._recent)
            self._mailbox.put(SpeechStarted("stt"))
        self._recent.append(audio)
        if not self._utterance:
            return
        self._utterance.append(audio)
        if self._activity.voiced:
            self._quiet = self._activity.quiet_for
        else:
            self._quiet += FRAME_SECONDS
        if self._quiet >= END_OF_TURN or len(self._utterance) >= LONGEST:
            self._end_utterance()

    def expect(self, expectation: Expectation) -> None:
        self._expectation = expectation

    def __aiter__(self) -> Mailbox[Heard]:
        return self._mailbox

    async def finish(self) -> None:
        if self._utterance:
            self._end_utterance()
        if not self._closed:
            self._closed = True
            self._utterances.put_nowait(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.8):
                    await asyncio.shield(self._recogniser)
            self._mailbox.close()

    async def aclose(self) -> None:
        self._closed = True
        self._mailbox.close()
        self._recogniser.cancel()
        await asyncio.wait([self._recogniser])

    def _end_utterance(self) -> None:
        audio, self._utterance = b"".join(self._utterance), []
        self._recent.clear()
        self._quiet = 0.0
        if self._utterances.full():  # the machine is slower than the caller speaks
            self._mailbox.put(EndOfTurn(UNINTELLIGIBLE))
            return
        self._utterances.put_nowait((audio, self._expectation))

    async def _recognise(self) -> None:
        while (item := await self._utterances.get()) is not None:
            self._mailbox.put(EndOfTurn(await self._ears.recognise(*item)))
        self._mailbox.close()


class _Decoder:
    """One pocketsphinx decoder. Not for two threads at once."""

    def __init__(self, strictness: float) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=16000, loglevel="FATAL", lm=None, lw=2.0, wip=0.1, bestpath=False)
        self._strictness = strictness
        self._grammars: dict[str, Grammar] = {}
        for phone in PHONES:
            self._decoder.add_word(f"zz{phone.lower()}", phone, False)
        self._decoder.add_word(NEVER_SAID, "ZH OY ZH OY ZH OY ZH OY ZH OY", True)

    def recognise(self, audio: bytes, expectation: Expectation) -> str:
        """The sentence of the grammar that was said, or `UNINTELLIGIBLE`."""
        if not expectation.phrases:
            return UNINTELLIGIBLE
        grammar = self._activate(expectation)
        decoder = self._decoder
        decoder.set_cmn(CEPSTRAL_MEANS)
        narrow = np.frombuffer(audioop.ulaw2lin(audio, 2), np.int16)
        decoder.start_utt()
        decoder.process_raw(soxr.resample(narrow, 8000, 16000).tobytes())
        decoder.end_utt()
        hypothesis = decoder.hyp()
        words = hypothesis.hypstr if hypothesis is not None else ""
        return words if grammar.match(words) else UNINTELLIGIBLE

    def _activate(self, expectation: Expectation) -> Grammar:
        text = _jsgf(expectation, self._strictness)
        name = f"g{hash(text):x}"
        if name not in self._grammars:
            if len(self._grammars) >= 64:
                for old in self._grammars:
                    self._decoder.remove_search(old)
                self._grammars.clear()
            self._decoder.add_jsgf_string(name, text)
            self._grammars[name] = Grammar(expectation.phrases, expectation.rules)
        self._decoder.activate_search(name)
        return self._grammars[name]


def _jsgf(expectation: Expectation, strictness: float) -> str:
    """The grammar in pocketsphinx's notation. Beside every sentence it allows any sequence of phones, at a price."""
    sentences = " | ".join(f"({phrase})" for phrase in expectation.phrases)
    rules = [f"<{name}> = {' | '.join(f'({word})' for word in words)};" for name, words in expectation.rules.items()]
    phones = " | ".join([f"/{strictness:f}/ {NEVER_SAID}", *(f"/1.0/ zz{phone.lower()}" for phone in PHONES)])
    return "\n".join(
        ["#JSGF V1.0;", "grammar turn;", f"public <turn> = {sentences} | <zz>;", *rules, f"<zz> = ({phones})+;", ""]
    )
