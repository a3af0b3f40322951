"""What can be tuned about turn-taking, and the phrases an agent says by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .knobs import check, knob

FirstMessage = Literal["agent", "caller", "generated"]

VOICE_BEGINS = (
    1.5  # seconds from the model's first word to the first sound: voices need 0.3, slow ones and retries more
)
TEMPLATE = {"unit": "template"}  # a text in which `{variables}` of the call may stand


@dataclass(frozen=True, slots=True)
class EndpointingRule:
    """A silence of its own for some questions and answers. The first rule that matches decides.

    `agent` and `caller` are regular expressions, found anywhere, in upper or lower case, in what the agent said last
    and in the caller's turn so far; an empty one matches everything.
    """

    silence: float = knob(1.0, "s", "of the caller; then the turn is over", least=0.05)
    agent: str = knob("", "pattern", "what the agent said last")
    caller: str = knob("", "pattern", "the caller's turn so far")
    turn_events: bool = knob(True, "yes/no", "also where the ears end turns by themselves: their end is then held back")

    def __post_init__(self) -> None:
        """Raise `ValueError` for patterns that are none."""
        check(self)


@dataclass(frozen=True, slots=True)
class KeypadRule:
    """What is typed after some questions. The first rule that matches decides, unless the mind does (`KeysExpected`).

    `agent` is a regular expression, found anywhere, in upper or lower case, in what the agent said last.
    """

    agent: str = knob("", "pattern", "what the agent said last")
    length: int = knob(0, "digits", "an entry of so many is complete; 0: of any length")
    end: str = knob("#", "key", "ends an entry at once; empty: none does")
    choices: tuple[str, ...] = knob((), "keys", "a menu's: one that is on offer is complete at once")
    secret: bool = knob(False, "yes/no", "also where no word of `sensitive` is in the question")

    def __post_init__(self) -> None:
        """Raise `ValueError` for patterns that are none."""
        check(self)


@dataclass(frozen=True, slots=True)
class Interruption:
    """What it takes to interrupt the agent."""

    interruptible: bool = knob(True, "yes/no", "if not, what is said over the agent is answered afterwards")
    words: int = knob(1, "words", "so many that are no backchannel; one, so that a single word is heeded")
    voice: float = knob(0.0, "s", "of sound that make the agent pause; more is calmer, and stops later", most=10)

    def __post_init__(self) -> None:
        """Raise `ValueError` for numbers out of range."""
        check(self)


@dataclass(frozen=True, slots=True)
class Policy:
    """Every duration and threshold of turn-taking. An agent file sets them under `[turn_taking]`, a call for itself.

    Raises `ValueError` for values that cannot work.
    """

    # -- the first words
    first_message: FirstMessage = knob("agent", "who", "the agent greets; or the caller begins; or the model greets")

    # -- endpointing: for ears without turn events, but for the rules and what says otherwise
    silence_after_sentence: float = knob(
        0.5, "s", "a finished sentence; people breathe, and the answer is ready by then"
    )
    silence_after_words: float = knob(0.7, "s", "words that may or may not be a whole thought")
    silence_after_number: float = knob(0.8, "s", "there may be more of it; a rule knows dictated digits")
    silence_after_fragment: float = knob(1.2, "s", '"and", "I would like": more is coming')
    silence_at_most: float = knob(3.0, "s", "whatever was said")
    rules: tuple[EndpointingRule, ...] = knob((), "rules", "your own, tried before those that are built in")
    built_in_rules: bool = knob(True, "yes/no", "numbers, spelling, open questions, yes and no: see endpointing.py")
    final_within: float = knob(1.0, "s", "so long a final transcript may lag behind the silence it belongs to")
    end_of_turn_within: float = knob(6.0, "s", "for ears with turn events: their own limit is 5 s, then they are deaf")
    turn_at_most: float = knob(60.0, "s", "a turn that does not end is closed after this")
    sound_at_most: float = knob(12.0, "s", "the same of a turn without a word: a sound that lasts is no caller's voice")
    respond_after: float = knob(
        0.0, "s", "from the caller's last sound to the answer at least; some find haste rude", most=10
    )

    # -- eager turns
    eager_turns: bool = knob(True, "yes/no", "think and speak ahead while the end of a turn is likely, but not certain")
    eager_budget: int = knob(8, "replies", "cancelled ones a call; then speculation does not pay on this line")

    # -- barge-in
    greeting: Interruption = knob(Interruption(), "table", "while the agent greets")
    thinking: Interruption = knob(Interruption(), "table", "while the caller waits for the answer")
    speaking: Interruption = knob(Interruption(), "table", "while the agent answers")
    confirm_barge_in: float = knob(1.0, "s", "so long a stop may stay unexplained before the agent goes on")
    pause_at_most: float = knob(
        6.0, "s", "the agent waits for a sound that does not stop; then it is no caller's voice"
    )
    words_within: float = knob(0.4, "s", "after a sound over the agent: if no words come by then, it was none")
    resume_words_before: int = knob(0, "words", "0: go on at the word that was cut; 1: at the one before it")
    back_off: float = knob(
        0.5, "s", "from an interruption to the next word at least; sooner sounds like quarrelling", least=0
    )
    echo_words: int = knob(2, "words", "so many in a row that the agent has just said are its echo; 0: there is none")
    backchannels: tuple[str, ...] = knob(
        (
            "mhm", "mm-hm", "mm-hmm", "mm hmm", "mmhmm", "uh-huh", "uh huh", "aha", "hm", "hmm", "yeah", "yep", "right",
            "i see", "ah", "oh", "okay", "ok", "sure", "got it", "go on",
        ),
        "phrases",
        'listeners say them and mean "go on"; another language needs its own',
    )  # fmt: skip
    closings: tuple[str, ...] = knob(
        (
            "bye", "bye bye", "goodbye", "good bye", "good night", "see you", "take care", "thanks", "thank you",
            "thanks a lot", "thank you very much", "you too", "have a nice day", "cheers",
        ),
        "phrases",
        "said over the agent's goodbye they take nothing back: the call ends",
    )  # fmt: skip
    interrupting: tuple[str, ...] = knob(
        ("stop", "wait", "hold on", "no", "actually", "excuse me", "sorry"),
        "phrases",
        "at the beginning they stop the agent, however few the words",
    )

    # -- who has answered: of calls that we place
    answerer_within: float = knob(40.0, "s", "so long words and beeps may show a machine; greetings are shorter")
    machine_words: tuple[str, ...] = knob((), "patterns", "only machines say so: your own, beside the built-in ones")
    person_words: tuple[str, ...] = knob(
        (), "patterns", "nobody but a person says so: your own, beside the built-in ones"
    )
    person_turns: int = knob(2, "turns", "after which the agent was heard out: then it is a person", least=1)
    screener_words: tuple[str, ...] = knob(
        (), "patterns", "asks for name and purpose, and gets `[phrases] screening`: your own, beside the built-in ones"
    )
    screener_holds: tuple[str, ...] = knob(
        (),
        "patterns",
        "what a screener says while it asks: your own; whoever says something else has come to the phone",
    )
    machine_confirm: float = knob(4.0, "s", "what is being said is heard out so long before a machine is hung up on")
    beep_silence: float = knob(
        2.5, "s", "after a machine's words, where no beep comes; pauses in greetings are shorter"
    )
    beep_within: float = knob(60.0, "s", "then the message is left all the same")

    # -- phrases
    first_phrase_words: int = knob(3, "words", "so many go to the voice at once; each more is 12 ms at 80 tokens/s")
    phrase_characters: int = knob(
        240, "characters", "a sentence longer than this is spoken in parts", least=20, most=1000
    )

    # -- keys
    keypad_pause: float = knob(2.0, "s", "between digits; then the entry is complete")
    keypad_end: str = knob("#", "key", "ends an entry at once")
    keypad_length: int = knob(0, "digits", "an entry of so many is complete; 0: of any length")
    sensitive: tuple[str, ...] = knob(
        (r"card number|security code|\b(?:pin|cvv|cvc)\b|social security|password",),
        "patterns",
        "keys pressed after the agent asked for this are known to nobody, the model included",
    )
    keypad: tuple[KeypadRule, ...] = knob((), "rules", "what is typed after which question")

    # -- waiting
    idle_after: float = knob(8.0, "s", "of silence; then the caller is asked whether they are there")
    idle_prompts: int = knob(3, "times", "then a goodbye")
    idle_when_waiting: float = knob(
        30.0,
        "s",
        "instead, when the caller has asked for a moment; twice that to find somebody, or as long as they say",
    )
    waiting: tuple[str, ...] = knob(
        (), "patterns", "more ways in which callers ask for a moment; the usual ones are known: see moments.py"
    )
    filler_after: float = knob(
        1.4, "s", "after the caller's last sound, or a hole in the answer; people say “hm” after a second"
    )
    filler_again: float = knob(5.0, "s", "of silence after the agent last said something; more often it nags")
    fillers_at_most: int = knob(3, "times", "in one wait")
    still_here_again: float = knob(4.0, "s", 'so long "I am still here" answers every "hello?" while an answer is slow')
    reply_within: float = knob(
        10.0,
        "s",
        "from asking the model to its first audio, through retries, second requests and fallbacks; then an apology. "
        "Slow models take 5 to 8 s for a word, and fillers bridge that; after 10 people hang up",
    )
    tool_within: float = knob(15.0, "s", "a tool that has not answered by then has failed")
    tool_rounds: int = knob(8, "rounds", "of tools in one answer, then it must do without; three are many", least=1)
    turn_within: float = knob(45.0, "s", "from the caller's turn to its answer, through all rounds of tools")
    stream_within: float = knob(10.0, "s", "from creation to the media stream's start")
    marks_overdue: float = knob(1.0, "s", "a mark this late is taken as played")
    voice_within: float = knob(5.0, "s", "the longest hole in the middle of a reply")
    hang_up_within: float = knob(5.0, "s", "from hanging up to the end of the call")
    last_words_within: float = knob(1.0, "s", "what the ears may still deliver after the caller has gone")
    failures_at_most: int = knob(2, "replies", "that fail in a row; then the call is given up")
    call_at_most: float = knob(
        600.0, "s", "[limits] max_duration: nobody pays for a call that nobody ends", most=86_400
    )
    goodbye_before_limit: float = knob(
        8.0, "s", "[limits] goodbye_before: time to say so before the limit", most=86_400
    )

    # -- slices
    slice_samples: int = knob(1280, "samples", "160 ms: a mark after each; 100 to 200 ms suits the ledger", least=160)

    @property
    def first_word_within(self) -> float:
        """Seconds that the model has for its first word, however often and of whomever it is asked: of `reply_within`
        the voice needs some.
        """
        return max(self.reply_within - VOICE_BEGINS, self.reply_within / 2)

    def __post_init__(self) -> None:
        """Raise `ValueError` for what would cut speech into pieces of nothing, without end, and for broken patterns."""
        check(self)


@dataclass(frozen=True, slots=True)
class Phrasing:
    """What the agent says without asking the model."""

    greeting: str = "Hello, how can I help you?"
    disclosure: str = ""  # comes first, and again until it was heard to its end
    announcement: str = ""  # comes before the greeting, and nobody can cut it
    idle_prompts: tuple[str, ...] = ("Are you still there?",)
    idle_goodbye: str = "I cannot hear you, so I will hang up now. Goodbye."
    fillers: tuple[str, ...] = ("One moment, please.", "Let me see.")  # when the answer is slow, in turns
    later_fillers: tuple[str, ...] = ("I am still looking.", "It takes a little longer.")  # when it is slower still
    still_here: str = ""  # to "hello?" while the answer is slow; if empty, in our own words
    apology: str = "I am sorry, something went wrong. Could you say that again?"
    failure_goodbye: str = "I am sorry, I have a technical problem and must end this call. Please call again later."
    time_goodbye: str = "I am sorry, we have reached the time limit of this call. Goodbye."
    unfinished: str = "I am sorry, I could not finish that. Can I help you in another way?"  # tools without end
    declined: str = "I am sorry, I cannot help you with that. Is there something else?"  # no model will talk of it
    goodbye: str = "Goodbye."
    do_not_call: str = ""  # to who wants no more calls; if empty, in our own words
    bridge: str = "I am back. Sorry for the interruption."  # a call that another process carries on
    transfer_busy: str = "I am sorry, the line is busy just now. Can I help you in another way?"
    transfer_unanswered: str = "I am sorry, nobody answers just now. Can I help you in another way?"
    transfer_declined: str = "I am sorry, nobody is free to take your call just now. Can I help you in another way?"
    transfer_closed: str = "I am sorry, they are not there at this hour. Can I help you in another way?"
    transfer_failed: str = "I am sorry, I could not connect you. Can I help you in another way?"
    transfer_emergency: str = (
        "I cannot call an emergency service. If you need help, please hang up and dial the emergency number yourself."
    )
    voicemail: str = field(default="", metadata=TEMPLATE)  # for answering machines
    screening: str = field(default="", metadata=TEMPLATE)  # who calls and why, for screeners that ask
    end_call_phrases: tuple[str, ...] = ()  # an answer that ends with one of these ends the call when it was heard

    @property
    def fixed(self) -> tuple[str, ...]:
        """All without variables that may be said word for word: worth having spoken before it is needed."""
        return (
            *self.fillers, *self.idle_prompts, self.apology, self.goodbye, self.idle_goodbye,
            self.failure_goodbye, self.time_goodbye, self.bridge, *self.later_fillers,
            self.transfer_busy, self.transfer_unanswered, self.transfer_declined, self.transfer_closed,
            self.transfer_failed, self.transfer_emergency, self.declined, self.unfinished,
        )  # fmt: skip
