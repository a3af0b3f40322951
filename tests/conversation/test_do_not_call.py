"""Who asks not to be called again is understood, in each language, and nobody else is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import BlockCaller, StartReply, Synthesize
from phoneagent.conversation.do_not_call import LANGUAGES, LONGEST, asks_not_to_be_called, confirmation
from phoneagent.conversation.states import State

from .scripted_call import PHRASING, ScriptedCall

SAID = {
    "en": (
        "Do not call me again.", "Don't call me again!", "Please don’t ever call me again.", "Never call me again.",
        "Please do not call this number again, thank you.", "Stop calling me.", "Could you stop calling this number, please?",
        "No. I don't want to be called again. Goodbye.", "I do not wish to be contacted any more.",
        "Take me off your list.", "Please remove my number from your calling list.", "Put me on your do-not-call list.",
        "Hello? I told you, do not contact us anymore.", "Delete my number.", "No more calls, please.",
        "I don't want any more calls from you.", "Don't call me again or I will call the police.",
        "Don't you ever call me again.", "Lose my number.", "I don't want you to call me anymore.",
        "Please don't phone here again.", "Never call here again, okay?",
    ),
    "de": (
        "Rufen Sie mich nie wieder an!", "Bitte rufen Sie mich nicht mehr an.", "Rufen Sie hier nicht mehr an.",
        "Ich möchte nicht mehr angerufen werden.", "Ich will von Ihnen nicht mehr angerufen werden.",
        "Bitte nicht mehr anrufen.", "Hören Sie auf, mich anzurufen.", "Löschen Sie bitte meine Nummer.",
        "Streichen Sie mich von Ihrer Liste.", "Keine Anrufe mehr, bitte.", "Ruf mich nie wieder an.",
        "Nein danke. Ich möchte keine Anrufe mehr von Ihnen.", "Nehmen Sie meine Nummer aus Ihrer Datenbank.",
    ),
    "es": (
        "No me vuelva a llamar.", "Por favor, no me llame más.", "No me llamen nunca más.", "Deje de llamarme.",
        "No quiero que me llamen más.", "Bórreme de su lista, por favor.", "Quite mi número de su lista.",
        "No quiero recibir más llamadas.", "Nunca más me llame.", "No vuelvan a llamar a este número.",
    ),
    "fr": (
        "Ne m'appelez plus.", "Ne m’appelez plus jamais, s'il vous plaît.", "Ne me rappelez plus.",
        "Arrêtez de m'appeler.", "Je ne veux plus être appelé.", "Je ne souhaite plus recevoir vos appels.",
        "Retirez-moi de votre liste.", "Supprimez mon numéro.", "M'appelez plus.", "Ne me contactez plus, merci.",
    ),
    "it": (
        "Non mi chiami più.", "Non chiamatemi mai più!", "Smettetela di chiamarmi.", "La smetta di telefonarmi.",
        "Non voglio più essere chiamato.", "Non voglio più ricevere telefonate.", "Cancellatemi dalla vostra lista.",
        "Per favore, non mi chiamate più.", "Basta telefonate.", "Cancelli il mio numero.",
    ),
    "pt": (
        "Não me ligue mais.", "Por favor, não me liguem mais.", "Não volte a ligar.", "Não ligue mais para mim.",
        "Pare de me ligar.", "Parem de ligar para mim.", "Não quero mais ligações.", "Não quero receber mais chamadas.",
        "Tire o meu número da sua lista.", "Nunca mais me ligue.",
    ),
    "nl": (
        "Bel mij niet meer.", "Bel me nooit meer op.", "Niet meer bellen alstublieft.", "Ik wil niet meer gebeld worden.",
        "Stop met bellen.", "Haal mij van uw lijst.", "Verwijder mijn nummer.", "Ik wil geen telefoontjes meer.",
        "Belt u mij alstublieft nooit meer.", "U mag mij niet meer bellen.",
    ),
    "pl": (
        "Proszę do mnie więcej nie dzwonić.", "Nie dzwońcie do mnie więcej.", "Proszę już nie dzwonić.",
        "Nigdy więcej do mnie nie dzwońcie!", "Nie dzwoń do mnie już nigdy.", "Przestańcie do mnie dzwonić.",
        "Proszę usunąć mój numer z bazy.", "Nie chcę więcej telefonów.",
        "Nie życzę sobie więcej telefonów.", "Proszę nie dzwonić więcej na ten numer.",
    ),
}  # fmt: skip

MEANT_OTHERWISE = {
    "en": (
        "Don't call me Bob.", "Do not call the restaurant again.", "Don't call me before nine.", "Never call me Robert again.",
        "Why don't you call me again tomorrow?", "Don't call me again until Friday.", "Stop calling me names.",
        "Can you call me again?", "If you call me again I will answer.", "Please call me again.", "Don't hang up.",
        "He said don't call me again.", "Take me off the waiting list.", "Please do not call me today.",
        "Don't call a taxi again.", "I don't want to call again tomorrow.", "Don't forget to call me again.",
        "I don't want to be called Bob.", "Do not call me at work.", "Could you delete my number from the reservation?",
        "I never get called again.", "Don't call my husband again.", "You never call me anymore, she told me.",
    ),
    "de": (
        "Rufen Sie mich bitte an.", "Rufen Sie mich nicht vor acht an.", "Rufen Sie mich heute nicht mehr an.",
        "Rufen Sie bitte den Kellner nie wieder an.", "Nennen Sie mich nicht mehr Bob.", "Rufen Sie mich wieder an.",
        "Warum rufen Sie mich nicht mehr an?", "Ich kann Sie nicht mehr hören.", "Ich möchte nicht mehr warten.",
    ),
    "es": ("No me llame Pepe.", "No me llame más tarde.", "Llámeme más tarde.", "No me llames antes de las ocho.", "No llame al camarero más."),
    "fr": ("Appelez-moi plus tard.", "Ne m'appelez plus madame.", "Ne m'appelez plus avant midi.", "Rappelez-moi.", "Je ne veux plus de vin."),
    "it": ("Non mi chiami più tardi.", "Mi chiami più tardi.", "Non mi chiami Roberto.", "Non voglio più il tavolo."),
    "pt": ("Não me ligue mais tarde.", "Ligue mais tarde.", "Não me chame Zé.", "Não quero mais a mesa."),
    "nl": ("Bel me later.", "Bel me niet meer vandaag.", "Noem me geen Bob.", "Ik wil niet meer wachten."),
    "pl": ("Proszę zadzwonić później.", "Proszę nie dzwonić przed ósmą.", "Proszę dziś więcej nie dzwonić.", "Nie mów do mnie Bob."),
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in SAID.items() for text in texts])
def test_who_wants_no_calls_is_understood(language, text):
    assert asks_not_to_be_called(text, language)
    assert asks_not_to_be_called(text.upper() if "’" not in text else text, f"{language}-XX")
    assert asks_not_to_be_called(text.translate(str.maketrans("", "", ".!?")), language)


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in MEANT_OTHERWISE.items() for text in texts]
)
def test_who_means_something_else_is_not(language, text):
    assert not asks_not_to_be_called(text, language)


def test_every_language_has_its_words():
    assert SAID.keys() == MEANT_OTHERWISE.keys() == LANGUAGES.keys()
    assert len({confirmation(code) for code in LANGUAGES}) == len(LANGUAGES)
    assert confirmation("sv") == confirmation("en")
    assert not asks_not_to_be_called("Do not call me again.", "sv")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "piece", ["please ", "no ", "do not call me ", "nie ", "więcej do mnie ", "a", ". ", "'-", "nein bitte "]
)
def test_long_texts_take_no_time(language, piece):
    text = (piece * LONGEST)[:LONGEST]
    began = time.process_time()
    assert not asks_not_to_be_called(text, language)
    assert not asks_not_to_be_called(text * 50, language)
    assert time.process_time() - began < 1.0, "backtracking without end"


# -- in a call ---------------------------------------------------------------------------------------


def in_a_call(**options):
    return ScriptedCall(number_known=True, **options).greets()


def spoken(call):
    return call.all(Synthesize)[-1].text


def test_it_is_written_down_and_confirmed_without_asking_the_model():
    call = in_a_call()
    asked = call.all(StartReply)
    call.tells(e.SpeechStarted())
    call.passes(0.5)
    call.tells(e.EndOfTurn("Please do not call me again."))
    assert call.all(StartReply) == asked
    assert call.all(BlockCaller) == [BlockCaller()]
    assert call.emitted("do_not_call") == [{}]
    assert spoken(call) == confirmation("en")
    call.voices(call.last(Synthesize).reply)
    call.passes(6.0)
    assert call.state is State.LISTENING
    assert call.transcript[-2:] == ["caller: Please do not call me again.", f"agent: {confirmation('en')}"]


def test_in_words_of_the_agents_own():
    call = in_a_call(phrasing=replace(PHRASING, do_not_call="Fine, never again."))
    call.tells(e.EndOfTurn("Stop calling me."))
    assert spoken(call) == "Fine, never again."


def test_a_speculative_answer_is_dropped():
    call = in_a_call()
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("Do not call me again"))
    call.tells(e.EndOfTurn("Do not call me again."))
    assert spoken(call) == confirmation("en")
    assert len(call.all(BlockCaller)) == 1


def test_who_calls_without_a_number_talks_with_the_model():
    call = ScriptedCall().greets()
    call.hears("Do not call me again.")
    assert call.all(BlockCaller) == []


def test_a_muted_agent_notes_it_in_silence():
    call = in_a_call()
    call.tells(e.ControlReceived("mute", ""))
    said = len(call.all(Synthesize))
    call.tells(e.EndOfTurn("Do not call me again."))
    assert len(call.all(BlockCaller)) == 1
    assert len(call.all(Synthesize)) == said


def test_a_model_that_understands_other_words_has_a_tool():
    call = in_a_call(built_in=("do_not_call",))
    call.hears("I've had it with you people ringing at dinner, that's the last time.")
    call.asks_tool("do_not_call")
    reply = call.replies("I am sorry. You will not hear from us again.")
    assert len(call.all(BlockCaller)) == 1
    call.voices(reply)
    call.passes(8.0)
    assert call.transcript[-1] == "agent: I am sorry. You will not hear from us again."


def test_a_model_that_says_nothing_with_it_has_it_confirmed():
    call = in_a_call(built_in=("do_not_call",))
    call.hears("I've had it with you people.")
    call.asks_tool("do_not_call")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert spoken(call) == confirmation("en")
    assert len(call.all(BlockCaller)) == 1


def test_a_speculative_wish_of_the_model_waits_until_it_is_certain():
    call = in_a_call(built_in=("do_not_call",))
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("I've had it with you"))
    call.asks_tool("do_not_call")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.all(BlockCaller) == []
    call.tells(e.TurnResumed())
    call.tells(e.EndOfTurn("I've had it with you being so nice."))
    assert call.all(BlockCaller) == []
