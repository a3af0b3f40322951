"""A score that cannot fall is worth nothing: for everything that is counted, a call in which it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.scenarios.score import Hesitation, score, unplayable
from phoneagent.scenarios.scoreboard import HESITATION, percentile, scoreboard
from phoneagent.simulator.ear import Noised, Pressed, Said

from .calls import ONE_QUESTION, agent, caller, outcome, scenario

GREETING = "Hello, how can I help you?"
QUESTION = "What are your hours?"
ANSWER = "We open at nine."
ASKED = Said(3.0, 4.0, QUESTION)
GREETED = (0.0, 1.5)
ANSWERED = (4.5, 5.5)
TURNS = (agent(GREETING, 1.5), caller(QUESTION, 4.3), agent(ANSWER, 5.5))

TWO_STEPS = ONE_QUESTION.replace("[expect]", '[[caller]]\nsay = "{words}"\n{more}\nafter = 1.0\n[expect]')


def test_a_call_without_a_fault():
    good = score(outcome(scenario(), agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=TURNS))
    assert good.faults == ()
    assert good.latencies == good.undisturbed_latencies == (pytest.approx(0.5),)
    assert good.heard_errors == (0, 0)
    assert scoreboard([good]).met


# -- cut-offs --------------------------------------------------------------------------------------


HESITATING = ONE_QUESTION.replace('say = "What are your hours?"', 'say = ["What are", "your hours?"]\npause = 0.7')
PARTS = [Said(3.0, 3.5, "What are", ends_turn=False), Said(4.2, 5.0, "your hours?")]


def test_speaking_into_a_hesitation_is_a_cut_off():
    sounds = [GREETED, (3.9, 4.3), (5.5, 6.5)]
    heard = [(0.0, GREETING), (5.5, ANSWER)]
    cut = score(outcome(scenario(HESITATING), agent_sounds=sounds, facts=PARTS, turns=TURNS, heard=heard))
    assert cut.cut_offs == 1
    assert cut.hesitations == ((HESITATION, True),)
    assert cut.faults == ("cut-off at 3.90 s, inside “What are … your hours?”",)
    assert scoreboard([cut]).cut_hesitations == 100


def test_waiting_for_the_end_of_a_hesitation_is_none():
    sounds = [GREETED, (5.5, 6.5)]
    whole = score(outcome(scenario(HESITATING), agent_sounds=sounds, facts=PARTS, turns=TURNS))
    assert whole.cut_offs == 0
    assert whole.hesitations == ((HESITATION, False),)
    assert scoreboard([whole]).cut_hesitations == 0


def test_starting_to_speak_over_words_is_a_cut_off():
    early = score(outcome(scenario(), agent_sounds=[GREETED, (3.5, 5.5)], facts=[ASKED], turns=TURNS))
    assert early.cut_offs == 1


# -- interruptions ---------------------------------------------------------------------------------


def over_the_answer(fact, *, until, told=(), turns=None, script=None, sounds=()):
    spoken = turns or (agent(GREETING, 1.5), caller(QUESTION, 4.3), agent("We open", 5.2, cut=True))
    return score(
        outcome(
            script or scenario(),
            agent_sounds=[GREETED, (4.5, until), *sounds],
            facts=[ASKED, fact],
            turns=spoken,
            told=told,
        )
    )


def test_a_reply_that_a_cough_ends_is_a_false_interruption():
    cut = over_the_answer(Noised(5.0, 5.3), until=5.1, told=[(5.2, "interrupted", {})])
    assert cut.false_interruptions == 1


def test_also_when_the_product_does_not_tell():
    assert over_the_answer(Noised(5.0, 5.3), until=5.1).false_interruptions == 1


def test_a_reply_that_a_backchannel_ends_is_a_false_interruption():
    script = scenario(TWO_STEPS.format(words="mhm", more="backchannel = true"))
    mhm = Said(5.0, 5.2, "mhm", expects_answer=False)
    assert over_the_answer(mhm, until=5.1, script=script).false_interruptions == 1


def test_a_reply_that_its_echo_ends_is_a_false_interruption():
    script = scenario(ONE_QUESTION.replace("[expect]", '[[caller]]\necho = "we open"\n[expect]'))
    echo = Said(5.0, 5.2, "we open", expects_answer=False)
    assert over_the_answer(echo, until=5.1, script=script).false_interruptions == 1


STOP = TWO_STEPS.format(words="stop", more="")
STOPPED = (agent(GREETING, 1.5), caller(QUESTION, 4.3), agent("We open", 5.2, cut=True), caller("stop", 5.5))


def test_words_that_end_a_reply_are_no_false_interruption():
    stopped = over_the_answer(Said(5.0, 5.3, "stop"), until=5.1, turns=STOPPED, script=scenario(STOP))
    assert stopped.false_interruptions == 0
    assert stopped.stop_times == (pytest.approx(0.1),)


def test_words_that_end_a_reply_may_be_understood_after_a_cough():
    script = scenario(STOP)
    turns = [*STOPPED[:2], agent("We open", 5.9, cut=True), caller("stop", 6.0)]
    call = outcome(
        script,
        agent_sounds=[GREETED, (4.5, 5.1)],
        facts=[ASKED, Said(5.0, 5.3, "stop"), Noised(5.4, 5.6)],
        turns=turns,
        told=[(5.9, "interrupted", {})],
    )
    assert score(call).false_interruptions == 0


def test_an_agent_that_talks_on_has_missed_an_interruption():
    stopped = over_the_answer(Said(5.0, 5.3, "stop"), until=6.2, turns=STOPPED, script=scenario(STOP))
    assert stopped.missed_interruptions == 1
    assert stopped.stop_times == (pytest.approx(1.2),)


def test_an_agent_that_need_not_stop_has_missed_none():
    script = scenario(STOP.replace("[[mind]]", "[agent.turn_taking.speaking]\ninterruptible = false\n[[mind]]"))
    assert over_the_answer(Said(5.0, 5.3, "stop"), until=6.2, turns=STOPPED, script=script).missed_interruptions == 0


# -- answers ---------------------------------------------------------------------------------------


def test_a_question_without_an_answer_is_lost():
    lost = score(outcome(scenario(), agent_sounds=[GREETED], facts=[ASKED], turns=TURNS[:2]))
    assert lost.lost_answers == 1
    assert lost.faults == ("“What are your hours?” at 3.00 s was not answered",)


def test_what_was_made_one_with_the_next_thought_is_answered_with_it():
    script = scenario(STOP.replace("stop", "And on Monday?"))
    facts = [ASKED, Said(8.0, 9.0, "And on Monday?")]
    turns = [TURNS[0], caller("What are your hours? And on Monday?", 9.3), agent(ANSWER, 10.5)]
    call = outcome(script, agent_sounds=[GREETED, (9.5, 10.5)], facts=facts, turns=turns)
    assert score(call).lost_answers == 0
    turns[1:2] = [caller("What are your hours?", 4.3), caller("And on Monday?", 9.3)]
    assert score(replace(call, turns=tuple(turns))).lost_answers == 1


def test_a_prompt_is_no_answer():
    turns = (*TURNS[:2], agent("Are you still there?", 13.0))
    call = outcome(scenario(), agent_sounds=[GREETED, (12.0, 13.0)], facts=[ASKED], turns=turns)
    call.told[1].values["kind"] = "idle"  # type: ignore[index]
    assert score(call).lost_answers == 1


def test_who_hangs_up_at_once_has_lost_none():
    call = outcome(scenario(), agent_sounds=[GREETED], facts=[ASKED], turns=TURNS[:2], seconds=5.0)
    assert score(call).lost_answers == 0


def test_words_that_are_not_in_the_transcript_are_lost():
    turns = (TURNS[0], caller("What are hours?", 4.3), TURNS[2])
    lost = score(outcome(scenario(), agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=turns))
    assert lost.lost_answers == 1
    assert lost.faults == ("“your” of “What are your hours?” is not in the transcript",)


def test_keys_that_are_not_in_the_transcript_are_lost():
    keys = [Pressed(8.0, "4"), Pressed(8.3, "2")]
    turns = (*TURNS, caller("[keypad: 4]", 10.0), agent("Thank you.", 11.0))
    sounds = [GREETED, ANSWERED, (10.5, 11.0)]
    lost = score(outcome(scenario(), agent_sounds=sounds, facts=[ASKED, *keys], turns=turns))
    assert lost.faults == ("the keys 42 are 4 in the transcript",)
    assert lost.lost_answers == 1


def test_two_answers_to_one_thought_are_a_double_reply():
    turns = (*TURNS, agent("At nine o'clock.", 7.5))
    double = score(outcome(scenario(), agent_sounds=[GREETED, ANSWERED, (6.5, 7.5)], facts=[ASKED], turns=turns))
    assert double.double_replies == 1
    assert double.faults == ("“What are your hours?” was answered 2 times",)


def test_an_answer_to_nobody_is_a_double_reply():
    turns = (TURNS[0], agent("It is nine.", 2.8), *TURNS[1:])
    call = outcome(scenario(), agent_sounds=[GREETED, (2.0, 2.8), ANSWERED], facts=[ASKED], turns=turns)
    assert score(call).double_replies == 1


# -- what was heard --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "errors"),
    [
        ("We open at nine.", 0),
        ("We open at", 1),
        ("We open", 2),
        ("We open at nine. Or ten.", 2),
        ("They open at ten.", 2),
    ],
)
def test_words_of_the_transcript_that_were_not_heard_and_the_other_way_round(heard, errors):
    call = outcome(
        scenario(),
        agent_sounds=[GREETED, ANSWERED],
        facts=[ASKED],
        turns=TURNS,
        heard=[(0.0, GREETING), (4.5, heard)],
    )
    result = score(call)
    assert result.heard_errors == (0, errors)
    assert bool(result.faults) is (errors > 1)


# -- times -----------------------------------------------------------------------------------------


def test_a_resumption_is_timed_to_the_next_sound():
    sounds = [GREETED, (4.5, 5.1), (6.06, 6.6)]
    cough = Noised(5.0, 5.2)
    told: list[tuple[float, str, dict[str, object]]] = [(6.0, "resumed", {})]
    heard = [(0.0, GREETING), (4.5, ANSWER)]
    call = outcome(scenario(), agent_sounds=sounds, facts=[ASKED, cough], turns=TURNS, told=told, heard=heard)
    resumed = score(call)
    assert resumed.resumes == 1
    assert resumed.undisturbed_resume_times == resumed.resume_times == (pytest.approx(0.06, abs=0.001),)


def test_latency_is_undisturbed_only_where_nothing_is_changed():
    slow = scenario(ONE_QUESTION.replace("[[mind]]", "[latencies]\nfirst_token = 1.0\n[[mind]]"))
    result = score(outcome(slow, agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=TURNS))
    assert len(result.latencies) == 1
    assert result.undisturbed_latencies == ()


def test_times_over_a_slow_line_are_told_but_are_no_target():
    slow = scenario(STOP.replace("[[mind]]", "[network]\nto_server = 0.1\n[[mind]]"))
    stopped = over_the_answer(Said(5.0, 5.3, "stop"), until=5.3, turns=STOPPED, script=slow)
    assert stopped.stop_times == (pytest.approx(0.3),)
    assert stopped.undisturbed_stop_times == ()


def test_percentiles_are_values_that_occurred():
    assert percentile([], 0.5) is None
    assert percentile([1.0], 0.95) == 1.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0


# -- what the file expects -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        (
            'dialogue = ["agent: Hello …", "caller: What are your hours?"]',
            "turn 3 is one too many: “agent: We open at nine.”",
        ),
        ('dialogue = ["agent: Goodbye"]', "turn 1 is “agent: Hello, how can I help you?”, expected “agent: Goodbye”"),
        (
            'dialogue = ["agent: Hello … —"]',
            "turn 1 is “agent: Hello, how can I help you?”, expected “agent: Hello … —”",
        ),
        ('heard = ["at ten"]', "“at ten” was not heard"),
        ('heard = ["at nine", "we open"]', "“we open” was not heard"),
        ('unheard = ["We open"]', "“We open” was heard"),
        ('tools = ["book"]', "tools called: none; expected book"),
        ("resumes = 1", "resumes: 0, expected 1"),
        ("interruptions = 2", "interruptions: 0, expected 2"),
        ('ended_by = "agent"', "ended by caller, expected agent"),
    ],
)
def test_what_is_not_as_expected_is_said(expected, fault):
    call = outcome(scenario(ONE_QUESTION + expected), agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=TURNS)
    assert score(call).faults[0] == fault


@pytest.mark.parametrize(
    "expected",
    [
        'dialogue = ["agent: Hello, how can I help you?", "caller: what are your hours", "agent: We open at nine."]',
        'dialogue = ["agent: … help you?", "caller: What … hours?", "agent: …"]',
        'heard = ["how can I", "We open", "nine"]',
        'unheard = ["nine ten"]',
        "tools = []",
    ],
)
def test_what_is_as_expected_is_not(expected):
    call = outcome(scenario(ONE_QUESTION + expected), agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=TURNS)
    assert score(call).faults == ()


def test_every_target_can_be_missed():
    """A scoreboard of the worst call there is."""
    good = score(outcome(scenario(), agent_sounds=[GREETED, ANSWERED], facts=[ASKED], turns=TURNS))
    bad = replace(
        good,
        lost_answers=1,
        double_replies=1,
        missed_interruptions=1,
        heard_errors=(2,),
        hesitations=(Hesitation(0.7, cut=True),),
        undisturbed_stop_times=(0.2,),
        undisturbed_resume_times=(0.12,),
        undisturbed_latencies=(0.7,),
    )
    assert [target.met for target in scoreboard([bad]).targets] == [False] * len(scoreboard([bad]).targets)
    assert not scoreboard([bad]).met
    assert all(target.met for target in scoreboard([]).targets)


def test_a_call_that_breaks_off_is_a_fault():
    broken = unplayable(scenario(), "table", RuntimeError("the core raised"))
    assert broken.faults == ("broke off: RuntimeError: the core raised",)
    assert broken.lost_answers == 1
    assert not scoreboard([broken]).met
