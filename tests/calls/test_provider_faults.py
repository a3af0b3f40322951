"""Ears, mind and voice that fail in the middle of calls, each in its own way: what the caller notices of it.

Every case is the same call of three turns. Something befalls one provider in the first of them; the caller must be
answered, without a silence of more than 2.5 s, without losing a word or hearing one twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from phoneagent.records import ProviderChoice
from phoneagent.simulator.caller import AgentFinished, CallerScript, Say
from phoneagent.simulator.ear import Ear
from phoneagent.simulator.faults import Attempt, Fault

from .world import HOURS, agent, world

SILENCE = 2.5  # seconds, after which callers say "hello?"
BRIDGED = 1.9  # of the model a filler tells, 1.4 s after the caller's last sound or a hole; and its own first sound
QUESTION = "What are your opening hours?"
IN_TURN = 4.3  # seconds after the ears were connected: the caller is asking
LONG = AgentFinished(3.0)  # so long that no break in an answer is taken for its end
BOOKED = "One moment please. It is done. A table for 2 at 7 o'clock is booked under number"

WHOM = {
    "stt": lambda attempt: "/v2/" in attempt.path,
    "llm": lambda attempt: attempt.model == "gpt-5.4-mini",
    "tts": lambda attempt: "multi" in attempt.path,
}
SERVER = {"stt": "deepgram", "llm": "openai", "tts": "elevenlabs"}
FALLBACK = {
    "stt": ProviderChoice("deepgram", "nova-3"),
    "llm": ProviderChoice("openai", "gpt-4.1-mini"),
    "tts": ProviderChoice("espeak"),
}


def quota(**when: Any) -> Fault:
    return Fault("error", reason="quota_exceeded", code=1008, **when)


@dataclass(frozen=True)
class Case:
    """`alone`: it can be borne without a stand-in, too. `skip`: so many connections of the server are spared.

    `then`: who makes good for it, if there is a stand-in.
    """

    name: str
    part: Literal["stt", "llm", "tts"]
    fault: Fault
    times: int | None = 1
    skip: int = 0
    alone: bool = True
    then: str = ""
    answer: str = HOURS


CASES = [
    Case("401", "llm", Fault("refuse", status=401), times=None, alone=False, then="openai/gpt-4.1-mini"),
    Case("no credit", "llm", Fault("refuse", status=429, reason="insufficient_quota"), times=None, alone=False),
    Case("429 for a moment", "llm", Fault("refuse", status=429, retry_after=0.3), then="openai/gpt-5.4-mini"),
    Case("429 for long", "llm", Fault("refuse", status=429, retry_after=30), alone=False, then="openai/gpt-4.1-mini"),
    Case("500", "llm", Fault("refuse", status=500), then="openai/gpt-5.4-mini"),
    Case("500 twice", "llm", Fault("refuse", status=500), times=2, then="openai/gpt-4.1-mini"),
    Case("no first token", "llm", Fault("stall", at_event=1), then="openai/gpt-4.1-mini"),
    Case("frozen", "llm", Fault("freeze", at_event=1), then="openai/gpt-4.1-mini"),
    Case("stall after a word", "llm", Fault("stall", at_event=3), then="openai/gpt-4.1-mini"),
    Case("stall in the middle", "llm", Fault("stall", at_event=9), then="openai/gpt-4.1-mini"),
    Case("cut in the middle", "llm", Fault("drop", at_event=9), then="openai/gpt-5.4-mini"),
    Case("cut in a word", "llm", Fault("drop", at_event=12)),
    Case("error in the middle", "llm", Fault("error", at_event=9)),
    Case("garbage in the middle", "llm", Fault("garbage", at_event=9)),
    Case("nothing said", "llm", Fault("empty"), then="openai/gpt-5.4-mini"),
    Case("content filter", "llm", Fault("content_filter"), alone=False, then="openai/gpt-4.1-mini"),
    Case("401 on connecting", "tts", Fault("refuse", status=401), times=None, alone=False, then="espeak"),
    Case("busy on connecting", "tts", Fault("refuse", status=503), times=None, alone=False, then="espeak"),
    Case("no audio", "tts", Fault("stall", at_event=1), times=None, alone=False, then="espeak"),
    Case("no audio once", "tts", Fault("stall", at_event=1), then="espeak"),
    Case("frozen", "tts", Fault("freeze", at_event=3), then="espeak"),
    Case("stall in the middle", "tts", Fault("stall", at_event=3), then="espeak"),
    Case("stall later", "tts", Fault("stall", at_event=9), then="espeak"),
    Case("drop in the middle", "tts", Fault("drop", at_event=3), then="elevenlabs"),
    Case("drop each time", "tts", Fault("drop", at_event=3), times=None, alone=False, then="espeak"),
    Case("close in the middle", "tts", Fault("close", at_event=4), then="elevenlabs"),
    Case("quota in the middle", "tts", quota(at_event=3), alone=False, then="espeak"),
    Case("401 on connecting", "stt", Fault("refuse", status=401), times=None, alone=False, then="deepgram/nova-3"),
    Case("busy on connecting", "stt", Fault("refuse", status=503), times=None, alone=False, then="deepgram/nova-3"),
    Case("drop in a turn", "stt", Fault("drop", after=IN_TURN), then="deepgram"),
    Case("stall in a turn", "stt", Fault("stall", after=IN_TURN), then="deepgram"),
    Case("freeze in a turn", "stt", Fault("freeze", after=IN_TURN), then="deepgram"),
    Case("stall from the beginning", "stt", Fault("stall", at_event=1), then="deepgram/nova-3"),
    Case("stall before the turn", "stt", Fault("stall", after=2.0), then="deepgram/nova-3"),
    Case("stall each time", "stt", Fault("stall", after=2.0), times=None, alone=False, then="deepgram/nova-3"),
    Case("garbage in a turn", "stt", Fault("garbage", after=IN_TURN), then="deepgram"),
    Case("1008 in a turn", "stt", Fault("close", after=IN_TURN, code=1008), then="deepgram/nova-3"),
    Case("1011 in a turn", "stt", Fault("close", after=IN_TURN, code=1011), then="deepgram"),
    Case("1011 each time", "stt", Fault("close", after=IN_TURN, code=1011), times=None),
    Case("too many contexts", "tts", Fault("error", at_event=3, reason="max_active_conversations", code=1008)),
]


def made(part: str | None) -> Any:
    """The front desk with a stand-in for one part, or none."""
    first = {
        "stt": ProviderChoice("deepgram", "flux-general-en"),
        "llm": ProviderChoice("openai", "gpt-5.4-mini"),
        "tts": ProviderChoice("elevenlabs"),
    }
    if part is not None:
        choice = first[part]
        first[part] = ProviderChoice(choice.provider, choice.model, fallback=(FALLBACK[part],))
    return agent(stt=first["stt"], llm=first["llm"], tts=first["tts"])


def longest_silences(ear: Ear) -> list[float]:
    """After each turn of the caller: the longest time without a sound of the agent until its answer was over."""
    longest = []
    said = ear.caller_speech()
    for number, turn in enumerate(said):
        until = said[number + 1].at if number + 1 < len(said) else ear.duration
        heard_until, silence = turn.end, 0.0
        answers = [heard for heard in ear.agent_speech() if heard.end > turn.end and heard.at < until]
        for heard in answers:
            silence, heard_until = max(silence, heard.at - heard_until), heard.end
        longest.append(silence if answers else until - turn.end)
    return longest


async def call_with(case: Case, *, stand_in: bool) -> tuple[Any, Any]:
    spared = case.skip

    def whom(attempt: Attempt) -> bool:
        nonlocal spared
        if not WHOM[case.part](attempt):
            return False
        spared -= 1
        return spared < 0

    async with world(made(case.part if stand_in else None)) as (running, told):
        server = getattr(running, SERVER[case.part])
        server.faults.add(case.fault, times=case.times, whom=whom)
        script = CallerScript(
            Say(QUESTION), Say("Is there a table for two?", after=LONG), Say("Goodbye", after=LONG), patience=40.0
        )
        call = await running.carrier.call(running.voice_url, caller=script, time_limit=120)
    return call, told


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.part} {case.name}")
async def test_a_stand_in_makes_good_for_it(case):
    call, told = await call_with(case, stand_in=True)
    check(case, call, told)
    failures = [failed for failed in told.of("provider_failed") if failed["part"] == case.part]
    assert failures, "who watches the call knows what failed"
    if case.then:
        assert case.then in [failed["then"] for failed in failures]


@pytest.mark.parametrize("case", [case for case in CASES if case.alone], ids=lambda case: f"{case.part} {case.name}")
async def test_a_provider_without_a_stand_in_is_asked_again(case):
    call, told = await call_with(case, stand_in=False)
    check(case, call, told)


def check(case: Case, call: Any, told: Any) -> None:
    assert call.violations == ()
    assert max(longest_silences(call.ear)) <= (BRIDGED if case.part == "llm" else SILENCE)
    hours, table, goodbye = told.dialogue[1:]
    caller, _, answer = hours.partition(" / ")
    assert caller == QUESTION
    assert without_filler(answer) == case.answer
    assert table.startswith(f"Is there a table for two? / {BOOKED}")
    assert goodbye == "Goodbye / Thank you for calling. Goodbye."
    assert told.of("reply_failed") == []
    assert call.ended_by == "agent"


def without_filler(answer: str) -> str:
    """A filler is cut at the end of a word when the answer is there."""
    for filler in ("One moment, please. ", "One moment, ", "One "):
        if filler in f"{answer} ":
            return f"{answer} ".replace(filler, "", 1).rstrip()
    return answer


@pytest.mark.parametrize("stand_in", [True, False])
async def test_a_sentence_of_which_the_voice_makes_no_audio(stand_in):
    """Somebody else says it, or it was not said."""
    async with world(made("tts" if stand_in else None)) as (running, told):
        assert running.elevenlabs is not None
        running.elevenlabs.unspoken = lambda text: "Mondays" in text
        script = CallerScript(Say(QUESTION), Say("Goodbye", after=LONG), patience=40.0)
        call = await running.carrier.call(running.voice_url, caller=script, time_limit=120)
    assert call.violations == ()
    assert max(longest_silences(call.ear)) <= SILENCE
    answer = without_filler(told.dialogue[1].partition(" / ")[2])
    first, _, _ = HOURS.partition(" On Mondays")
    if stand_in:
        assert answer == HOURS
        assert told.of("reply_failed") == []
    else:
        assert answer == f"{first} —"
        assert told.of("reply_failed")
        assert "sorry" in told.dialogue[2]
    assert call.ended_by == "agent"


async def test_the_model_reads_that_its_tool_call_was_malformed():
    case = Case("bad arguments", "llm", Fault("bad_arguments"), times=2)
    call, told = await call_with(case, stand_in=False)
    (returned,) = told.of("tool_returned")
    assert returned["failed"]
    assert told.dialogue[2].startswith("Is there a table for two? / One moment please. It is done. book_table: the arg")
    assert max(longest_silences(call.ear)) <= SILENCE
    assert call.ended_by == "agent"


async def test_what_no_model_talks_about_is_declined():
    case = Case("content filter", "llm", Fault("content_filter"), times=1)
    call, told = await call_with(case, stand_in=False)
    assert told.dialogue[1] == f"{QUESTION} / I am sorry, I cannot help you with that. Is there something else?"
    assert max(longest_silences(call.ear)) <= SILENCE


async def test_thirty_calls_of_which_every_third_meets_a_fault():
    made_ = made("llm")
    async with world(made_) as (running, told):
        assert running.openai is not None
        running.openai.faults.add(Fault("stall", at_event=9), every=3, whom=WHOM["llm"])
        script = CallerScript(Say(QUESTION), Say("Goodbye", after=LONG), patience=40.0)
        calls = [running.carrier.dial(running.voice_url, caller=script) for _ in range(30)]
        ended = [await call.ended for call in calls]
    assert all(max(longest_silences(call.ear)) <= SILENCE for call in ended)
    assert all(call.ended_by == "agent" for call in ended)
    assert len([turn for turn in told.dialogue if turn == f"{QUESTION} / {HOURS}"]) == 30
    assert told.of("provider_failed")
