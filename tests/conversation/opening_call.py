"""An opening of the corpus, played to the core in time: voice, transcripts as Flux sends them, tones, verdicts."""

from __future__ import annotations

import re
from typing import Literal

from phoneagent.conversation import events as e
from phoneagent.conversation.answering import Answering, OnMachine
from phoneagent.conversation.commands import Command, FinishSpeech, Hangup, StartReply, Synthesize
from phoneagent.conversation.states import State

from .scripted_call import WORD, ScriptedCall

PICKED_UP = 0.4  # seconds from the answer to the first word
CHARACTERS = 15.0  # a second: how fast people talk
SHORTEST = 0.4  # seconds that "yes?" takes
PARTIAL = 0.25  # seconds between two partial transcripts
EAGER, END = 0.15, 0.26  # seconds of silence until Flux thinks that a turn is over, and until it is sure
TONES = {"<beep>": 0.5, "<ced>": 3.0}  # seconds; a fax machine's: ITU-T T.30, 2.6 to 4.0
TONE_LASTS = 0.2  # seconds until a tone is known for one
DETECTION = 2.4  # seconds of speech that are a machine's for Twilio
MESSAGE = "Please call us back today"
SCREENING = "It is me about you"

Who = Literal["person", "machine", "screener"]


class OpeningCall(ScriptedCall):
    """A call that we placed, with a model and a voice that lose no time."""

    def __init__(self, machine: OnMachine = "hang_up") -> None:
        super().__init__(answering=Answering(machine, MESSAGE, SCREENING))
        self.first_sentence_ended: float | None = None
        self._talked = 0.0  # seconds of speech without a pause
        self._verdicts = False

    def play(self, said: str, *, verdicts: bool = False, then: float = 15.0) -> Who:
        """Whom the agent takes them for, some seconds after their last word. `verdicts`: of the carrier as well, which
        takes whoever talks long for a machine.
        """
        self._verdicts = verdicts
        self.tells(e.CallStarted())
        self.passes(PICKED_UP)
        for part in re.split(r"(\|[\d.]+\||<\w+>)", said):
            if part in TONES:
                self._sound(TONES[part])
            elif part.startswith("|"):
                self.passes(float(part.strip("|")))
            elif part.strip():
                self._say(part.strip())
        self.passes(then)
        return self.taken_for

    def _say(self, text: str) -> None:
        self.tells(e.SpeechStarted("vad"))
        since = self.at
        for end in range(round(PARTIAL * CHARACTERS), len(text) + 1, round(PARTIAL * CHARACTERS)):
            self.passes(since + end / CHARACTERS - self.at)
            self.tells(e.PartialTranscript(text[:end].rsplit(" ", 1)[0]))
            self._detect(self.at - since)
        self.passes(since + max(SHORTEST, len(text) / CHARACTERS) - self.at)
        ended = self.at
        self.tells(e.SpeechStopped(ended=ended))
        self.later(EAGER, e.EagerEndOfTurn(text))
        self.later(END, e.EndOfTurn(text))
        if self.first_sentence_ended is None:
            self.first_sentence_ended = ended

    def _detect(self, talked: float) -> None:
        if self._verdicts and talked >= DETECTION:
            self._verdicts = False
            self.tells(e.AnswererDetected("machine_start"))

    def _sound(self, seconds: float) -> None:
        self.passes(TONE_LASTS)
        self.tells(e.BeepStarted())
        self.passes(seconds - TONE_LASTS)
        self.tells(e.BeepStopped())

    @property
    def taken_for(self) -> Who:
        """What the agent has done by now."""
        left = any(hangup.reason == "machine" for hangup in self.all(Hangup))
        if left or self.state is State.AT_MACHINE or MESSAGE in [said.text for said in self.all(Synthesize)]:
            return "machine"
        return "screener" if SCREENING in [said.text for said in self.all(Synthesize)] else "person"

    @property
    def waited(self) -> float:
        """Seconds from the end of the first sentence to the agent's voice; 0 if it is heard then."""
        ended = self.first_sentence_ended
        assert ended is not None
        return max(
            0.0, min((begins for begins, until, *_ in self.carrier.queue if until > ended), default=99.0) - ended
        )

    def _carry_out(self, command: Command) -> None:
        super()._carry_out(command)
        match command:
            case StartReply(reply):
                self.later(0.0, e.ReplyText(reply, "It is about your table tonight."))
                self.later(0.0, e.ReplyDone(reply))
            case Synthesize(reply, text):
                words = tuple(self.words[reply][-len(text.split()) :])
                self.spoken[reply] = words[-1].end
                self.later(0.0, e.ReplyAudio(reply, WORD * len(words), words))
            case FinishSpeech(reply):
                self.later(0.0, e.ReplyAudioDone(reply))
            case _:
                pass
