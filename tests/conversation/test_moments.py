"""Callers who ask for a moment are given it, in the usual ways of eight languages."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import Hangup, Synthesize
from phoneagent.conversation.moments import patience
from phoneagent.conversation.policy import Policy

from .scripted_call import ScriptedCall

POLICY = Policy()

REQUESTS = {
    "en": """Please hold.|Can you hold?|Give me two minutes.|Wait please.|I'll be right back.|Let me transfer you.
        |I'll connect you.|I am looking for it.|Please hold the line.|One moment.|Hold on.|Hang on a second.
        |Just a sec, please.|Bear with me.|Let me get my card.|Hold on, let me grab a pen.|I need to find my glasses.
        |Could you hold for a moment?|I'm going to put you on hold.|Let me check.|Um, one second.|Don't hang up.
        |Okay, give me a moment.|I will be back in five minutes.|Stay on the line, please.|Let me see.|Just a minute
        |Sure, one moment please.|Can you wait a second?|Let me put you through.|Would you mind holding?""",
    "de": """Bleiben Sie bitte dran.|Einen Moment bitte.|Moment.|Warten Sie bitte.|Ich bin gleich wieder da.
        |Sekunde.
        |Ich verbinde Sie.|Bitte warten.|Geben Sie mir zwei Minuten.|Kleinen Augenblick bitte.|Ich muss kurz nachsehen.
        |Können Sie kurz warten?|Ich schaue mal nach.|Legen Sie bitte nicht auf.|Ich suche sie gerade.|Moment mal.
        |Ich stelle Sie durch.|Warten Sie mal kurz.|Ich hole meine Karte.
        |Lassen Sie mich kurz nachschauen.
        |Äh, eine Sekunde.|Ja, einen kleinen Moment noch.|Bleiben Sie am Apparat.""",
    "es": """Un momento por favor.|Espere.|Espere un momento.|No cuelgue.|Ahora vuelvo.|Un segundo.|Deme dos minutos.
        |Le paso con mi compañero.|Le comunico.|Déjeme ver.|Voy a buscar mi tarjeta.|¿Puede esperar?|Espéreme tantito.
        |Un momentito, por favor.|Lo estoy buscando.|Manténgase en la línea.|Permítame un momento.|Aguarde un momento.
        |Ya vuelvo.|¿Me espera un segundo?""",
    "fr": """Un instant s'il vous plaît.|Ne quittez pas.|Attendez.|Une minute.|Je vous passe ma collègue.|Patientez.
        |Donnez-moi deux minutes.|Je reviens tout de suite.|Je regarde.|Laissez-moi vérifier.|Restez en ligne.
        |Pouvez-vous patienter ?|Attendez une seconde.|Je vais chercher ma carte.|Je vous mets en attente.|Une seconde.
        |Un petit moment.|Ne raccrochez pas.|Je le cherche.|Veuillez patienter.""",
    "it": """Un attimo.|Un momento per favore.|Aspetti.|Attenda in linea.|Resti in linea.|La metto in attesa.
        |Le passo il collega.|Torno subito.|Mi dia due minuti.|Un secondo.|Mi faccia controllare.|Può attendere?
        |Aspetti un attimo.|La sto cercando.|Vado a prendere la carta.|Non riattacchi.|Un attimino, per favore.
        |Vediamo.|Le trasferisco la chiamata.""",
    "pt": """Um momento por favor.|Só um minuto.|Espere.|Aguarde um momento.|Não desligue.|Já volto.|Espera aí.
        |Me dê dois minutos.|Vou transferir.|Deixe-me ver.|Deixa eu ver.|Vou buscar o cartão.|Pode esperar?
        |Aguarde na linha.|Um segundinho.|Peraí.|Vou passar a ligação.|Só um instante.|Pode aguardar um momento?""",
    "nl": """Een moment alstublieft.|Wacht even.|Momentje.|Blijft u aan de lijn.|Ik verbind u door.|Ik ben zo terug.
        |Geef me twee minuten.|Even geduld alstublieft.|Een ogenblik.|Even kijken.|Ik zoek het even op.
        |Kunt u wachten?
        |Kunt u even wachten?|Ik pak even mijn kaart.|Niet ophangen.|Blijf hangen.|Een seconde.
        |Ik moet het even opzoeken.
        |Heeft u een momentje?""",
    "pl": """Chwileczkę.|Proszę czekać.|Proszę poczekać.|Moment.|Już sprawdzam.|Proszę się nie rozłączać.|Sekundę.
        |Zaraz wracam.|Proszę mi dać dwie minuty.|Łączę.|Już łączę.|Niech pani poczeka.|Jedną chwilę.
        |Muszę sprawdzić.
        |Czy może pan poczekać?|Proszę chwilę zaczekać.|Proszę pozostać na linii.|Momencik, proszę.|Szukam jej.
        |Minutkę.""",
}
NO_REQUESTS = {
    "en": """Wait, that is wrong.|How long do I have to wait?|I have been waiting for ten minutes.|A table for two.
        |Can you transfer me to the manager?|Connect me with sales.|I can't wait any longer.|Hold the onions.
        |I am looking for an apartment.|It takes ten minutes from here.|At one minute past ten.|No, that's not it.
        |Let me see a doctor.|Do you hold events?|Hold on, that's not what I said.|I want to check my balance.
        |I'm calling about the waiting list.|A table in five minutes.|Thank you.|The second of May.|I hold an account.
        |What's the wait time?|I'll take the second one.""",
    "de": """Warten Sie, das ist falsch.|Wie lange muss ich warten?|Ich habe zehn Minuten gewartet.|Ein Tisch für zwei.
        |Können Sie mich verbinden?|Ich suche eine Wohnung.|Im Moment nicht.|Ich möchte etwas fragen.|Das stimmt nicht.
        |Ich kann nicht länger warten.|Es dauert zehn Minuten zu Fuß.|Ja, genau.|Warum muss ich warten?""",
    "es": """Espere, eso está mal.|¿Cuánto tengo que esperar?|Llevo diez minutos esperando.|Una mesa para dos.
        |¿Me puede pasar con ventas?|Busco un piso.|En este momento no.|No puedo esperar más.|Estoy buscando un piso.
        |El segundo.|Quiero preguntar una cosa.""",
    "fr": """Attendez, c'est faux.|Combien de temps faut-il attendre ?|J'attends depuis dix minutes.
        |Une table pour deux.
        |Pouvez-vous me passer la direction ?|Je cherche un appartement.|En ce moment non.|Je ne peux pas attendre.
        |La seconde option.|Je voudrais prendre rendez-vous.""",
    "it": """Aspetti, è sbagliato.|Quanto devo aspettare?|Sto aspettando da dieci minuti.|Un tavolo per due.
        |Mi può passare il direttore?|Sto cercando un appartamento.|In questo momento no.|Non posso aspettare.
        |Il secondo.|Vorrei chiedere una cosa.""",
    "pt": """Espere, está errado.|Quanto tempo tenho de esperar?|Estou esperando há dez minutos.|Uma mesa para dois.
        |Pode me passar para o gerente?|Estou procurando um apartamento.|No momento não.|Não posso esperar.
        |O segundo.|Queria perguntar uma coisa.""",
    "nl": """Wacht, dat is fout.|Hoe lang moet ik wachten?|Ik heb tien minuten gewacht.|Een tafel voor twee.
        |Kunt u mij doorverbinden?|Ik zoek een huis.|Op dit moment niet.|Ik kan niet langer wachten.|De tweede.
        |Ik wil iets vragen.""",
    "pl": """Proszę poczekać, to nie tak.|Ile mam czekać?|Czekam już dziesięć minut.|Stolik dla dwóch osób.
        |Czy może mnie pani połączyć?|Szukam mieszkania.|W tej chwili nie.|Nie mogę dłużej czekać.|Ten drugi.
        |Chcę o coś zapytać.""",
}


def sentences(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(language, text.strip()) for language, texts in table.items() for text in texts.split("|")]


@pytest.mark.parametrize(("language", "text"), sentences(REQUESTS))
def test_the_usual_ways_to_ask_for_a_moment(language, text):
    assert patience(text, language, POLICY) >= POLICY.idle_when_waiting


@pytest.mark.parametrize(("language", "text"), sentences(NO_REQUESTS))
def test_what_sounds_like_it(language, text):
    assert patience(text, language, POLICY) == 0.0


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", "One moment.", 30.0),
        ("en", "Please hold the line.", 60.0),
        ("en", "I will connect you with the manager.", 60.0),
        ("en", "Give me two minutes.", 120.0),
        ("en", "I'll be back in 5 minutes.", 300.0),
        ("en", "Give me 90 minutes.", 600.0),
        ("de", "Geben Sie mir drei Minuten.", 180.0),
        ("es", "Deme cinco minutos.", 300.0),
        ("fr", "Donnez-moi deux minutes.", 120.0),
        ("it", "Mi dia dieci minuti.", 600.0),
        ("pt", "Me dê dois minutos.", 120.0),
        ("nl", "Geef me drie minuten.", 180.0),
        ("pl", "Proszę mi dać pięć minut.", 300.0),
        ("fi", "One moment.", 30.0),
    ],
)
def test_the_wait_fits_what_was_said(language, text, seconds):
    assert patience(text, language, POLICY) == seconds


def test_other_ways_can_be_added():
    policy = Policy(waiting=("back in a jiffy",), idle_when_waiting=20.0)
    assert patience("I'm back in a jiffy.", "en", policy) == 20.0


def test_a_caller_is_not_asked_before_their_time_and_goes_on_when_they_like():
    call = ScriptedCall().greets()
    call.hears("Give me two minutes.")
    call.answers("Of course.")
    before = len(call.all(Synthesize))
    call.passes(115.0)
    assert len(call.all(Synthesize)) == before
    call.hears("Here it is: my name is Ana.")
    assert not call.all(Hangup)


def test_music_does_not_use_up_the_patience_that_was_asked_for():
    call = ScriptedCall().greets()
    call.hears("Please hold the line.")
    call.answers("Of course, I will wait.")
    before = len(call.all(Synthesize))
    call.tells(e.SpeechStarted())
    call.passes(40.0)
    call.tells(e.SpeechStopped(ended=call.at))
    assert len(call.all(Synthesize)) == before
