"""Whether somebody asks not to be called again, in so many words; and what they are told.

Only words that can mean nothing else: a model hears the rest, and has a tool for it. A wish that is about a time ("not
before nine", "not today"), about somebody else, or that is only reported is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

LONGEST = 400  # characters: whoever says more at once is telling a story, and the model listens to it


class _Language(NamedTuple):
    """`wishes` are whole clauses, `polite` may stand before or after; with one of the words `not_if` it is none."""

    wishes: tuple[str, ...]
    polite: str
    not_if: str
    confirmed: str


_ENGLISH = _Language(
    (
        r"(?:do not|don't|dont|never|you must not|you mustn't) (?:ever )?(?:call|phone|ring|contact|dial|bother)"
        r"(?: me| us| here| this (?:phone |telephone )?number| my (?:phone |telephone |cell )?number| this house)(?: up| back)?"
        r"(?: ever)? (?:again|any ?more|any longer|no more)(?: ever)?(?: (?:on|at) this number)?(?: or .*)?",
        r"(?:don't|do not) you (?:ever|dare)(?: to)? (?:call|phone|ring|contact) (?:me|us|here)(?: again| any ?more)?",
        r"never (?:ever )?(?:call|phone|ring|contact) (?:me|us|here|this number|my number)",
        r"(?:stop|quit) (?:calling|phoning|ringing|contacting|harassing)"
        r"(?: me| us| here| this (?:phone )?number| my (?:phone )?number)?(?: again| any ?more)?",
        r"(?:i|we) (?:do not|don't|never) (?:want|wish|care|like)(?: for)?(?: you| anyone| anybody)?(?: to)?(?: ever)? "
        r"(?:be |get |have )?(?:called|call|contacted|contact|phoned|phone|rung)(?: me| us)?(?: by you)?"
        r" (?:again|any ?more|any longer|ever again)(?: by you)?",
        r"(?:i|we) (?:do not|don't) (?:want|wish)(?: to (?:get|receive|have))? (?:any )?(?:more |further |other )?"
        r"(?:phone )?calls(?: from you)?(?: any ?more)?",
        r"(?:no more|stop these|stop the|stop your) (?:phone )?calls(?: from you)?",
        r"(?:you )?(?:take|remove|delete|strike|scratch|get|drop) (?:me|us|my (?:phone |cell )?number|this number|my name)"
        r"(?: off| from| out of)(?: of)? (?:(?:all )?your(?: \w+)?|(?:the|this|that|any) (?:call|calling|phone|contact|"
        r"marketing|telemarketing|dialing|dialling)) ?(?:lists?|database|records)",
        r"(?:put|add|place|get) (?:me|us|my (?:phone )?number|this number)(?: down)? (?:on|onto|to)"
        r"(?: your| the| a| that)?(?: internal| national)? (?:do not call|do-not-call|don't call|no call|dnc)"
        r"(?: list| register| registry)?",
        r"(?:delete|erase|lose|forget|remove) (?:my|our|this) (?:phone |telephone |cell )?number",
        r"(?:i|we) (?:want|wish|would like|need|demand) to be (?:removed|taken off|deleted)(?: from| off)?"
        r" your (?:\w+ )?(?:lists?|database)",
    ),
    r"please|okay|ok|no|yes|well|so|and|just|now|look|listen|hey|hello|hi|sorry|thanks|thank you|sir|madam|ma'am|"
    r"i said|i told you|could you|can you|would you|will you|i want you to|i'm asking you to|i am asking you to|ever|"
    r"under any circumstances|for any reason|goodbye|bye|for good|at all",
    r"why|if|unless|until|till|before|after|today|tonight|tomorrow|said he|he said|she said|they said|told him|told her|"
    r"this (?:morning|afternoon|evening|week|month)|so (?:late|early)|at night|at work|on (?:mon|tues|wednes|thurs|fri|satur|sun)days?",
    "All right: I have noted that you do not want to be called again, and we will not call this number any more.",
)

_GERMAN = _Language(
    (
        r"(?:rufen sie|rufen|ruft|ruf|rufe)(?: mich| uns| hier| bei mir| bei uns| unter dieser nummer| diese nummer)?(?: bitte)?"
        r" (?:nie wieder|nie mehr|niemals wieder|niemals mehr|nicht mehr|nicht wieder|nicht noch ?mal|nicht noch einmal)"
        r"(?: hier| bei mir| unter dieser nummer)? an",
        r"(?:mich |uns |hier |diese nummer )?(?:bitte )?(?:nie wieder|nie mehr|niemals wieder|nicht mehr|nicht wieder)"
        r"(?: hier| bei mir| unter dieser nummer)? anrufen",
        r"(?:ich|wir) (?:möchte|möchten|will|wollen|wünsche)(?: von ihnen| bitte)? (?:nicht mehr|nie wieder|nie mehr|nicht wieder)"
        r"(?: von ihnen)? (?:angerufen|kontaktiert|belästigt)(?: werden)?",
        r"(?:ich|wir) (?:möchte|möchten|will|wollen|wünsche) (?:nicht|nicht mehr),? dass sie (?:mich|uns) "
        r"(?:noch einmal |noch mal |wieder |nochmal |jemals wieder )?anrufen",
        r"(?:ich|wir) (?:möchte|möchten|will|wollen|wünsche) (?:keine anrufe mehr|keine weiteren anrufe|keine anrufe)"
        r"(?: von ihnen)?(?: bekommen| erhalten)?",
        r"keine (?:weiteren )?anrufe mehr(?: von ihnen)?",
        r"(?:hören sie|hört|hör)(?: bitte)? (?:damit )?auf,?(?: damit,?)? (?:mich|uns|hier|diese nummer) anzurufen",
        r"(?:unterlassen sie|lassen sie)(?: bitte)? (?:diese|ihre|die) anrufe",
        r"(?:streichen|löschen|nehmen|entfernen)(?: sie)?(?: bitte)? (?:mich|uns|meine (?:telefon)?nummer|diese nummer)(?: bitte)?"
        r" (?:von|aus) (?:ihrer|eurer|der) (?:anruf|telefon|kontakt|anrufer|werbe)?(?:liste|datenbank|kartei)(?: heraus| raus)?",
        r"(?:löschen|streichen|vergessen)(?: sie)?(?: bitte)? (?:meine|unsere|diese) (?:telefon|handy)?nummer(?: bitte)?",
        r"(?:setzen|schreiben)(?: sie)?(?: bitte)? (?:mich|uns|meine nummer) auf (?:die|ihre) (?:sperrliste|robinsonliste)",
    ),
    r"bitte|nein|ja|also|und|jetzt|hallo|danke|okay|ok|hören sie|ich bitte sie|auf wiederhören|tschüss|unter keinen umständen",
    r"warum|wieso|wenn|falls|bis|bevor|vor|nach|heute|morgen|nachts|abends|diese woche|hat gesagt|sagte|sonntags|so spät|so früh",
    "In Ordnung, ich habe notiert, dass Sie nicht mehr angerufen werden möchten. Wir rufen diese Nummer nicht wieder an.",
)

_SPANISH = _Language(
    (
        r"no (?:me|nos) (?:vuelva|vuelvan|vuelvas) a (?:llamar|contactar|molestar)(?: más| nunca| jamás)?",
        r"no (?:vuelva|vuelvan|vuelvas) a (?:llamarme|llamarnos|contactarme|molestarme|llamar(?: aquí| a este número)?)"
        r"(?: más| nunca| jamás)?",
        r"no (?:me|nos) (?:llame|llamen|llames|contacte|contacten|moleste|molesten) "
        r"(?:más|nunca más|nunca|otra vez|de nuevo|ya más|ya)(?: a este número)?",
        r"(?:nunca más|nunca|jamás|ya no) (?:me|nos) (?:vuelva a llamar|vuelvan a llamar|llame|llamen|llames)(?: más)?",
        r"no llam(?:e|en|es) más(?: aquí| a este número)?",
        r"(?:deje|dejen|deja|pare|paren) de (?:llamarme|llamarnos|llamar(?: a este número| aquí)?|molestarme|contactarme)",
        r"(?:ya )?no (?:quiero|deseo|queremos) (?:que (?:me|nos) (?:llamen|llame|llames|contacten)|recibir)"
        r"(?: más| otra vez| de nuevo| nunca más)(?: llamadas)?(?: suyas| de ustedes)?",
        r"no (?:quiero|deseo|queremos) (?:recibir )?más llamadas(?: suyas| de ustedes)?",
        r"no más llamadas",
        r"(?:bórreme|bórrenme|quíteme|quítenme|sáqueme|sáquenme|elimíneme|elimínenme|borre mi número|quite mi número|"
        r"elimine mi número|borren mi número|quiten mi número) de (?:su|sus|la|las) (?:listas?|base de datos|bases de datos)"
        r"(?: de llamadas)?",
        r"(?:borre|borren|elimine|eliminen) mi número",
    ),
    r"por favor|no|sí|bueno|pues|y|ya|oiga|mire|hola|gracias|adiós|le pido que|les pido que|se lo pido",
    r"por qué|si|hasta|antes|después|hoy|mañana|esta (?:semana|tarde|noche)|más tarde|me dijo|de noche|los domingos",
    "De acuerdo, he anotado que no desea más llamadas. No volveremos a llamar a este número.",
)

_FRENCH = _Language(
    (
        r"(?:ne |n')?(?:m'|me |nous )?(?:appelez|appelle|rappelez|rappelle|contactez|contacte|téléphonez|dérangez)"
        r"(?: plus jamais| jamais plus| plus)(?: ici| à ce numéro| ce numéro)?",
        r"(?:arrêtez|arrête|cessez|stop) de (?:m'|me |nous )?(?:appeler|rappeler|contacter|téléphoner|déranger|harceler)"
        r"(?: ce numéro| ici)?",
        r"(?:je ne|je|nous ne) (?:veux|souhaite|désire|voulons|souhaitons) plus (?:jamais )?"
        r"(?:être (?:appelée?|rappelée?|contactée?|dérangée?|démarchée?)|recevoir (?:vos |d'|de vos )appels"
        r"|que vous (?:m'|me |nous )(?:appeliez|rappeliez|contactiez)|de vos appels)(?: par téléphone| par vous)?",
        r"plus (?:jamais )?d'appels?",
        r"(?:retirez|supprimez|enlevez|effacez|rayez|ôtez)(?:-moi|-nous| moi| mon numéro| ce numéro| mon nom)"
        r" de (?:votre|vos|la|ta) (?:listes?|fichiers?|bases?)(?: d'appels?| de données| de contacts?)?",
        r"(?:supprimez|effacez|retirez|oubliez) (?:mon|ce) numéro",
        r"(?:mettez|inscrivez)(?:-moi| moi| mon numéro) sur (?:la |votre )?(?:liste rouge|liste d'opposition|bloctel)",
    ),
    r"s'il vous plaît|s'il te plaît|non|oui|bon|et|alors|écoutez|bonjour|merci|au revoir|je vous prie|je vous demande|jamais",
    r"pourquoi|si|jusqu'à|avant|après|aujourd'hui|demain|ce soir|cette semaine|le dimanche|la nuit|a dit|m'a dit|si tard|si tôt",
    "C'est noté : vous ne souhaitez plus être appelé. Nous ne rappellerons plus ce numéro.",
)

_ITALIAN = _Language(
    (
        r"non (?:mi |ci )(?:chiami|chiamate|chiamare|richiami|richiamate|contatti|contattate|telefoni|telefonate|disturbi)"
        r" (?:più|mai più|di nuovo|ancora|un'altra volta)(?: a questo numero)?",
        r"non (?:chiamarmi|chiamarci|chiamatemi|chiamateci|contattarmi|contattatemi|telefonarmi|telefonatemi|chiami|chiamate|chiamare)"
        r" (?:più|mai più|di nuovo)(?: questo numero| a questo numero| qui)?",
        r"(?:smetta|smettete|smettetela|smettila|la smetta|la smettete|la smettiate|basta) di "
        r"(?:chiamarmi|chiamarci|telefonarmi|contattarmi|disturbarmi|chiamare(?: questo numero)?)",
        r"non (?:voglio|vogliamo|desidero|desideriamo) (?:più )?(?:essere (?:più )?(?:chiamat[oai]|contattat[oai]|disturbat[oai]|richiamat[oai])"
        r"|ricevere (?:più )?(?:altre |vostre |le vostre )?(?:chiamate|telefonate))(?: più| di nuovo| mai più)?",
        r"(?:basta|niente più) (?:chiamate|telefonate)",
        r"(?:mi |ci )?(?:cancelli|tolga|rimuova|elimini|cancellatemi|toglietemi|rimuovetemi|eliminatemi|cancellami|toglimi|"
        r"cancellate|togliete|tolga)(?: il mio numero| questo numero)? da(?:l|lla|lle|i|gli|ll)?(?: |')(?:vostr[aeoi] |su[aeoi] |tu[aeo] )?"
        r"(?:lista|liste|elenco|elenchi|database)",
        r"(?:cancelli|cancellate|elimini|dimentichi) il mio numero",
    ),
    r"per favore|per piacere|la prego|vi prego|no|sì|e|allora|senta|pronto|grazie|arrivederci|mai",
    r"perché|se|fino|prima|dopo|oggi|domani|stasera|più tardi|questa settimana|di notte|ha detto|la domenica",
    "Va bene, ho annotato che non desidera più essere chiamato. Non chiameremo più questo numero.",
)

_PORTUGUESE = _Language(
    (
        r"não (?:me |nos )?(?:ligue|liguem|ligues|liga|telefone|telefonem|contacte|contactem|contate|contatem|chame|chamem|incomode)"
        r"(?:-me)?(?: para mim| pra mim)? (?:mais|nunca mais|de novo|outra vez|novamente)"
        r"(?: para mim| pra mim| para cá| pra cá| para este número| pra este número)?",
        r"não (?:volte|voltem|voltes|volta) a (?:me )?(?:ligar|ligar-me|telefonar|telefonar-me|contactar|contactar-me|contatar)"
        r"(?: para mim| pra mim| para cá| para este número| mais)?",
        r"nunca mais (?:me |nos )?(?:ligue|liguem|ligues|telefone|telefonem|contacte|contactem)(?: para mim| pra mim| para cá)?",
        r"(?:pare|parem|para|deixe|deixem|deixa) de (?:me |nos )?(?:ligar|telefonar|contactar|contatar|incomodar|ligar-me)"
        r"(?: para mim| pra mim| para cá| para este número)?",
        r"(?:já )?não (?:quero|queremos|desejo) (?:receber )?mais (?:ligações|chamadas|telefonemas)(?: suas| vossas| de vocês)?",
        r"não (?:quero|queremos|desejo) que (?:me |nos )(?:ligue|liguem|ligues|contactem|contatem|telefonem) "
        r"(?:mais|de novo|outra vez|novamente|nunca mais)",
        r"não (?:quero|desejo) (?:mais )?ser (?:mais )?(?:contactad[oa]|contatad[oa]|incomodad[oa])(?: mais| de novo)?",
        r"(?:chega de|não mais|sem mais) (?:ligações|chamadas|telefonemas)",
        r"(?:me )?(?:tire|tirem|retire|retirem|remova|removam|apague|apaguem|exclua|excluam|risque)(?:-me)?"
        r"(?: o)?(?: meu número| meu nome| este número)? (?:da|das|de) (?:sua |vossa |suas |vossas )?(?:lista|listas|base de dados)"
        r"(?: de (?:chamadas|ligações|contactos|contatos))?",
        r"(?:apague|apaguem|elimine|exclua) (?:o )?meu número",
    ),
    r"por favor|se faz favor|não|sim|e|então|olhe|olha|alô|obrigad[oa]|adeus|tchau|peço que|nunca",
    r"por que|porquê|porque|se|até|antes|depois|hoje|amanhã|esta (?:semana|noite|tarde)|mais tarde|mais cedo|disse|de noite|aos domingos",
    "Está bem, anotei que não deseja mais ser contactado. Não voltaremos a ligar para este número.",
)

_DUTCH = _Language(
    (
        r"(?:bel|belt|contacteer)(?: u| jij| je)? (?:mij|me|ons|dit nummer|hier|naar dit nummer)(?: alstublieft| alsjeblieft)? "
        r"(?:nooit meer|niet meer|nooit weer|nooit opnieuw|niet weer|niet opnieuw|niet nog een keer|niet nog eens)(?: op| terug)?",
        r"(?:mij |me |ons |dit nummer |hier )?(?:alstublieft )?(?:niet|nooit) meer (?:naar dit nummer )?(?:op)?bellen",
        r"(?:u mag|jullie mogen|je mag|u moet|jullie moeten) (?:mij|me|ons) (?:niet|nooit) meer (?:op)?bellen",
        r"(?:ik|wij|we) (?:wil|willen|wens) (?:niet|nooit) meer (?:door u |door jullie )?(?:op)?(?:gebeld|benaderd|lastiggevallen)(?: worden)?"
        r"(?: door u| door jullie)?",
        r"(?:ik|wij|we) (?:wil|willen|wens) (?:niet|nooit) (?:meer )?dat (?:u|jullie|je) (?:mij|me|ons) (?:nog |ooit nog |weer )?(?:op)?belt?(?:len)?",
        r"(?:ik|wij|we) (?:wil|willen) geen (?:telefoontjes|oproepen|belletjes) meer(?: van u| van jullie)?(?: krijgen)?",
        r"geen (?:telefoontjes|oproepen|belletjes) meer",
        r"(?:stop|hou op|houd op|stopt u|stoppen jullie)(?: ermee)?(?: met)? (?:mij |me |ons )?(?:te )?(?:op)?(?:te )?bellen",
        r"(?:haal|haalt u|verwijder|verwijdert u|schrap|schrapt u|gooi)(?: u)? (?:mij|me|ons|mijn nummer|dit nummer)(?: alstublieft)?"
        r" (?:van|uit) (?:uw|de|jullie|je) (?:bel|contact)?(?:lijst|lijsten|bestand|systeem|database)(?: af)?",
        r"(?:verwijder|wis|vergeet) (?:mijn|dit) (?:telefoon)?nummer",
    ),
    r"alstublieft|alsjeblieft|graag|nee|ja|en|nou|luister|hallo|dank u|dankjewel|bedankt|dag|ik vraag u|wilt u|kunt u|ooit",
    r"waarom|als|tot|totdat|voor|voordat|na|vandaag|vanavond|morgen|deze week|'s nachts|zondags|zei|zo laat|zo vroeg",
    "Goed, ik heb genoteerd dat u niet meer gebeld wilt worden. Wij bellen dit nummer niet meer.",
)

_POLISH = _Language(
    (
        r"(?:nigdy |już |więcej |do mnie |do nas |tu |tutaj |na ten numer )*nie (?:dzwońcie|dzwoń|dzwonić|dzwonimy|telefonujcie|telefonować)"
        r"(?: do mnie| do nas| tu| tutaj| na ten numer)* (?:już|więcej|nigdy więcej|już nigdy|już więcej|nigdy|ponownie|znowu)"
        r"(?: do mnie| do nas| tu| tutaj| na ten numer)*",
        r"(?:do mnie |do nas |tu |na ten numer )*(?:nigdy więcej|więcej|już więcej|już nigdy|nigdy już|już)"
        r"(?: do mnie| do nas| tu| tutaj| na ten numer)* nie (?:dzwońcie|dzwoń|dzwonić|telefonować)(?: do mnie| do nas| tu| na ten numer)*",
        r"nie chc(?:ę|emy)(?: już| więcej)*,? (?:że|ż)?(?:eby|by)(?:ście)?(?: państwo| pan| pani| ktoś)?(?: do mnie| do nas)?"
        r"(?: więcej| już)* dzwoni(?:li|ł|ła|ono)(?: do mnie| do nas)?(?: więcej| ponownie)*",
        r"nie chc(?:ę|emy)(?: już)? (?:więcej |żadnych |dalszych )+(?:telefonów|połączeń)(?: od was| od państwa)?",
        r"nie życzę sobie(?: już)?(?: więcej)?(?: żadnych)?(?: takich)? (?:telefonów|połączeń)(?: od was| od państwa)?",
        r"(?:koniec|dość) (?:z tymi |tych )?(?:telefonami|telefonów)",
        r"(?:przestańcie|przestań|przestać|niech państwo przestaną)(?: do mnie| do nas)?(?: wydzwaniać| dzwonić)(?: do mnie| do nas| tu)?",
        r"(?:usunąć|usuńcie|usuń|wykreślić|wykreślcie|skreślić|skreślcie|skreśl)(?: mnie| mój numer| ten numer| nas)"
        r" z (?:waszej |państwa |swojej |tej |wszystkich )*(?:listy|bazy|bazy danych|list)",
        r"(?:usunąć|usuńcie|skasować|skasujcie|zapomnijcie) (?:mój|ten) numer",
    ),
    r"proszę|nie|tak|no|i|halo|dzień dobry|dziękuję|do widzenia|bardzo|państwa|pana|panią|nigdy",
    r"dlaczego|czemu|jeśli|jeżeli|gdy|do czasu|przed|po|dziś|dzisiaj|jutro|wieczorem|w nocy|w tym tygodniu|powiedział|powiedziała|w niedziel[ęe]",
    "Dobrze, zanotowałam, że nie życzy sobie pan ani pani więcej telefonów. Nie zadzwonimy już na ten numer.",
)

LANGUAGES: Final[Mapping[str, _Language]] = {
    "en": _ENGLISH, "de": _GERMAN, "es": _SPANISH, "fr": _FRENCH, "it": _ITALIAN, "pt": _PORTUGUESE, "nl": _DUTCH,
    "pl": _POLISH,
}  # fmt: skip

_CLAUSES = re.compile(r"[.!?;:…\n]+|\s[-–—]+\s")
_NOT_WORDS = re.compile(r"[^\w\s'-]+")


class _Patterns(NamedTuple):
    wish: re.Pattern[str]
    not_if: re.Pattern[str]


def _compiled(language: _Language) -> _Patterns:
    polite = f"(?:{language.polite})"
    whole = rf"(?:{polite} )*(?:{'|'.join(language.wishes)})(?: {polite})*"
    return _Patterns(re.compile(whole), re.compile(rf"(?<![\w'-])(?:{language.not_if})(?![\w'-])"))


_PATTERNS = {code: _compiled(language) for code, language in LANGUAGES.items()}


def asks_not_to_be_called(text: str, language: str) -> bool:
    """Whether a caller says so; `language`: what the agent speaks, such as `en` or `pt-BR`."""
    patterns = _PATTERNS.get(_code(language))
    if patterns is None or len(text) > LONGEST:
        return False
    for clause in _CLAUSES.split(text.lower().replace("\u2019", "'")):
        words = " ".join(_NOT_WORDS.sub(" ", clause).split())
        if patterns.wish.fullmatch(words) and not patterns.not_if.search(words):
            return True
    return False


def confirmation(language: str) -> str:
    """What is said to it."""
    return LANGUAGES.get(_code(language), _ENGLISH).confirmed


def _code(language: str) -> str:
    return language.lower().partition("-")[0]
