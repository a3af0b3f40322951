"""One call in eight languages: what the agent says by itself, and what it understands without a model."""

from __future__ import annotations

import pytest

from phoneagent.conversation.languages import LANGUAGES
from phoneagent.scenarios.outcome import Outcome
from phoneagent.scenarios.scenario_file import parse_scenarios
from phoneagent.scenarios.score import score
from phoneagent.scenarios.table import play
from phoneagent.scenarios.transcript_check import dialogue

ANSWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda omega"
MURMURS = {
    "en": "Yeah, right.", "de": "Ja, genau.", "es": "Sí, claro.", "fr": "Oui, d'accord.", "it": "Sì, certo.",
    "pt": "Sim, certo.", "nl": "Ja, precies.", "pl": "Tak, jasne.",
}  # fmt: skip
FAREWELLS = {
    "en": "Thank you, bye.", "de": "Vielen Dank, tschüss.", "es": "Gracias, adiós.", "fr": "Merci, au revoir.",
    "it": "Grazie, arrivederci.", "pt": "Obrigado, tchau.", "nl": "Dank u wel, tot ziens.",
    "pl": "Dziękuję, do widzenia.",
}  # fmt: skip
MOMENTS = {
    "en": "Just a moment, please.", "de": "Einen Moment, bitte.", "es": "Un momento, por favor.",
    "fr": "Un instant, s'il vous plaît.", "it": "Un attimo, per favore.", "pt": "Só um momento, por favor.",
    "nl": "Een momentje, alstublieft.", "pl": "Chwileczkę, proszę.",
}  # fmt: skip
STOPS = {
    "en": "No, wait.", "de": "Nein, halt.", "es": "No, espere.", "fr": "Non, attendez.", "it": "No, aspetti.",
    "pt": "Não, espere.", "nl": "Nee, wacht even.", "pl": "Nie, chwileczkę.",
}  # fmt: skip


def call(language: str, story: str) -> Outcome:
    head = f'title = "a call"\nears = ["flux"]\n[agent]\nlanguage = "{language}"\n'
    scenario = parse_scenarios(f"{head}{story}\n[expect]\n", name="made_up", file="made_up.toml")[0]
    return play(scenario)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_says_nothing_is_asked_and_told_goodbye(language):
    theirs = LANGUAGES[language]
    told = dialogue(
        call(
            language,
            f'greeting = "{theirs.greeting}"\n[who]\nstays = true\npatience = 90.0\n[[caller]]\nwait = "never"',
        ).turns
    )
    prompt = theirs.phrases.get("idle_prompts", ("Are you still there?",))[0]
    goodbye = theirs.phrases.get("idle_goodbye", "I cannot hear you, so I will hang up now. Goodbye.")
    assert told == [f"agent: {text}" for text in (theirs.greeting, prompt, prompt, prompt, goodbye)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slow_answer_is_bridged(language):
    story = f'[[mind]]\nheard = "."\nsay = "{ANSWER}."\nfirst_token = 3.0\n[[caller]]\nsay = "omega"'
    said = " ".join(dialogue(call(language, story).turns))
    assert LANGUAGES[language].phrases.get("fillers", ("One moment, please.",))[0] in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_murmur_over_the_answer_is_no_interruption(language):
    story = (
        f'[[mind]]\nheard = "omega"\nsay = "{ANSWER}."\n[[caller]]\nsay = "omega"\n'
        f'[[caller]]\nsay = "{MURMURS[language]}"\nbackchannel = true\nafter = {{ agent_speaking = 1.5 }}'
    )
    outcome = call(language, story)
    assert dialogue(outcome.turns)[-1] == f"agent: {ANSWER}."
    assert score(outcome).false_interruptions == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_no_over_the_answer_stops_it(language):
    story = (
        f'[[mind]]\nheard = "omega"\nsay = "{ANSWER}."\n[[caller]]\nsay = "omega"\n'
        f'[[caller]]\nsay = "{STOPS[language]}"\nafter = {{ agent_speaking = 1.5 }}'
    )
    told = dialogue(call(language, story).turns)
    assert f"agent: {ANSWER}." not in told
    assert f"caller: {STOPS[language]}" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_and_bye_over_a_goodbye_take_nothing_back(language):
    story = (
        f'[[mind]]\nheard = "omega"\nsay = "{ANSWER}."\ncall = "end_call"\n[who]\nstays = true\n'
        f'[[caller]]\nsay = "omega"\n'
        f'[[caller]]\nsay = "{FAREWELLS[language]}"\nbackchannel = true\nafter = {{ agent_speaking = 1.5 }}'
    )
    outcome = call(language, story)
    assert outcome.ended_by == "agent"
    assert dialogue(outcome.turns)[-1] == f"agent: {ANSWER}."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_moment_is_not_interrupted_by_questions(language):
    story = (
        f'[[mind]]\nheard = "omega"\nsay = "{ANSWER}."\n[[mind]]\nheard = "."\nsay = "okay"\n[who]\npatience = 90.0\n'
        f'[[caller]]\nsay = "{MOMENTS[language]}"\n[[caller]]\nsay = "omega"\nafter = {{ agent_finished = 25.0 }}'
    )
    told = dialogue(call(language, story).turns)
    assert told[1:] == [f"caller: {MOMENTS[language]}", "agent: okay", "caller: omega", f"agent: {ANSWER}."]
