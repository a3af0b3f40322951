"""Italian, politely: "Lei"."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

ITALIAN = Language(
    name="Italian",
    greeting="Buongiorno, come posso aiutarla?",
    introduction="Buongiorno, qui è {agent}. La chiamo per: {purpose}.",
    busy="Mi dispiace, tutte le nostre linee sono occupate. La preghiamo di richiamare tra qualche minuto.",
    queued="Tutte le nostre linee sono occupate. La preghiamo di restare in linea.",
    broken="Mi dispiace, abbiamo un problema tecnico. La preghiamo di richiamare più tardi.",
    phrases={
        "idle_prompts": ("È ancora in linea?",),
        "idle_goodbye": "Non la sento, quindi ora riattacco. Arrivederci.",
        "fillers": ("Un momento, per favore.", "Vediamo."),
        "later_fillers": ("Sto ancora cercando.", "Ci vuole ancora un attimo."),
        "apology": "Mi dispiace, qualcosa è andato storto. Potrebbe ripetere, per favore?",
        "failure_goodbye": (
            "Mi dispiace, ho un problema tecnico e devo terminare questa chiamata. La prego di richiamare più tardi."
        ),
        "time_goodbye": "Mi dispiace, abbiamo raggiunto il limite di tempo di questa chiamata. Arrivederci.",
        "unfinished": "Mi dispiace, non è stato possibile portarlo a termine. Posso aiutarla in un altro modo?",
        "declined": "Mi dispiace, in questo non posso aiutarla. Posso fare altro per Lei?",
        "goodbye": "Arrivederci.",
        "bridge": "Eccomi di nuovo. Mi scusi per l'interruzione.",
        "transfer_busy": "Mi dispiace, in questo momento la linea è occupata. Posso aiutarla in un altro modo?",
        "transfer_unanswered": "Mi dispiace, in questo momento non risponde nessuno. Posso aiutarla in un altro modo?",
        "transfer_declined": (
            "Mi dispiace, in questo momento nessuno può rispondere alla sua chiamata. Posso aiutarla in un altro modo?"
        ),
        "transfer_closed": "Mi dispiace, a quest'ora non c'è nessuno. Posso aiutarla in un altro modo?",
        "transfer_failed": "Mi dispiace, non è stato possibile metterla in contatto. Posso aiutarla in un altro modo?",
        "transfer_emergency": (
            "Non posso chiamare i servizi di emergenza. Se ha bisogno di aiuto, riagganci e componga direttamente il "
            "numero di emergenza."
        ),
    },
    transfer_phrases={
        "offer": "Una chiamata per Lei. {summary} Prema 1 per accettarla o 2 per rifiutarla.",
        "gone": "Chi chiamava non è più in linea. Arrivederci.",
        "thanks": "Grazie. Arrivederci.",
        "nobody": "Non c'è più nessuno in attesa. Arrivederci.",
        "waiting": "La preghiamo di restare in linea. Lei è il numero {position} in coda.",
    },
    dialogue={
        "question": "Come posso aiutarla?",
        "not_understood": "Mi scusi, non ho capito.",
        "offer_person": "Mi dispiace, continuo a non capire. Vuole che le passi una persona?",
        "yes": (
            "sì [grazie | certo | volentieri]",
            "si [grazie]",
            "certo",
            "certamente",
            "esatto",
            "giusto",
            "va bene",
            "d'accordo",
            "è (giusto | corretto | esatto)",
            "volentieri",
        ),
        "no": ("no [grazie]", "non proprio", "per niente", "meglio di no", "(non è | è) (giusto | sbagliato)"),
        "repeat": (
            "come",
            "scusi",
            "prego",
            "come ha detto",
            "cosa ha detto",
            "(può | potrebbe) ripetere [per favore]",
        ),
        "back": ("[il | al] menu [principale]", "(indietro | torna) [al menu [principale]]"),
        "choice": "Per {label}, prema {key}.",
        "wrong_key": "Non c'è la scelta {key}.",
        "back_label": "il menu principale",
        "person_label": "parlare con una persona",
        "digits": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
        "key_names": {"*": "asterisco", "#": "cancelletto"},
        "keys_only": "In questo momento posso aiutarla solo con i tasti del suo telefono.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|ah|oh|eh|aha|ah sì|ah ecco|sì|si|sì sì|si si|certo|okay|ok|okay okay|va bene|bene|benissimo|"
        "capisco|ho capito|capito|giusto|esatto|perfetto|d'accordo|ecco|già|infatti|chiaro|ottimo|sì certo|ah ok|ah okay"
    ),
    closings=listed(
        "arrivederci|arrivederla|ciao|ciao ciao|salve|a presto|a dopo|grazie|grazie mille|tante grazie|molte grazie|"
        "la ringrazio|grazie a lei|buona giornata|buona serata|buonanotte|buona notte|altrettanto|anche a lei|"
        "buongiorno|buonasera|ci sentiamo|mille grazie"
    ),
    interrupting=listed(
        "basta|stop|fermo|si fermi|aspetti|aspetta|un momento|un attimo|no|scusi|mi scusi|scusa|in realtà|veramente"
    ),
    yes_or_no=(
        "sì|si|no|certo|certamente|esatto|esattamente|giusto|va bene|d'accordo|corretto|volentieri|non proprio|"
        "per niente|sì certo|sì grazie|no grazie|assolutamente sì|assolutamente no|okay|ok"
    ),
    closed_question=r"[^.!?]*\?$",
    open_questions=(
        r"quale|quali|quando|quanto|quanta|quanti|quante|come|dove|chi|perché|che cosa|cosa|che ora|che giorno|o|oppure|"
        r"qual"
    ),
    fragments=(
        "e|ed|o|ma|che|se|il|lo|la|i|gli|le|un|uno|una|di|del|della|per|con|in|nel|da|a|al|alla|mio|mia|è|"
        "vorrei|io|io vorrei|ehm+|eh+|uhm+|allora|quindi|cioè"
    ),
    moments=Moments(
        whole=listed(
            "aspetti|aspetta|aspetti per favore|attenda|attenda in linea|attenda per favore|un attimo|un attimino|attimo|"
            "un momento|un momentino|momento|un secondo|un secondino|secondo|un minuto|un minutino|un istante|"
            "resti in linea|rimanga in linea|non riattacchi|non riagganci|torno subito|arrivo|arrivo subito|"
            "può aspettare|può attendere|può aspettare un attimo|potrebbe aspettare|mi aspetti|vediamo|vediamo un po'|"
            "mi faccia vedere|mi dia un attimo|dammi un attimo|mi scusi un attimo|solo un attimo"
        ),
        soft=(
            "ehm eh uhm allora ok okay sì bene per favore cortesia scusi mi scusi scusa solo un attimo momento secondo "
            "minuto ancora ah oh signora signore ecco prego che"
        ),
        clauses=(
            r"devo (?:cercare|trovare|prendere) (?:il mio|la mia|la carta|la tessera|il numero|un foglio|una penna)|"
            r"(?:un|solo un|ancora un|mezzo) (?:attimo|attimino|momento|momentino|secondo|secondino|minuto|minutino|"
            r"istante|secondo solo)(?: solo| di pazienza| per favore| che| mentre|$)|"
            r"(?:mi dia|dammi|mi conceda|mi serve|mi servono|aspetti|aspetta|attenda|ci vuole) (?:solo |ancora |in linea )*"
            r"(?:un|una|due|qualche|cinque)|(?:resti|rimanga|stia|attenda|resta) in linea|non (?:riattacchi|riagganci|"
            r"metta giù|chiuda)|torno (?:subito|tra)|arrivo subito|sono subito da lei|(?:mi lasci|mi faccia|lasci che|"
            r"fammi|lasciami|fatemi) (?:un attimo )?(?:vedere|guardare|controllare|cercare|pensare|prendere|verificare|"
            r"chiedere|che)|(?:vado a|devo solo|devo un attimo|adesso|ora|fatemi) (?:solo |un attimo )?(?:vedere|guardare|guardo|controllare|"
            r"controllo|cercare|cerco|prendere|prendo|chiedere|chiedo|verificare|verifico|pensare|pensarci)|"
            r"(?:la|lo|li|le) sto (?:ancora )?\w+ndo|sto (?:ancora )?(?:guardando|controllando|verificando|pensando|cercandol[aoie]|"
            r"cercando(?:$| il mio| la mia| il numero))|(?:può|potrebbe|puoi|le dispiace) (?:per favore )?(?:attendere|aspettare|rimanere|aspettarmi)|"
            r"abbia pazienza|dove (?:ho messo|è|sono) (?:il|la|i|le) (?:mio|mia|miei|mie)|lo cerco|la cerco|controllo subito"
        ),
        long=(
            r"(?:la|le|lo|ti) (?:passo|trasferisco|metto in (?:contatto|attesa|linea|comunicazione)|collego|inoltro)|"
            r"(?:trasferirla|passarle|metterla in|collegarla)|(?:resti|rimanga|attenda|stia) in linea|"
            r"vado a (?:chiamare|cercare|chiedere) (?:il|la|un|una|al|alla)|in attesa|"
            r"non (?:riattacchi|riagganci)"
        ),
        minute="un minuto",
        minutes=(
            r"(?P<count>\d{1,2}|un|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|quindici|qualche|"
            r"un paio di|alcuni) (?:minuti|minuto|minutini|minutino)"
        ),
        counts={
            "un": 1,
            "due": 2,
            "tre": 3,
            "quattro": 4,
            "cinque": 5,
            "sei": 6,
            "sette": 7,
            "otto": 8,
            "nove": 9,
            "dieci": 10,
            "quindici": 15,
            "qualche": 3,
            "un paio di": 2,
            "alcuni": 3,
        },
        not_if=(
            r"quanto|aspettato|aspettando|da (?:dieci|venti|un'ora|mezz'ora)|sbagliato|perché|fa|in ritardo|a piedi|"
            r"non (?:posso|voglio) aspettare|(?:può|potrebbe|mi può) (?:passarmi|passare|trasferirmi|mettermi)|mi passi|"
            r"in questo momento|non è|che ore"
        ),
    ),
    dictation=Dictation(
        digits="zero|uno|una|un|due|tre|quattro|cinque|sei|sette|otto|nove|doppio|doppia|triplo",
        numbers=(
            r"dieci|undici|dodici|tredici|quattordici|quindici|sedici|diciassette|diciotto|diciannove|vent\w*|trent\w*|"
            r"quarant\w*|cinquant\w*|sessant\w*|settant\w*|ottant\w*|novant\w*|cento|\w+cento|mille|\w+mila"
        ),
        letters=(
            "bi|ci|di|effe|gi|acca|lunga|i lunga|cappa|kappa|elle|emme|enne|pi|qu|cu|erre|esse|ti|vi|vu|doppia vu|"
            "doppia v|ics|ipsilon|i greca|zeta"
        ),
        like="come|di|come in",
        alphabet=(
            "ancona|bologna|bari|como|catania|domodossola|empoli|enna|firenze|genova|hotel|imola|jolly|jersey|kursaal|"
            "livorno|milano|napoli|otranto|padova|palermo|quarto|roma|savona|salerno|torino|taranto|udine|venezia|"
            "verona|washington|xilofono|yacht|york|zara|alfa|bravo|charlie|delta|eco|foxtrot|golf|india|juliet|kilo|lima|mike|"
            "november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whisky|yankee|zulu"
        ),
        dates=("gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre|primo"),
        joined="trattino|barra|punto|più|spazio|chiocciola|slash",
        whole_phone=r"(?:3|tre)\W*(?:<D>\W*){9}$",
        asks_phone=r"telefono|cellulare|telefonico|(?:contattar|raggiunger|richiamar|chiamar|rintracciar)\w+|recapito",
        asks_code=(
            r"numero|codice|cifre|cifra|pin|iban|conto|riferimento|prenotazione|targa|pratica|ordine|polizza|cliente|"
            r"tessera|carta|cap|fiscale"
        ),
        asks_spelling=r"letter\w* per letter\w*|spelling|sillab\w+|compit\w+|e-?mail|posta elettronica|si scrive|scrive",
        asks_name=r"nome|cognome|si chiama|con chi parlo|nominativo",
        asks_address=r"indirizzo|via|abita|residenza|domicilio|dove (?:dobbiamo|possiamo|abita)|consegna\w*|spedi\w+",
        asks_date=r"data|nascita|nato|nata|compleanno|scadenza|scade",
        asks_amount="quanti|quante|quanto|che età|che anno|a che ora|quando",
        asks_story=r"mi racconti|mi spieghi|mi descriva|descriva|spieghi|mi dica (?:cosa|che)|(?:cosa|che cosa) (?:è successo|succede|è accaduto)|qual è il problema",
        states="(?:numero|codice|targa|riferimento|telefono)(?: è)(?: il| lo)?",
        no_answer=(
            "non lo so|non so|non ce l'ho|non ho|non sono sicur[oa]|nessuna idea|perché|quale|posso|può|potrebbe|scusi|"
            "non ricordo|ce l'avete|avete già"
        ),
    ),
)
