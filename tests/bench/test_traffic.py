"""What callers say, and how they are told apart."""

from __future__ import annotations

import itertools

from phoneagent.bench import traffic
from phoneagent.simulator.caller import AGENT_FINISHED, AgentSpeaking, HangUp, Say
from phoneagent.simulator.mind import Message


def test_callers_have_names_of_their_own():
    everybody = traffic.names(traffic.MOST_CALLERS)
    assert len(set(everybody)) == traffic.MOST_CALLERS
    assert all(traffic.named(f"This is {name}.") == name for name in everybody)


def test_the_answer_to_a_name_repeats_it():
    assert traffic.answer([Message("user", "This is Anna Berger.")]).text == "Good evening, Anna Berger."


def test_every_question_has_an_answer_of_its_own():
    answers = {traffic.answer([Message("user", question)]).text for question in traffic.QUESTIONS}
    assert len(answers) == len(traffic.QUESTIONS)
    assert traffic.MIND.default not in answers


def test_a_request_is_known_by_the_callers_first_words():
    messages = [
        Message("system", "You answer for Adam Adler."),
        Message("user", "This is Anna Berger."),
        Message("assistant", "Good evening, Anna Berger."),
        Message("user", "Yes."),
    ]
    assert traffic.who_asks(messages) == "Anna Berger"
    assert traffic.who_asks(messages[3:]) == ""


def test_every_third_answer_is_interrupted_by_the_next_turn():
    name, *turns, goodbye = traffic.caller("Anna Berger", 7).steps
    assert name == Say("This is Anna Berger.")
    assert goodbye == HangUp()
    interrupting = [isinstance(turn.after, AgentSpeaking) for turn in turns]
    assert interrupting == [False, False, False, True, False, False, True]
    assert all(turn.after == AGENT_FINISHED for turn, cuts in zip(turns, interrupting, strict=True) if not cuts)
    cut_short = [before for before, turn in itertools.pairwise(turns) if isinstance(turn.after, AgentSpeaking)]
    assert cut_short == [Say("What are your opening hours?")] * 2


def test_who_is_not_answered_says_the_same():
    def said(script):
        return [step.parts for step in script.steps if isinstance(step, Say)]

    assert said(traffic.unanswered_caller("Anna Berger", 6)) == said(traffic.caller("Anna Berger", 6))
