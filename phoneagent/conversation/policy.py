"""What can be tuned about turn-taking, and the phrases an agent says by itself."""

from __future__ import annotations

from dataclasses import dataclass

LEAST = {
    "slice_samples": 160,  # a frame
    "phrase_characters": 20,  # a few words
}
"""The smallest values of those that cannot be zero."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Durations are seconds. Each default has its reason beside it.

    Names follow the glossary; an agent file sets any of them under `[turn_taking]`.
    """

    # -- endpointing, for ears without turn events (others wait 0.1 s after punctuation, 0.5 a number, 1.5 without)
    silence_after_sentence: float = 0.3  # a finished sentence; shorter cuts off people who breathe
    silence_after_words: float = 0.7  # words that may or may not be a whole thought
    silence_after_number: float = 1.0  # digits come in groups, with pauses of up to 900 ms
    silence_after_fragment: float = 1.2  # "and", "I would like": more is coming
    silence_at_most: float = 3.0  # whatever was said
    final_within: float = 1.0  # how long a final transcript may lag behind the silence it belongs to
    end_of_turn_within: float = 6.0  # for ears with turn events: their own limit is 5 s, so they are deaf after this
    turn_at_most: float = 60.0  # an open turn without an end is closed after this

    # -- eager turns
    eager_turns: bool = True
    eager_budget: int = 8  # cancelled speculative replies a call; then speculation stops paying

    # -- barge-in
    interruptible: bool = True
    interruptible_greeting: bool = True
    confirm_barge_in: float = 1.0  # how long a stop may stay unexplained before the agent goes on
    pause_at_most: float = 6.0  # so long the agent waits for a sound that does not stop; then it is no caller's voice
    words_within: float = 0.4  # after a sound over the agent has ended, words come within this or it was none
    barge_in_words: int = 1  # this many words that are no backchannel are an interruption
    backchannels: tuple[str, ...] = (
        "mhm", "mm-hmm", "mm hmm", "mmhmm", "uh-huh", "uh huh", "aha", "hm", "hmm", "yeah", "yep", "right",
        "i see", "ah", "oh", "okay", "ok", "sure", "got it", "go on",
    )  # fmt: skip
    interrupting: tuple[str, ...] = ("stop", "wait", "hold on", "no", "actually", "excuse me", "sorry")

    # -- phrases
    first_phrase_words: int = 3  # so many words go to the voice at once; each more is 12 ms later at 80 tokens a second
    phrase_characters: int = 240  # a sentence longer than this is spoken in parts

    # -- waiting
    idle_after: float = 8.0  # silence after which the caller is asked whether they are there
    idle_prompts: int = 3  # then a goodbye
    reply_within: float = 8.0  # from the start of a reply to its first audio; then an apology
    keypad_pause: float = 2.0  # between digits; then the entry is complete
    tool_within: float = 15.0  # a tool that has not answered by then has failed
    stream_within: float = 10.0  # from creation to CallStarted
    marks_overdue: float = 1.0  # a mark this late is taken as played
    voice_within: float = 5.0  # the longest hole in the middle of a reply
    hang_up_within: float = 5.0  # from Hangup to CallEnded
    last_words_within: float = 1.0  # what the ears may still deliver after the caller has gone
    failures_at_most: int = 2  # replies that fail in a row; then the call is given up
    call_at_most: float = 600.0
    goodbye_before_limit: float = 8.0  # time to say so before the limit

    # -- slices
    slice_samples: int = 1280  # 160 ms: a mark after each; 100 to 200 ms is what the ledger needs

    def __post_init__(self) -> None:
        """Raise `ValueError` for what would cut speech into pieces of nothing, without end."""
        for name, least in LEAST.items():
            if (value := getattr(self, name)) < least:
                raise ValueError(f"{name}: expected at least {least}, got {value}")


@dataclass(frozen=True, slots=True)
class Phrasing:
    """What the agent says without asking the model."""

    greeting: str = "Hello, how can I help you?"
    idle_prompts: tuple[str, ...] = ("Are you still there?",)
    idle_goodbye: str = "I cannot hear you, so I will hang up now. Goodbye."
    apology: str = "I am sorry, something went wrong. Could you say that again?"
    failure_goodbye: str = "I am sorry, I have a technical problem and must end this call. Please call again later."
    time_goodbye: str = "I am sorry, we have reached the time limit of this call. Goodbye."
    goodbye: str = "Goodbye."
    bridge: str = "I am back. Sorry for the interruption."  # a call that another process carries on
