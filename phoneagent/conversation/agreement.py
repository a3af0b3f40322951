"""What callers say to "I will connect you" and to a goodbye: thanks, yes, bye. It takes nothing back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .check_in import check_in
from .lexicon import Lexicon, language_code


def _table(phrases: str, soft: str) -> Lexicon:
    return Lexicon(tuple(filter(None, map(str.strip, phrases.split("|")))), tuple(soft.split()))


AGREEMENTS: Mapping[str, Lexicon] = {
    "en": _table(
        "thanks|thank you|thank you so much|thank you very much|many thanks|thanks a lot|thanks a million|"
        "thanks so much|cheers|ta|much appreciated|i appreciate it|i appreciate that|appreciate it|"
        "i appreciate your help|bless you|yes|yeah|yep|yup|yes please|please|please do|do that|okay|ok|k|okey dokey|"
        "alright|all right|right|sure|sure thing|of course|certainly|absolutely|definitely|exactly|perfect|great|"
        "excellent|wonderful|fantastic|brilliant|awesome|amazing|lovely|super|cool|nice|good|very good|fine|"
        "that's fine|that is fine|that works|works for me|that's good|that's great|that's perfect|that's okay|"
        "that's alright|that's right|that's kind|that's very kind|that would be great|that would be lovely|"
        "that would be good|that would be perfect|that would be wonderful|that would be nice|that'd be great|"
        "that'd be lovely|that'd be good|sounds good|sounds great|sounds perfect|sounds fine|fair enough|got it|"
        "gotcha|i see|understood|i understand|no problem|no worries|not a problem|no rush|take your time|i'll hold|"
        "i'll wait|i will hold|i will wait|i can wait|i can hold|happy to wait|happy to hold|you're very kind|"
        "you are very kind|you're a star|you've been very helpful|you have been very helpful|you've been great|"
        "very helpful|that's very helpful|that helps|bye|bye bye|goodbye|good bye|see you|see ya|take care|"
        "have a nice day|have a good day|have a great day|have a good one|have a lovely day|you too|same to you|"
        "good night|speak soon|talk soon|mhm|mm hm|mm hmm|mmhmm|uh huh|aha|hm|hmm",
        "oh ah um uh well so very much a lot and then for your the help time just really indeed sir ma'am madam miss "
        "now you it that is",
    ),
    "de": _table(
        "danke|danke schön|dankeschön|danke sehr|danke ihnen|danke dir|vielen dank|besten dank|herzlichen dank|"
        "tausend dank|ich danke ihnen|ich danke|das ist nett|das ist sehr nett|sehr nett|sehr freundlich|"
        "das ist lieb|sehr lieb|ja|ja bitte|ja gern|ja gerne|jawohl|jo|jep|gern|gerne|bitte|bitte schön|bitte sehr|"
        "machen sie das|mach das|tun sie das|okay|ok|in ordnung|alles klar|klar|klaro|sicher|natürlich|"
        "selbstverständlich|genau|richtig|stimmt|gut|sehr gut|ist gut|das ist gut|schön|sehr schön|fein|prima|super|"
        "toll|klasse|perfekt|wunderbar|großartig|hervorragend|ausgezeichnet|spitze|passt|das passt|einverstanden|"
        "das wäre gut|das wäre toll|das wäre super|das wäre nett|das wäre schön|das wäre prima|klingt gut|"
        "hört sich gut an|verstehe|ich verstehe|verstanden|kein problem|keine eile|ich warte|ich bleibe dran|"
        "sie haben mir sehr geholfen|das hilft mir|tschüss|tschüs|tschau|ciao|servus|wiederhören|auf wiederhören|"
        "auf wiedersehen|wiederschauen|bis dann|bis bald|schönen tag|schönen tag noch|einen schönen tag|"
        "einen schönen tag noch|schönen abend|schönen abend noch|gleichfalls|ebenso|ihnen auch|mhm|aha|hm|hmm|so",
        "oh ach ah äh ähm na dann und für ihre die hilfe auch noch doch so ganz sehr mal ihnen das ist aber wirklich",
    ),
    "es": _table(
        "gracias|muchas gracias|mil gracias|muchísimas gracias|muy amable|es muy amable|se lo agradezco|"
        "te lo agradezco|le agradezco|sí|sí por favor|por favor|vale|ok|okay|okey|de acuerdo|está bien|muy bien|bien|"
        "bueno|claro|claro que sí|por supuesto|desde luego|perfecto|genial|estupendo|excelente|fantástico|fenomenal|"
        "maravilloso|buenísimo|exacto|correcto|eso es|listo|dale|hágalo|hazlo|me parece bien|suena bien|sería genial|"
        "sería perfecto|estaría bien|entendido|entiendo|ya veo|no hay problema|sin problema|no pasa nada|espero|"
        "yo espero|me espero|aquí espero|me ha ayudado mucho|adiós|hasta luego|hasta pronto|hasta la vista|chao|chau|"
        "nos vemos|buen día|buenos días|que tenga buen día|que tenga un buen día|que tengas un buen día|"
        "buenas tardes|buenas noches|igualmente|mhm|ajá|aja|hm|hmm",
        "ah oh eh pues y entonces muy mucho por su tu la ayuda señor señora señorita usted todo ya eso qué es",
    ),
    "fr": _table(
        "merci|merci beaucoup|merci bien|mille mercis|un grand merci|merci infiniment|je vous remercie|"
        "je te remercie|c'est gentil|c'est très gentil|très gentil|c'est très aimable|oui|ouais|oui s'il vous plaît|"
        "s'il vous plaît|s'il te plaît|volontiers|avec plaisir|d'accord|ok|okay|bien|très bien|c'est bien|bon|"
        "c'est bon|entendu|bien sûr|certainement|absolument|tout à fait|exactement|parfait|c'est parfait|super|"
        "génial|excellent|formidable|magnifique|merveilleux|nickel|impeccable|top|cool|ça marche|ça me va|ça va|"
        "ça me convient|ce serait bien|ce serait parfait|ce serait super|ce serait gentil|faites|allez-y|"
        "je comprends|compris|je vois|pas de problème|pas de souci|aucun problème|aucun souci|j'attends|je patiente|"
        "je reste en ligne|au revoir|à bientôt|à plus|à plus tard|salut|ciao|bonne journée|bonne soirée|bonne nuit|"
        "à vous aussi|vous aussi|vous de même|de même|pareillement|mhm|hm|hmm",
        "ah oh euh ben alors et donc pour votre ton l'aide aide beaucoup très bien monsieur madame mademoiselle à vous "
        "c'est ça",
    ),
    "it": _table(
        "grazie|grazie mille|mille grazie|molte grazie|tante grazie|grazie tante|grazie infinite|la ringrazio|"
        "ti ringrazio|molto gentile|è molto gentile|gentilissimo|gentilissima|sì|sì grazie|sì per favore|per favore|"
        "per cortesia|prego|volentieri|va bene|va benissimo|bene|benissimo|molto bene|ok|okay|d'accord|d'accordo|"
        "certo|certamente|sicuro|ovviamente|assolutamente|esatto|esattamente|giusto|perfetto|ottimo|eccellente|"
        "fantastico|meraviglioso|magnifico|splendido|bellissimo|bello|buono|sarebbe perfetto|sarebbe fantastico|"
        "sarebbe ottimo|mi va bene|faccia pure|fai pure|faccia così|capito|ho capito|capisco|nessun problema|"
        "non c'è problema|aspetto|attendo|resto in linea|rimango in linea|arrivederci|arrivederla|ciao|ciao ciao|"
        "a presto|a dopo|buona giornata|buona serata|buonanotte|buona notte|altrettanto|anche a lei|mhm|hm|hmm|ah ah",
        "ah oh eh beh allora e quindi per il suo l'aiuto aiuto molto tanto così signore signora signorina è lei tutto",
    ),
    "pt": _table(
        "obrigado|obrigada|muito obrigado|muito obrigada|brigado|brigada|obrigadão|valeu|agradeço|eu agradeço|"
        "agradecido|agradecida|muito gentil|é muito gentil|sim|sim por favor|por favor|isso|isso mesmo|é isso|ok|"
        "okay|tá|tá bom|tá bem|tá certo|tá ótimo|está bem|está bom|está certo|tudo bem|bem|muito bem|bom|muito bom|"
        "beleza|certo|claro|com certeza|com prazer|exato|exatamente|perfeito|ótimo|excelente|maravilha|maravilhoso|"
        "fantástico|legal|bacana|show|joia|fixe|óptimo|combinado|de acordo|pode ser|pode fazer|faça isso|seria ótimo|"
        "seria perfeito|entendi|entendido|compreendo|percebi|sem problema|não há problema|não tem problema|eu espero|"
        "espero|aguardo|eu aguardo|fico na linha|ajudou muito|tchau|tchauzinho|adeus|até logo|até mais|até breve|"
        "bom dia|boa tarde|boa noite|tenha um bom dia|um bom dia|igualmente|para você também|pra você também|mhm|"
        "aham|hm|hmm",
        "ah oh é então e pela sua a ajuda muito viu senhor senhora moça moço você mesmo aí que isso",
    ),
    "nl": _table(
        "dank u|dank u wel|dank je|dank je wel|dankuwel|dankjewel|bedankt|hartelijk bedankt|heel erg bedankt|"
        "hartelijk dank|veel dank|heel vriendelijk|erg vriendelijk|dat is vriendelijk|dat is aardig|heel aardig|lief|"
        "ja|ja graag|ja hoor|jazeker|jawel|jep|graag|alstublieft|alsjeblieft|doe dat|doe maar|doet u maar|oké|ok|"
        "okay|goed|heel goed|is goed|dat is goed|prima|dat is prima|fijn|mooi|heel mooi|top|super|perfect|geweldig|"
        "uitstekend|fantastisch|schitterend|leuk|zeker|natuurlijk|uiteraard|precies|klopt|juist|akkoord|afgesproken|"
        "in orde|dat zou fijn zijn|dat zou mooi zijn|dat zou super zijn|klinkt goed|begrepen|ik begrijp het|"
        "ik snap het|geen probleem|geen haast|ik wacht|ik wacht wel|ik blijf hangen|ik blijf aan de lijn|dag|doei|"
        "doeg|tot ziens|tot horens|tot straks|tot dan|fijne dag|fijne dag nog|een fijne dag|prettige dag|fijne avond|"
        "goedenavond|welterusten|insgelijks|hetzelfde|u ook|jij ook|mhm|hm|hmm|aha",
        "oh ah eh nou dan en voor uw je de hulp heel erg zeer wel hoor maar nog dat is meneer mevrouw",
    ),
    "pl": _table(
        "dziękuję|dziękuję bardzo|bardzo dziękuję|serdecznie dziękuję|dziękuję serdecznie|dziękuję uprzejmie|dzięki|"
        "wielkie dzięki|dzięki wielkie|bardzo miło|to miłe|to bardzo miłe|tak|tak proszę|tak poproszę|no tak|proszę|"
        "poproszę|proszę bardzo|dobrze|bardzo dobrze|dobra|no dobrze|w porządku|okej|okay|ok|oczywiście|jasne|pewnie|"
        "naturalnie|dokładnie|zgadza się|racja|zgoda|świetnie|super|doskonale|idealnie|wspaniale|znakomicie|cudownie|"
        "ekstra|fajnie|może być|pasuje|byłoby świetnie|byłoby super|brzmi dobrze|rozumiem|zrozumiałem|zrozumiałam|"
        "nie ma problemu|nie ma sprawy|żaden problem|poczekam|zaczekam|czekam|do widzenia|do usłyszenia|"
        "do zobaczenia|na razie|pa|cześć|papa|pa pa|miłego dnia|dobrego dnia|miłego wieczoru|dobranoc|nawzajem|"
        "wzajemnie|mhm|aha|hm|hmm",
        "o och ach a no to i więc za pomoc bardzo pana pani panu już jest takie tam ładnie",
    ),
}
"""The languages that agents have everything in."""


@cache
def agreement(language: str) -> Lexicon:
    """Of the agent's language; an English "okay" and "bye" are said in most."""
    english = AGREEMENTS["en"]
    known = AGREEMENTS.get(language_code(language), english)
    return known if known is english else known + english


GREETINGS = _table(
    "good morning|good afternoon|good evening|good day|speaking|guten morgen|guten tag|guten abend|moin|grüß gott|"
    "buenos días|buenas tardes|buenas|dígame|mande|bonjour|bonsoir|buongiorno|buonasera|bom dia|boa tarde|estou sim|"
    "goedemorgen|goedemiddag|goedenavond|met wie spreek ik|dzień dobry|dobry wieczór|słucham|tak słucham",
    "there to you too",
)
"""Of all eight languages: people greet in those of their neighbours too."""


@cache
def picking_up(language: str) -> Lexicon:
    """What people say as they pick up the telephone, over the greeting; a yes alone may answer it."""
    return check_in(language).words + GREETINGS
