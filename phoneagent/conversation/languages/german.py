"""German, politely: "Sie"."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

GERMAN = Language(
    name="German",
    greeting="Guten Tag, wie kann ich Ihnen helfen?",
    introduction="Guten Tag, hier ist {agent}. Ich rufe an wegen: {purpose}.",
    busy="Es tut mir leid, alle Leitungen sind belegt. Bitte rufen Sie in ein paar Minuten noch einmal an.",
    queued="Alle Leitungen sind belegt. Bitte bleiben Sie am Apparat.",
    broken="Es tut mir leid, wir haben ein technisches Problem. Bitte rufen Sie später noch einmal an.",
    phrases={
        "idle_prompts": ("Sind Sie noch da?",),
        "idle_goodbye": "Ich kann Sie nicht hören, deshalb lege ich jetzt auf. Auf Wiederhören.",
        "fillers": ("Einen Moment, bitte.", "Ich sehe nach."),
        "later_fillers": ("Ich suche noch.", "Es dauert noch einen kleinen Moment."),
        "apology": "Es tut mir leid, da ist etwas schiefgegangen. Könnten Sie das bitte noch einmal sagen?",
        "failure_goodbye": (
            "Es tut mir leid, ich habe ein technisches Problem und muss dieses Gespräch beenden. Bitte rufen Sie später "
            "noch einmal an."
        ),
        "time_goodbye": "Es tut mir leid, wir haben die Zeitgrenze für dieses Gespräch erreicht. Auf Wiederhören.",
        "unfinished": "Es tut mir leid, das konnte ich nicht zu Ende bringen. Kann ich Ihnen anders weiterhelfen?",
        "declined": "Es tut mir leid, dabei kann ich Ihnen nicht helfen. Kann ich sonst etwas für Sie tun?",
        "goodbye": "Auf Wiederhören.",
        "bridge": "Ich bin wieder da. Bitte entschuldigen Sie die Unterbrechung.",
        "transfer_busy": "Es tut mir leid, dort ist gerade besetzt. Kann ich Ihnen anders weiterhelfen?",
        "transfer_unanswered": "Es tut mir leid, dort meldet sich gerade niemand. Kann ich Ihnen anders weiterhelfen?",
        "transfer_declined": (
            "Es tut mir leid, gerade kann niemand Ihren Anruf annehmen. Kann ich Ihnen anders weiterhelfen?"
        ),
        "transfer_closed": "Es tut mir leid, um diese Zeit ist dort niemand. Kann ich Ihnen anders weiterhelfen?",
        "transfer_failed": "Es tut mir leid, ich konnte Sie nicht verbinden. Kann ich Ihnen anders weiterhelfen?",
        "transfer_emergency": (
            "Ich kann keinen Notruf absetzen. Wenn Sie Hilfe brauchen, legen Sie bitte auf und wählen Sie selbst den "
            "Notruf."
        ),
    },
    transfer_phrases={
        "offer": "Ein Anruf für Sie. {summary} Drücken Sie die 1, um ihn anzunehmen, oder die 2, um ihn abzulehnen.",
        "gone": "Der Anrufer ist nicht mehr da. Auf Wiederhören.",
        "thanks": "Vielen Dank. Auf Wiederhören.",
        "nobody": "Es wartet niemand mehr. Auf Wiederhören.",
        "waiting": "Bitte bleiben Sie am Apparat. Sie sind Nummer {position} in der Warteschlange.",
    },
    dialogue={
        "question": "Wie kann ich Ihnen helfen?",
        "not_understood": "Entschuldigung, das habe ich nicht verstanden.",
        "offer_person": (
            "Es tut mir leid, ich verstehe Sie immer noch nicht. Soll ich Sie mit einem Menschen verbinden?"
        ),
        "yes": (
            "ja [bitte | gern | gerne | genau]",
            "jawohl",
            "genau",
            "richtig",
            "stimmt",
            "gern",
            "gerne",
            "klar",
            "natürlich",
            "(das | es) (stimmt | passt | ist richtig)",
            "sicher",
        ),
        "no": (
            "nein [danke]",
            "nee",
            "nö",
            "eigentlich nicht",
            "lieber nicht",
            "(das | es) (stimmt nicht | ist falsch)",
        ),
        "repeat": (
            "wie bitte",
            "bitte",
            "was haben sie gesagt",
            "(können | könnten) sie das [bitte] (wiederholen | noch einmal sagen)",
        ),
        "back": ("[das | zum] (hauptmenü | menü) [bitte]", "zurück [zum (hauptmenü | menü)] [bitte]"),
        "choice": "Für {label} drücken Sie die {key}.",
        "wrong_key": "Die Wahl {key} gibt es nicht.",
        "back_label": "das Hauptmenü",
        "person_label": "einen Menschen",
        "digits": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
        "key_names": {"*": "Stern", "#": "Raute"},
        "keys_only": "Ich kann Ihnen gerade nur über die Tasten Ihres Telefons helfen.",
    },
    backchannels=listed(
        "mhm|mm-hm|hm|hmm|hm-hm|mm|aha|ah|oh|ach|ach so|achso|ach ja|ja|jaja|ja ja|jo|jep|genau|okay|ok|okey|gut|"
        "ja gut|alles klar|klar|verstehe|ich verstehe|verstanden|richtig|stimmt|schön|super|prima|in ordnung|so so|"
        "na klar|eben|gut gut|ja genau|aha okay|jawohl|natürlich|sicher|ah ja|gerne|gern"
    ),
    closings=listed(
        "tschüss|tschüs|tschau|ciao|auf wiederhören|wiederhören|auf wiedersehen|wiedersehen|servus|danke|danke schön|"
        "dankeschön|danke sehr|vielen dank|besten dank|herzlichen dank|schönen tag|schönen tag noch|"
        "einen schönen tag|einen schönen tag noch|schönen abend|schönen abend noch|gleichfalls|ebenso|ihnen auch|"
        "bis dann|bis bald|gute nacht|machen sie's gut"
    ),
    interrupting=listed(
        "stopp|stop|halt|warten sie|warte|moment|einen moment|nein|nee|entschuldigung|entschuldigen sie|eigentlich|"
        "sekunde|verzeihung|nicht"
    ),
    yes_or_no=(
        "ja|jawohl|jo|jep|nein|nee|nö|genau|richtig|stimmt|korrekt|klar|natürlich|gern|gerne|sicher|selbstverständlich|"
        "doch|eigentlich nicht|lieber nicht|passt|das stimmt|auf jeden fall|auf keinen fall|ja gern|ja gerne|ja genau|"
        "ja bitte|nein danke"
    ),
    closed_question=(
        r"(?:^|[.!?,]\s+|\b(?:und|oder|also),? )(?:ist|sind|war|waren|haben|hat|hatten|möchten|wollen|würden|wäre|wären|"
        r"soll|sollen|darf|dürfen|kann|können|könnten|passt|stimmt|geht|gilt|brauchen|kommen|nehmen|bleibt|reicht|"
        r"werden|wird|kennen|wissen|sehen|gibt|hätten)\b[^.!?]*\?$"
    ),
    open_questions="",
    fragments=(
        "und|oder|aber|weil|dass|wenn|ob|der|die|das|den|dem|ein|eine|einen|einem|einer|für|mit|von|bei|zum|zur|im|am|"
        "mein|meine|meinen|ich|ich möchte|ich hätte gern|ich würde gern|wir|äh+|ähm+|öh+|also"
    ),
    moments=Moments(
        whole=listed(
            "warten sie|warten sie bitte|bitte warten|bitte warten sie|warte|warte mal|moment|moment bitte|einen moment|"
            "einen moment bitte|ein moment|sekunde|eine sekunde|augenblick|einen augenblick|kleinen moment|"
            "einen kleinen moment|kurzen moment|einen kurzen moment|minute|eine minute|minütchen|momentchen|"
            "sekündchen|bleiben sie dran|bleiben sie bitte dran|bitte bleiben sie dran|dranbleiben|bitte dranbleiben|"
            "können sie warten|können sie kurz warten|könnten sie kurz warten|würden sie kurz warten|"
            "können sie dranbleiben|bin gleich wieder da|gleich|komme gleich|mal sehen|mal schauen|halt|stopp"
        ),
        soft=(
            "äh ähm hm so also ja okay ok gut bitte mal kurz noch nur eben schnell ganz entschuldigung sorry oh ach "
            "einen eine moment sekunde augenblick kleinen gerade jetzt da tut mir leid"
        ),
        clauses=(
            r"(?:ich )?bin in eine minute (?:wieder )?(?:da|zurück|bei ihnen)|nicht auflegen|kurz warten|da muss ich (?:mal|kurz|eben|erst) \w+|(?:würden|könnten) sie (?:bitte |kurz |mal )*warten|"
            r"(?<!in )(?:einen|ein|noch einen|nur einen|kleinen|kurzen|eine|nur eine|halbe) (?:ganz )?(?:kleinen |kurzen |kleine "
            r"|kurze )?(?:moment|augenblick|sekunde|minute)|"
            r"bleiben sie (?:bitte |doch |kurz |noch )*(?:dran|am apparat|in der leitung|am telefon)|bleib dran|"
            r"legen sie (?:bitte )?nicht auf|(?:ich )?bin (?:sofort|gleich) (?:wieder )?(?:da|zurück|bei ihnen|für sie da)|"
            r"(?:haben|gedulden) sie (?:bitte |sich |einen |noch |etwas )*(?:geduld|moment|bitte|augenblick)|"
            r"(?:ich )?(?:muss|werde) (?:das |es |mal |kurz |nur |eben |schnell |erst |gerade |noch |mir )*"
            r"(?:mein\w* |den |die |das )?(?:\w+ )?(?:nachsehen|nachschauen|suchen|holen|schauen|gucken|nachgucken|überlegen|fragen|nachfragen|prüfen|"
            r"aufschreiben)|"
            r"(?:^|ich )(?:schaue|schau|sehe|seh|gucke|guck|suche|such|hole|hol|frage|frag|prüfe|überlege|überleg)"
            r"(?: ich)?(?: (?:mal|kurz|eben|schnell|gerade|noch|das|es|ihn|sie|danach|nach|heraus|raus))*"
            r"(?: (?:meine|meinen|mein|die|den|das|in|im|auf) [\w ]+)?$|lassen sie mich (?:\w+ ){0,3}(?:nachsehen|schauen|überlegen|suchen|sehen|gucken|nachschauen)|"
            r"(?:geben|gib) (?:sie )?mir (?:bitte |noch |mal )*(?:einen|eine|kurz|zwei|drei|ein paar)|"
            r"(?:können|könnten|würden) sie (?:bitte |noch |mal )*(?:kurz|einen moment|einen augenblick|eine minute) "
            r"(?:warten|dranbleiben|am apparat bleiben)|warten sie (?:bitte |mal |noch |kurz |nur )*(?:kurz|einen|eine|"
            r"auf mich)|warte mal kurz|wo (?:ist|habe ich|hab ich) (?:denn |nur |bloß )?(?:mein|meine|die|den|das)"
        ),
        long=(
            r"^ich verbinde$|(?:ich )?(?:verbinde|stelle|reiche|leite) (?:ich )?(?:sie|ihren anruf)|sie werden (?:\w+ ){0,2}verbunden|"
            r"sie werden (?:\w+ ){0,2}(?:weitergeleitet|durchgestellt)|"
            r"(?:ich )?(?:hole|frage|suche|schaue ob) (?:mal |kurz |eben |schnell )*(?:den|die|meinen|meine|jemanden|ihn|"
            r"herrn|frau|er|sie|ob)|bleiben sie (?:bitte )?(?:am apparat|in der leitung|dran)|"
            r"(?:lege|leg) sie (?:\w+ ){0,3}in die warteschleife|(?:darf|kann) ich sie (?:\w+ ){0,2}verbinden"
        ),
        minute="eine minute",
        minutes=(
            r"(?P<count>\d{1,2}|eine|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|fünfzehn|ein paar|einige|"
            r"paar) (?:minuten|minute|minütchen)"
        ),
        counts={
            "eine": 1,
            "zwei": 2,
            "drei": 3,
            "vier": 4,
            "fünf": 5,
            "sechs": 6,
            "sieben": 7,
            "acht": 8,
            "neun": 9,
            "zehn": 10,
            "fünfzehn": 15,
            "ein paar": 3,
            "paar": 3,
            "einige": 3,
        },
        not_if=(
            r"wie lange|gewartet|wartezeit|seit|falsch|warum|wieso|was|(?:nicht|keine lust) (?:länger |mehr )*(?:zu )?warten|"
            r"kann nicht|vor (?:einer|zwei|drei|zehn|fünf)|minuten (?:zu spät|zu fuß|später|vor|nach|entfernt)|verspätung|"
            r"(?:können|könnten|würden) sie mich (?:\w+ ){0,3}verbinden|wie viele|stimmt nicht|im moment|momentan"
        ),
    ),
    dictation=Dictation(
        digits="null|eins|ein|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun|doppelt|doppel|dreimal|zweimal",
        numbers=r"zehn|elf|zwölf|\w+zehn|\w*zig|\w*ßig|\w*ssig|\w*hundert|\w*tausend|\w+und\w+zig",
        letters="ypsilon|vau|weh|jot|eszett|umlaut|scharfes s|zett",
        like="wie|für|wie in",
        alphabet=(
            "anton|ärger|aachen|berta|berlin|bernhard|cäsar|caesar|cottbus|dora|düsseldorf|emil|essen|friedrich|"
            "frankfurt|gustav|goslar|heinrich|hamburg|ida|ingelheim|julius|jena|kaufmann|köln|konrad|ludwig|leipzig|martha|"
            "marta|münchen|nordpol|nürnberg|otto|offenbach|ökonom|paula|potsdam|quelle|quickborn|richard|rostock|samuel|"
            "siegfried|salzwedel|schule|theodor|tübingen|ulrich|unna|übermut|viktor|völklingen|wilhelm|wuppertal|xanthippe|"
            "xanten|xaver|zacharias|zeppelin|zwickau|zürich|alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|"
            "juliett|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-ray|yankee|"
            "zulu"
        ),
        dates=(
            r"januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|erster|ersten|"
            r"erste|zweiter|zweiten|zweite|dritter|dritten|dritte|\w+ter|\w+ten|siebte|siebten|achte|achten|\d+\."
        ),
        joined="strich|bindestrich|schrägstrich|punkt|plus|minus|leerzeichen|unterstrich",
        whole_phone="",
        asks_phone=r"telefon\w*|handy\w*|mobil\w*|rufnummer\w*|rückruf\w*|erreichen|erreichbar|zurückrufen|anrufen|durchwahl",
        asks_code=(
            r"\w*nummer\w*|\w*code\w*|\w*zahl|\w*ziffern?|pin|plz|\w*leitzahl|iban|\w*konto\w*|\w*kennzeichen|\w*zeichen|"
            r"\w*referenz\w*|vorgang\w*|buchung\w*|karte|kennung"
        ),
        asks_spelling=r"buchstabier\w*|buchstabe\w*|e-?mail\w*|mailadresse|schreibt man|geschrieben|schreiben sie",
        asks_name=r"\w*name\w*|wie heißen sie|wer (?:spricht|sind sie)|mit wem",
        asks_address=r"adresse|anschrift|straße|wohnen sie|wohnhaft|wohin (?:sollen|dürfen|können) wir|lieferadresse|postanschrift",
        asks_date=r"\w*datum\w*|geburtstag|geboren|gültig bis|ablaufdatum",
        asks_amount="wie viele?|wieviele?|wie alt|welches jahr|um wie viel uhr|wie lange|wann|wie spät",
        asks_story=(
            r"erzählen sie|beschreiben sie|schildern sie|erklären sie|was (?:ist passiert|ist denn passiert|ist geschehen|"
            r"ist das problem|genau ist)|worum geht es|wo drückt"
        ),
        states="(?:nummer|code|kennzeichen|name|iban|sie|er|es)(?: ist| lautet)",
        no_answer=(
            "weiß nicht|weiß ich nicht|nicht sicher|habe keine|hab keine|keine ahnung|warum|wieso|wozu|welche|kann ich|"
            "könnten sie|können sie|habe ich nicht|hab ich nicht|moment|leider|haben sie|bereits|keins|keine"
        ),
    ),
)
