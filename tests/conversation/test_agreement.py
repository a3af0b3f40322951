"""Thanks, yes and bye over what was agreed on, a transfer or a goodbye, take nothing back."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.agreement import AGREEMENTS, agreement
from phoneagent.conversation.commands import CancelReply, HandOver, Hangup, Transfer
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall

ANNOUNCED = "Of course, one moment please, I will connect you with the manager right away."

AGREES = [
    ("en", "Thank you."), ("en", "Okay."), ("en", "Great thanks."), ("en", "Perfect."), ("en", "Yes please."),
    ("en", "Thank you so much, bye."), ("en", "Alright, thanks a lot."), ("en", "No problem."),
    ("en", "That would be great."),
    ("en", "Sure, I'll hold."), ("en", "Oh wonderful, thank you very much for your help."), ("en", "Yes, that's fine."),
    ("de", "Danke schön."), ("de", "Ja, gerne."), ("de", "Alles klar, vielen Dank für die Hilfe."),
    ("de", "Super, danke."),
    ("es", "Muchas gracias."), ("es", "Sí, por favor."), ("es", "Vale, perfecto."), ("fr", "Merci beaucoup."),
    ("fr", "D’accord, merci."), ("fr", "Très bien."), ("it", "Grazie mille."), ("it", "Va bene, perfetto."),
    ("pt-BR", "Tá bom, obrigado."), ("pt", "Perfeito, muito obrigada."), ("nl", "Dank u wel."), ("nl", "Oké, prima."),
    ("pl", "Dziękuję bardzo."), ("pl", "Dobrze, świetnie."),
]  # fmt: skip
REFUSES = [
    ("en", "No, wait."), ("en", "Actually, no."), ("en", "Stop."), ("en", "Thank you, but I have another question."),
    ("en", "Wait."), ("en", "No thank you."), ("en", "Thanks, which manager is that?"), ("de", "Nein, warten Sie."),
    ("de", "Danke, aber nicht heute."), ("es", "No, espere."), ("fr", "Non, attendez."), ("it", "No, aspetti."),
    ("pt", "Não, espera."), ("nl", "Nee, wacht."), ("pl", "Nie, proszę czekać."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), AGREES)
def test_agreement(language, text):
    assert agreement(language).covers(text)


@pytest.mark.parametrize(("language", "text"), REFUSES)
def test_no_agreement(language, text):
    assert not agreement(language).covers(text)


def test_every_phrase_of_a_table_is_known_with_an_exclamation_mark():
    for language, table in AGREEMENTS.items():
        assert all(agreement(language).covers(phrase.upper() + "!") for phrase in table.phrases)


def transferring(tool: str = "transfer", text: str = ANNOUNCED, **options) -> ScriptedCall:
    call = ScriptedCall(**options).greets()
    call.hears("Can I talk to the manager?")
    call.asks_tool(tool, '{"target": "manager", "agent": "manager"}')
    call.replies(text)
    return call


def says(call: ScriptedCall, text: str) -> None:
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.tells(e.PartialTranscript(text))
    call.passes(0.1)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.2)
    call.tells(e.EndOfTurn(text))


@pytest.mark.parametrize("before", [0.2, 2.0, 3.3])
@pytest.mark.parametrize("text", ["Thank you.", "Okay.", "Great thanks.", "Yes please."])
def test_the_transfer_goes_on(before, text):
    call = transferring()
    call.voices(2)
    call.passes(before)
    says(call, text)
    assert call.all(CancelReply) == []
    call.passes(5.0)
    assert call.all(Transfer) == [Transfer("manager")]
    assert call.transcript[-1] == f"agent: {ANNOUNCED}"


@pytest.mark.parametrize("text", ["Thank you.", "Perfect."])
def test_before_its_first_sound(text):
    call = transferring()
    says(call, text)
    call.voices(2)
    call.passes(5.0)
    assert call.all(Transfer) == [Transfer("manager")]


def test_between_its_sentences():
    call = transferring(text="Of course. One moment please.")
    call.voices(2, samples=4000)
    call.passes(0.7)
    says(call, "Thanks.")
    call.voices(2)
    call.passes(4.0)
    assert call.all(Transfer) == [Transfer("manager")]


def test_is_that_all_right():
    call = transferring(text="I will connect you with the manager, is that all right?")
    call.voices(2)
    call.passes(2.2)
    says(call, "Yes.")
    call.passes(4.0)
    assert call.all(Transfer) == [Transfer("manager")]


@pytest.mark.parametrize("text", [text for language, text in REFUSES if language == "en"])
def test_who_means_it_takes_it_back(text):
    call = transferring()
    call.voices(2)
    call.passes(1.5)
    says(call, text)
    call.passes(0.6)
    assert call.all(CancelReply)
    assert call.all(Transfer) == []
    assert call.state is State.THINKING


def test_a_hand_over_goes_on_too():
    call = transferring("hand_over")
    call.voices(2)
    call.passes(1.0)
    says(call, "Okay great.")
    call.passes(5.0)
    assert call.all(HandOver) == [HandOver("manager")]


def test_and_a_goodbye():
    call = transferring("end_call", "Your table is booked. Have a good evening, goodbye.")
    call.voices(2)
    call.passes(1.0)
    says(call, "Perfect, that's great.")
    call.passes(5.0)
    assert call.all(Hangup)[0].reason == "agent"


def test_yes_to_a_question_before_a_goodbye_is_an_answer():
    call = transferring("end_call", "Is there anything else?")
    call.voices(2)
    call.passes(0.95)
    says(call, "Yes.")
    assert call.all(CancelReply)
    assert call.all(Hangup) == []


def test_keys_and_coughs_take_nothing_back():
    call = transferring()
    call.voices(2)
    call.passes(1.0)
    call.tells(e.DtmfReceived("1"))
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.2)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(5.0)
    assert call.all(CancelReply) == []
    assert call.all(Transfer) == [Transfer("manager")]
