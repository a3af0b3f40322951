"""Dutch, politely: "u"."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

DUTCH = Language(
    name="Dutch",
    greeting="Goedendag, waarmee kan ik u helpen?",
    introduction="Goedendag, u spreekt met {agent}. Ik bel over het volgende: {purpose}.",
    busy="Het spijt me, al onze lijnen zijn bezet. Belt u over een paar minuten nog eens.",
    queued="Al onze lijnen zijn bezet. Blijft u alstublieft aan de lijn.",
    broken="Het spijt me, we hebben een technisch probleem. Belt u later nog eens.",
    phrases={
        "idle_prompts": ("Bent u er nog?",),
        "idle_goodbye": "Ik kan u niet horen, dus ik hang nu op. Tot ziens.",
        "fillers": ("Een moment, alstublieft.", "Ik kijk het even na."),
        "later_fillers": ("Ik ben nog aan het zoeken.", "Het duurt nog heel even."),
        "apology": "Het spijt me, er ging iets mis. Kunt u dat nog een keer zeggen?",
        "failure_goodbye": (
            "Het spijt me, ik heb een technisch probleem en moet dit gesprek beëindigen. Belt u later nog eens."
        ),
        "time_goodbye": "Het spijt me, we hebben de tijdslimiet van dit gesprek bereikt. Tot ziens.",
        "unfinished": "Het spijt me, dat kon ik niet afmaken. Kan ik u op een andere manier helpen?",
        "declined": "Het spijt me, daar kan ik u niet mee helpen. Kan ik nog iets anders voor u doen?",
        "goodbye": "Tot ziens.",
        "bridge": "Ik ben er weer. Excuses voor de onderbreking.",
        "transfer_busy": "Het spijt me, de lijn is op dit moment bezet. Kan ik u op een andere manier helpen?",
        "transfer_unanswered": "Het spijt me, er neemt nu niemand op. Kan ik u op een andere manier helpen?",
        "transfer_declined": (
            "Het spijt me, niemand kan uw gesprek nu aannemen. Kan ik u op een andere manier helpen?"
        ),
        "transfer_closed": "Het spijt me, op dit tijdstip is daar niemand. Kan ik u op een andere manier helpen?",
        "transfer_failed": "Het spijt me, ik kon u niet doorverbinden. Kan ik u op een andere manier helpen?",
        "transfer_emergency": (
            "Ik kan geen hulpdiensten bellen. Als u hulp nodig heeft, hang dan op en bel zelf het alarmnummer."
        ),
    },
    transfer_phrases={
        "offer": "Een gesprek voor u. {summary} Toets 1 om het aan te nemen, of 2 om het te weigeren.",
        "gone": "De beller is er niet meer. Tot ziens.",
        "thanks": "Dank u wel. Tot ziens.",
        "nobody": "Er wacht niemand meer. Tot ziens.",
        "waiting": "Blijft u alstublieft aan de lijn. U bent nummer {position} in de wachtrij.",
    },
    dialogue={
        "question": "Waarmee kan ik u helpen?",
        "not_understood": "Sorry, dat heb ik niet verstaan.",
        "offer_person": "Het spijt me, ik begrijp u nog steeds niet. Zal ik u met een medewerker doorverbinden?",
        "yes": (
            "ja [graag | hoor | alstublieft | prima]",
            "jazeker",
            "zeker",
            "natuurlijk",
            "klopt",
            "dat klopt",
            "juist",
            "inderdaad",
            "graag",
            "prima",
        ),
        "no": ("nee [dank u | bedankt | hoor]", "niet echt", "liever niet", "dat (klopt niet | is fout)"),
        "repeat": (
            "pardon",
            "wat zegt u",
            "wat zei u",
            "sorry",
            "(kunt | kan) u dat (herhalen | nog een keer zeggen)",
        ),
        "back": ("[het | naar het] (hoofdmenu | menu)", "terug [naar het (hoofdmenu | menu)]"),
        "choice": "Voor {label}, toets {key}.",
        "wrong_key": "De keuze {key} bestaat niet.",
        "back_label": "het hoofdmenu",
        "person_label": "een medewerker",
        "digits": ("nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"),
        "key_names": {"*": "sterretje", "#": "hekje"},
        "keys_only": "Ik kan u op dit moment alleen helpen met de toetsen van uw telefoon.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|aha|ah|oh|ach|o ja|oh ja|ja|jaja|ja ja|ja hoor|jawel|oké|oke|okay|ok|goed|prima|precies|"
        "klopt|dat klopt|juist|begrijp ik|ik begrijp het|ik snap het|snap ik|duidelijk|natuurlijk|inderdaad|mooi|fijn|"
        "zeker|ja precies|ja oké|nou ja|ja goed"
    ),
    closings=listed(
        "dag|doei|doeg|daag|tot ziens|tot horens|tot straks|tot dan|tot later|dank u|dank u wel|dank je|dank je wel|"
        "dankjewel|dankuwel|bedankt|hartelijk dank|heel erg bedankt|fijne dag|fijne dag nog|fijne avond|prettige dag|"
        "insgelijks|hetzelfde|u ook|welterusten|goedenavond"
    ),
    interrupting=listed(
        "stop|wacht|wacht even|ho|moment|een moment|nee|sorry|pardon|eigenlijk|neem me niet kwalijk|momentje"
    ),
    yes_or_no=(
        "ja|jawel|jazeker|nee|neen|zeker|natuurlijk|klopt|dat klopt|juist|precies|inderdaad|graag|prima|ja graag|"
        "ja hoor|nee hoor|nee dank u|nee bedankt|niet echt|liever niet|is goed|oké|ok"
    ),
    closed_question=(
        r"(?:^|[.!?,]\s+|\b(?:en|of|dus),? )(?:is|zijn|was|waren|heeft|hebt|heb|hebben|had|wilt|wil|wenst|zou|zouden|zal|"
        r"zullen|mag|kan|kunt|kunnen|past|klopt|gaat|geldt|komt|neemt|blijft|wordt|weet|ziet|bent|schikt|lukt|doet)\b"
        r"[^.!?]*\?$"
    ),
    open_questions="",
    fragments=(
        "en|of|maar|omdat|want|dat|als|de|het|een|voor|met|van|bij|naar|in|op|mijn|is|ik|ik wil|ik wil graag|"
        "ik zou graag|wij|we|eh+|uh+|ehm+|dus"
    ),
    moments=Moments(
        whole=listed(
            "wacht|wacht even|wacht u even|wacht even alstublieft|even wachten|moment|moment alstublieft|een moment|"
            "een momentje|momentje|een ogenblik|ogenblik|een ogenblikje|ogenblikje|een seconde|seconde|secondje|"
            "een secondje|een minuut|een minuutje|minuutje|even geduld|even geduld alstublieft|blijf aan de lijn|"
            "blijft u aan de lijn|blijf hangen|blijft u even hangen|blijf even hangen|niet ophangen|hang niet op|"
            "ik ben zo terug|zo terug|ben zo terug|kunt u wachten|kunt u even wachten|kan u even wachten|"
            "wilt u even wachten|een tel|even kijken|even zien|even|een klein momentje|één moment"
        ),
        soft=(
            "eh uh uhm hm dus nou ja oké ok goed sorry alstublieft alsjeblieft even nog maar een moment momentje "
            "seconde minuut hoor mevrouw meneer oh ah dan u heel"
        ),
        clauses=(
            r"wacht (?:u )?(?:eens )?even|heb (?:ik )?(?:nog )?(?:even|een moment|een momentje|een minuut|een minuutje)(?: de tijd)? nodig|"
            r"(?:een|één|nog een|heel) (?:klein |kort )?(?:moment|momentje|ogenblik|ogenblikje|seconde|secondje|minuut|"
            r"minuutje|tel|tel)(?: geduld| alstublieft| alsjeblieft| hoor| ik|$)|even geduld|heeft u (?:een |even )?"
            r"(?:momentje|geduld|ogenblik)|(?:blijft|blijf) (?:u )?(?:even |alstublieft |nog )*(?:aan de lijn|hangen)|"
            r"(?:niet ophangen|hang (?:alstublieft )?niet op|hangt u niet op)|(?:ik )?ben (?:zo|zometeen|direct|meteen) "
            r"(?:weer )?(?:terug|bij u)|kom zo (?:bij u|terug)|(?:ik )?(?:moet|ga|zal) (?:het |dat |even |snel |eerst |hem |haar |"
            r"mijn |de )*(?:\w+ ){0,2}(?:kijken|nakijken|opzoeken|zoeken|pakken|halen|navragen|nadenken|opschrijven|"
            r"controleren|erbij pakken)|(?:ik )?(?:kijk|zoek|pak|vraag|haal|controleer) (?:ik )?(?:het |dat |hem |haar |mijn |de )*"
            r"(?:even|snel|eerst|nu|na|op|erbij)|laat me (?:even |het )*(?:kijken|zien|denken|nadenken|zoeken|checken)|"
            r"(?:geef|geeft) (?:u )?me (?:even|een|twee|een paar|nog)|(?:kunt|kan|wilt|zou|kun) (?:u|je) (?:misschien |"
            r"alstublieft )?(?:even|een moment|een momentje|een minuutje)? ?(?:wachten|aan de lijn blijven|blijven hangen)|"
            r"wacht (?:u )?(?:even|een|nog|heel)|(?:ik )?ben (?:het |hem |nog |even )*aan het (?:zoeken|kijken|denken|"
            r"nadenken)|waar (?:is|heb ik|ligt|liggen) (?:mijn|de|het)|ik zoek (?:het|hem|haar)|even (?:kijken|zoeken|"
            r"pakken|nadenken|opzoeken|vragen)"
        ),
        long=(
            r"(?:ik )?(?:verbind|zet) (?:ik )?u (?:\w+ ){0,3}(?:door|in de wacht)|ik (?:zal|ga) u (?:\w+ ){0,2}"
            r"(?:doorverbinden|doorschakelen|in de wacht zetten)|u wordt (?:\w+ ){0,2}(?:doorverbonden|doorgeschakeld)|"
            r"ik schakel u door|(?:blijft|blijf) (?:u )?(?:alstublieft |even )*(?:aan de lijn|hangen)|"
            r"ik (?:haal|ga|roep|vraag) (?:even |snel )*(?:de|mijn|iemand|hem|haar|het aan)|in de wacht"
        ),
        minute="een minuut",
        minutes=(
            r"(?P<count>\d{1,2}|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|vijftien|een paar|paar|"
            r"enkele) (?:minuten|minuut|minuutjes|minuutje)"
        ),
        counts={
            "een": 1,
            "één": 1,
            "twee": 2,
            "drie": 3,
            "vier": 4,
            "vijf": 5,
            "zes": 6,
            "zeven": 7,
            "acht": 8,
            "negen": 9,
            "tien": 10,
            "vijftien": 15,
            "een paar": 3,
            "paar": 3,
            "enkele": 3,
        },
        not_if=(
            r"hoe lang|hoelang|gewacht|wachttijd|al (?:tien|een|vijf)|fout|verkeerd|waarom|wat|geleden|te laat|lopen|"
            r"(?:niet|geen zin om) (?:langer |meer )*(?:te )?wachten|(?:kunt|kan|wilt) u mij (?:\w+ ){0,3}doorverbinden|"
            r"hoeveel|klopt niet|op dit moment|op het moment"
        ),
    ),
    dictation=Dictation(
        digits="nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|dubbel|driemaal|tweemaal",
        numbers=r"tien|elf|twaalf|dertien|veertien|\w+tien|twintig|dertig|veertig|\w*tig|honderd|\w+honderd|duizend|\w+duizend",
        letters="griekse ij|griekse y|ij|lange ij|korte ei|zet|ypsilon|i grec",
        like="van|als|als in|zoals",
        alphabet=(
            "anna|anton|bernard|cornelis|dirk|eduard|ferdinand|gerard|hendrik|izaak|isaak|jan|johan|karel|lodewijk|"
            "maria|nico|otto|pieter|quirinus|quotiënt|richard|rudolf|simon|theodoor|utrecht|victor|willem|xantippe|ypsilon|"
            "ijmuiden|ijsbrand|zacharias|zaandam|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|kilo|lima|mike|november|"
            "oscar|papa|quebec|romeo|sierra|tango|uniform|whisky|yankee|zulu"
        ),
        dates=(
            r"januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|eerste|tweede|derde|"
            r"vierde|vijfde|zesde|zevende|achtste|negende|tiende|elfde|twaalfde|\w+tiende|\w+ste"
        ),
        joined="streepje|koppelteken|schuine streep|punt|plus|spatie|apenstaartje|liggend streepje",
        whole_phone=r"(?:0|nul)\W*(?:<D>\W*){9}$",
        asks_phone=r"telefoon\w*|mobiel\w*|gsm\w*|(?:bereiken|bereikbaar|terugbellen|bellen|contact)",
        asks_code=(
            r"\w*nummer|\w*code|cijfers?|pin|iban|\w*rekening\w*|\w*referentie\w*|\w*kenteken|\w*reservering\w*|boeking\w*|"
            r"\w*kenmerk|dossier\w*|kaart|pas|nummerplaat|bsn"
        ),
        asks_spelling=r"spell?\w*|letter voor letter|e-?mail\w*|mailadres|schrijf je|schrijft u|geschreven",
        asks_name=r"\w*naam|heet u|hoe heet|met wie spreek",
        asks_address=r"adres|straat|woont|bezorg\w*|waar (?:moeten|kunnen|mogen) we|afleveradres|postadres|woonadres",
        asks_date=r"\w*datum|geboren|verjaardag|vervalt|geldig",
        asks_amount="hoeveel|hoe oud|welk jaar|hoe laat|wanneer",
        asks_story=r"vertelt? u|vertel|beschrijf\w*|leg\w* (?:u )?uit|wat (?:is er gebeurd|is er aan de hand|is het probleem|gebeurde er)",
        states="(?:nummer|code|kenteken|kenmerk|telefoonnummer)(?: is)(?: de| het)?",
        no_answer=(
            "weet ik niet|weet het niet|weet niet|heb ik niet|heb geen|niet zeker|geen idee|waarom|welke|kan ik|kunt u|"
            "zou u|sorry|u heeft|hebben jullie|al"
        ),
    ),
)
