"""What callers say to find out whether anybody is there, and what they hear then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .lexicon import Lexicon, language_code


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Of one language: its words, and the answer to them."""

    words: Lexicon
    answer: str


def _table(answer: str, phrases: str, soft: str) -> CheckIn:
    return CheckIn(Lexicon(tuple(filter(None, map(str.strip, phrases.split("|")))), tuple(soft.split())), answer)


CHECK_INS: Mapping[str, CheckIn] = {
    "en": _table(
        "I am still here.",
        "hello|hallo|hey|hi|are you there|are you still there|you there|you still there|still there|anybody there|"
        "anyone there|somebody there|is anybody there|is anyone there|is somebody there|is someone there|"
        "is there anybody|is there anyone|can you hear me|could you hear me|do you hear me|can you still hear me|"
        "did you hear me|have you heard me|did you hear that|did you hear what i said|did you get that|"
        "did you catch that|did you understand|are you listening|are you still listening|are you with me|"
        "are you still with me|still with me|you with me|are you here|are you still here|you still here|"
        "are you on the line|are you still on the line|still on the line|are you on|are you still on|"
        "am i still connected|are we still connected|are we connected|did i lose you|have i lost you|"
        "did we get cut off|were we cut off|did we get disconnected|are we disconnected|did you hang up|"
        "have you hung up|is the line dead|has the line gone dead|is this working|does this work|i can't hear you|"
        "i cannot hear you|i can't hear anything|i cannot hear anything|i don't hear anything|i don't hear you|"
        "can't hear you|are you working on it|are you still working on it|are you still looking|"
        "are you still checking|still looking|are you coming back",
        "um uh er erm hm so and but or okay ok yes yeah oh well please sir ma'am madam miss still now there anybody "
        "anyone sorry excuse me guys testing",
    ),
    "de": _table(
        "Ich bin noch da.",
        "hallo|hallöchen|hey|sind sie da|sind sie noch da|sind sie denn noch da|bist du da|bist du noch da|noch da|"
        "sie noch da|du noch da|sind sie noch dran|sind sie dran|bist du noch dran|noch dran|"
        "sind sie noch am apparat|sind sie noch in der leitung|bist du noch in der leitung|noch in der leitung|"
        "sind sie noch am telefon|ist da jemand|ist jemand da|ist da noch jemand|ist noch jemand da|ist da wer|"
        "jemand da|hören sie mich|hören sie mich noch|hörst du mich|hörst du mich noch|können sie mich hören|"
        "können sie mich noch hören|kannst du mich hören|kannst du mich noch hören|haben sie mich gehört|"
        "hast du mich gehört|haben sie mich verstanden|hast du mich verstanden|haben sie das gehört|"
        "haben sie das verstanden|sind sie noch bei mir|sind wir noch verbunden|sind wir verbunden|"
        "bin ich noch verbunden|ist die leitung tot|ist die verbindung weg|haben sie aufgelegt|hast du aufgelegt|"
        "ich höre sie nicht|ich höre sie nicht mehr|ich höre dich nicht|ich höre nichts|ich höre nichts mehr|"
        "ich kann sie nicht hören|suchen sie noch|schauen sie noch|hören sie noch zu|hören sie zu",
        "äh ähm hm also und aber oder okay ok ja oh bitte denn noch jetzt mal entschuldigung doch überhaupt",
    ),
    "es": _table(
        "Sigo aquí.",
        "hola|oiga|oye|aló|bueno|diga|está ahí|estás ahí|sigue ahí|sigues ahí|sigue usted ahí|está usted ahí|"
        "todavía está ahí|todavía sigue ahí|aún está ahí|aún sigue ahí|todavía estás ahí|sigue en la línea|"
        "está en la línea|sigues en la línea|sigue al teléfono|sigue conmigo|hay alguien|hay alguien ahí|alguien ahí|"
        "me oye|me oyes|me escucha|me escuchas|me oye usted|me escucha usted|me puede oír|puede oírme|puedes oírme|"
        "puede escucharme|puedes escucharme|me puede escuchar|me puedes oír|me puedes escuchar|me ha oído|me oyó|"
        "me escuchó|me ha escuchado|me ha entendido|me entendió|se cortó|se ha cortado|se cortó la llamada|"
        "se ha cortado la llamada|ha colgado|colgó|no le oigo|no lo oigo|no te oigo|no oigo nada|no se oye nada|"
        "no le escucho|no lo escucho|no te escucho|no escucho nada|sigue buscando|está buscando",
        "eh em este pues y pero o vale sí ah oh por favor señor señora señorita todavía aún ahora perdón perdone "
        "disculpe oiga usted",
    ),
    "fr": _table(
        "Je suis toujours là.",
        "allô|allo|âllo|hé|vous êtes là|vous êtes toujours là|vous êtes encore là|êtes-vous là|êtes-vous toujours là|"
        "êtes-vous encore là|est-ce que vous êtes là|est-ce que vous êtes toujours là|est-ce que vous êtes encore là|"
        "tu es là|tu es toujours là|tu es encore là|t'es là|t'es toujours là|es-tu là|es-tu toujours là|toujours là|"
        "encore là|vous êtes en ligne|vous êtes toujours en ligne|vous êtes toujours au bout du fil|"
        "êtes-vous toujours en ligne|toujours en ligne|il y a quelqu'un|y a quelqu'un|est-ce qu'il y a quelqu'un|"
        "y a-t-il quelqu'un|quelqu'un|vous m'entendez|vous m'entendez toujours|vous m'entendez bien|m'entendez-vous|"
        "est-ce que vous m'entendez|tu m'entends|est-ce que tu m'entends|m'entends-tu|vous m'avez entendu|"
        "vous m'avez compris|vous avez entendu|vous avez raccroché|ça a coupé|on a été coupés|on est coupés|"
        "je ne vous entends pas|je ne vous entends plus|je vous entends pas|je vous entends plus|je n'entends rien|"
        "j'entends rien|je n'entends plus rien|vous cherchez toujours|vous m'écoutez|bonjour",
        "euh hum ben et mais ou alors bon d'accord ok oui ah oh s'il vous plaît monsieur madame mademoiselle toujours "
        "encore là maintenant pardon excusez-moi",
    ),
    "it": _table(
        "Sono ancora qui.",
        "pronto|ehi|hey|ehilà|c'è|ci sei|lei c'è|è lì|sei lì|è ancora lì|sei ancora lì|è ancora là|c'è ancora|"
        "ci sei ancora|è sempre lì|è ancora in linea|sei ancora in linea|ancora in linea|è in linea|"
        "è ancora al telefono|è ancora con me|c'è qualcuno|c'è nessuno|qualcuno|mi sente|mi senti|mi sente ancora|"
        "mi senti ancora|riesce a sentirmi|riesci a sentirmi|può sentirmi|puoi sentirmi|mi può sentire|"
        "mi puoi sentire|mi ha sentito|mi hai sentito|mi ha capito|mi hai capito|ha sentito|è caduta la linea|"
        "è caduta|si è interrotta la linea|ha riattaccato|ha riagganciato|non la sento|non la sento più|non ti sento|"
        "non sento niente|non sento nulla|non sento più niente|sta ancora cercando|mi ascolta|mi ascolti",
        "ehm eh uh e ma o allora okay ok sì ah oh per favore signore signora signorina ancora adesso ora scusi scusa "
        "lì là",
    ),
    "pt": _table(
        "Ainda estou aqui.",
        "alô|olá|oi|ei|está lá|estou|está aí|está aí ainda|ainda está aí|ainda está lá|você está aí|"
        "você ainda está aí|você tá aí|tá aí|ainda tá aí|você ainda tá aí|cê tá aí|continua aí|ainda aí|"
        "o senhor está aí|a senhora está aí|o senhor ainda está aí|a senhora ainda está aí|está na linha|"
        "ainda está na linha|você está na linha|continua na linha|tem alguém aí|há alguém aí|está alguém aí|"
        "alguém aí|me ouve|você me ouve|me escuta|você me escuta|está me ouvindo|você está me ouvindo|tá me ouvindo|"
        "você tá me ouvindo|está me escutando|está a ouvir-me|está-me a ouvir|ouve-me|consegue me ouvir|"
        "consegue ouvir-me|você consegue me ouvir|pode me ouvir|você pode me ouvir|pode ouvir-me|me ouviu|"
        "você me ouviu|ouviu|me entendeu|você me entendeu|caiu a ligação|a ligação caiu|caiu a chamada|desligou|"
        "não estou ouvindo|não estou te ouvindo|não estou ouvindo nada|não ouço nada|não o ouço|não a ouço|"
        "não te ouço|não escuto nada|ainda está procurando|está procurando",
        "é hum e mas ou então ok certo sim ah oh por favor senhor senhora moça moço ainda agora desculpe desculpa aí",
    ),
    "nl": _table(
        "Ik ben er nog.",
        "hallo|hoi|hé|hey|bent u daar|bent u daar nog|bent u er|bent u er nog|ben je daar|ben je daar nog|ben je er|"
        "ben je er nog|bent u er nog steeds|bent u nog daar|bent u nog aan de lijn|bent u aan de lijn|"
        "ben je nog aan de lijn|nog aan de lijn|er nog|nog daar|is daar iemand|is er iemand|is er nog iemand|"
        "iemand daar|hoort u mij|hoort u me|hoor je mij|hoor je me|hoort u mij nog|hoor je me nog|kunt u mij horen|"
        "kunt u me horen|kun je mij horen|kun je me horen|kan je me horen|kunt u mij nog horen|heeft u mij gehoord|"
        "heeft u me gehoord|heb je me gehoord|hebt u mij gehoord|heeft u dat gehoord|heeft u mij begrepen|"
        "heeft u opgehangen|heb je opgehangen|is de verbinding verbroken|is de verbinding weg|zijn we nog verbonden|"
        "ik hoor u niet|ik hoor u niet meer|ik hoor je niet|ik hoor niets|ik hoor niks|ik hoor niets meer|"
        "bent u nog aan het zoeken|luistert u nog|luister je nog",
        "eh uh uhm hm dus en maar of oké ok ja oh nou alstublieft alsjeblieft meneer mevrouw nog steeds nu sorry daar",
    ),
    "pl": _table(
        "Nadal tu jestem.",
        "halo|hallo|hej|jest pan|jest pani|jest pan tam|jest pani tam|czy jest pan tam|czy jest pani tam|"
        "jest tam pan|jest tam pani|czy jest tam pan|czy jest tam pani|jesteś tam|czy jesteś tam|jesteś|"
        "jest pan jeszcze|jest pani jeszcze|czy pan tam jest|czy pani tam jest|pan tam jest|pani tam jest|"
        "czy pan jeszcze jest|czy pani jeszcze jest|czy pan tam jeszcze jest|czy pani tam jeszcze jest|"
        "jest pan tam jeszcze|jest pani tam jeszcze|jesteś tam jeszcze|jesteś jeszcze|jest tam kto|jest tam ktoś|"
        "czy jest tam ktoś|czy ktoś tam jest|ktoś tam jest|jest ktoś|słyszy mnie pan|słyszy mnie pani|"
        "czy pan mnie słyszy|czy pani mnie słyszy|pan mnie słyszy|pani mnie słyszy|czy słyszy mnie pan|"
        "czy słyszy mnie pani|słyszysz mnie|czy mnie słyszysz|mnie słyszysz|czy mnie słychać|słychać mnie|"
        "słyszymy się|czy słyszał mnie pan|czy słyszała mnie pani|usłyszał mnie pan|usłyszała mnie pani|"
        "zrozumiał mnie pan|zrozumiała mnie pani|jest pan na linii|jest pani na linii|czy jest pan na linii|"
        "czy jest pani na linii|rozłączyło nas|rozłączył się pan|rozłączyła się pani|nie słyszę pana|nie słyszę pani|"
        "nie słyszę cię|nic nie słyszę|nie słyszę nic|szuka pan|szuka pani",
        "yyy eee hm no to i ale a czy okej ok tak o ach proszę pana pani jeszcze nadal teraz tam przepraszam dobrze",
    ),
}
"""The languages that agents have everything in."""


@cache
def check_in(language: str) -> CheckIn:
    """Of the agent's language; "hello?" is said in any, so English is known beside it. An answer is never foreign:
    without a table there is none.
    """
    english, known = CHECK_INS["en"], CHECK_INS.get(language_code(language))
    if known is None:
        return CheckIn(english.words, "")
    return known if known is english else CheckIn(known.words + english.words, known.answer)
