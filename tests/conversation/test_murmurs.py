"""What listeners murmur over an agent, and how they part, in eight languages: it interrupts nobody."""

from __future__ import annotations

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.agreement import agreement
from phoneagent.conversation.meaning import Meaning, meaning
from phoneagent.conversation.policy import Policy

MURMURS = [
    ("en", "Mm-hm."),
    ("en", "Okay, got it."),
    ("en", "Right, right."),
    ("en", "Yeah okay."),
    ("de", "Mhm, ja."),
    ("de", "Okay, verstehe."),
    ("de", "Ja, ja."),
    ("de", "Ach so."),
    ("de", "Genau."),
    ("de", "Alles klar."),
    ("de", "Ja gut."),
    ("de", "Okay super."),
    ("de", "Aha, gut."),
    ("es", "Sí, sí."),
    ("es", "Vale, vale."),
    ("es", "Ajá."),
    ("es", "Entiendo."),
    ("es", "Ah, muy bien."),
    ("es", "Claro que sí."),
    ("es", "Sí, claro, entiendo."),
    ("fr", "Oui, oui."),
    ("fr", "D'accord."),
    ("fr", "Ah, très bien."),
    ("fr", "Je vois."),
    ("fr", "Oui, je comprends."),
    ("fr", "Okay, parfait."),
    ("fr", "Ah oui ?"),
    ("it", "Sì, sì."),
    ("it", "Ho capito."),
    ("it", "Ah, va bene."),
    ("it", "Certo, certo."),
    ("it", "Okay, perfetto."),
    ("it", "D'accordo."),
    ("pt", "Sim, sim."),
    ("pt", "Está bem."),
    ("pt", "Ah, entendi."),
    ("pt", "Tá bom."),
    ("pt", "Pois."),
    ("pt", "Claro, claro."),
    ("pt", "Ok, perfeito."),
    ("nl", "Ja, ja."),
    ("nl", "Oké, prima."),
    ("nl", "Ik begrijp het."),
    ("nl", "Ja, dat klopt."),
    ("nl", "Hm, ja."),
    ("nl", "Oh oké."),
    ("pl", "Tak, tak."),
    ("pl", "Aha, rozumiem."),
    ("pl", "No dobrze."),
    ("pl", "Okej, jasne."),
    ("pl", "Mhm, tak."),
    ("pl", "No tak, dobra."),
]
FAREWELLS = [
    ("de", "Danke, tschüss."),
    ("de", "Auf Wiederhören."),
    ("de", "Danke, Ihnen auch."),
    ("de", "Okay, danke, tschau."),
    ("de", "Vielen Dank und tschüss."),
    ("de", "Ja, danke, schönen Tag noch."),
    ("es", "Gracias, adiós."),
    ("es", "Igualmente, hasta luego."),
    ("es", "Muchas gracias, buen día."),
    ("fr", "Merci, au revoir."),
    ("fr", "Merci, bonne journée."),
    ("fr", "À vous aussi, au revoir."),
    ("it", "Grazie, arrivederci."),
    ("it", "Grazie, anche a lei."),
    ("it", "Va bene, ciao."),
    ("pt", "Obrigada, tchau."),
    ("pt", "Muito obrigado, até logo."),
    ("nl", "Dank u wel, dag."),
    ("nl", "Bedankt, fijne dag."),
    ("nl", "Tot ziens hoor."),
    ("pl", "Dziękuję, do widzenia."),
    ("pl", "Dzięki, na razie."),
    ("pl", "Dziękuję, wzajemnie."),
]
OBJECTIONS = [
    ("de", "Nein, am Montag."),
    ("de", "Stopp."),
    ("de", "Wie bitte?"),
    ("de", "Und sonntags?"),
    ("es", "No, el lunes."),
    ("es", "¿Y el domingo?"),
    ("es", "Espere."),
    ("fr", "Non, lundi."),
    ("fr", "Et dimanche ?"),
    ("fr", "Attendez."),
    ("it", "No, lunedì."),
    ("it", "E domenica?"),
    ("it", "Aspetti."),
    ("pt", "Não, segunda."),
    ("pt", "E domingo?"),
    ("pt", "Espere."),
    ("nl", "Nee, maandag."),
    ("nl", "En zondag?"),
    ("nl", "Wacht even."),
    ("pl", "Nie, w poniedziałek."),
    ("pl", "A w niedzielę?"),
    ("pl", "Proszę poczekać."),
]


def policy(language: str) -> Policy:
    return parse_agent(f'name = "a"\nlanguage = "{language}"', "a.toml").policy


@pytest.mark.parametrize(("language", "text"), MURMURS)
def test_murmurs_interrupt_nobody(language, text):
    assert meaning(text, policy(language), needed=1, final=True) is Meaning.BACKCHANNEL


@pytest.mark.parametrize(("language", "text"), FAREWELLS)
def test_farewells_over_a_goodbye_take_nothing_back(language, text):
    said = meaning(text, policy(language), needed=1, final=True, leaving=True, agreed=agreement(language))
    assert said is Meaning.BACKCHANNEL


@pytest.mark.parametrize(("language", "text"), OBJECTIONS)
def test_objections_and_questions_interrupt(language, text):
    assert meaning(text, policy(language), needed=1, final=True) is Meaning.INTERRUPTION
