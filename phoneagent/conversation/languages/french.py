"""French, politely: "vous"."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

FRENCH = Language(
    name="French",
    greeting="Bonjour, que puis-je faire pour vous ?",
    introduction="Bonjour, ici {agent}. Je vous appelle au sujet de : {purpose}.",
    busy="Nous sommes désolés, toutes nos lignes sont occupées. Veuillez rappeler dans quelques minutes.",
    queued="Toutes nos lignes sont occupées. Veuillez rester en ligne.",
    broken="Nous sommes désolés, nous avons un problème technique. Veuillez rappeler plus tard.",
    phrases={
        "idle_prompts": ("Êtes-vous toujours là ?",),
        "idle_goodbye": "Je ne vous entends pas, je vais donc raccrocher. Au revoir.",
        "fillers": ("Un instant, s'il vous plaît.", "Je regarde."),
        "later_fillers": ("Je cherche encore.", "Cela prend un peu plus de temps."),
        "apology": "Toutes mes excuses, quelque chose n'a pas fonctionné. Pourriez-vous répéter, s'il vous plaît ?",
        "failure_goodbye": (
            "Toutes mes excuses, j'ai un problème technique et je dois mettre fin à cet appel. Veuillez rappeler plus tard."
        ),
        "time_goodbye": "Toutes mes excuses, nous avons atteint la durée maximale de cet appel. Au revoir.",
        "unfinished": "Toutes mes excuses, je n'ai pas pu terminer. Puis-je vous aider autrement ?",
        "declined": "Toutes mes excuses, je ne peux pas vous aider pour cela. Puis-je faire autre chose pour vous ?",
        "goodbye": "Au revoir.",
        "bridge": "Je suis de retour. Veuillez excuser cette interruption.",
        "transfer_busy": "Toutes mes excuses, la ligne est occupée en ce moment. Puis-je vous aider autrement ?",
        "transfer_unanswered": "Toutes mes excuses, personne ne répond pour le moment. Puis-je vous aider autrement ?",
        "transfer_declined": (
            "Toutes mes excuses, personne ne peut prendre votre appel pour le moment. Puis-je vous aider autrement ?"
        ),
        "transfer_closed": "Toutes mes excuses, il n'y a personne à cette heure-ci. Puis-je vous aider autrement ?",
        "transfer_failed": "Toutes mes excuses, je n'ai pas pu vous mettre en relation. Puis-je vous aider autrement ?",
        "transfer_emergency": (
            "Je ne peux pas appeler les services d'urgence. Si vous avez besoin d'aide, veuillez raccrocher et composer "
            "vous-même le numéro d'urgence."
        ),
    },
    transfer_phrases={
        "offer": "Un appel pour vous. {summary} Appuyez sur 1 pour le prendre ou sur 2 pour le refuser.",
        "gone": "La personne n'est plus en ligne. Au revoir.",
        "thanks": "Merci. Au revoir.",
        "nobody": "Plus personne n'attend. Au revoir.",
        "waiting": "Veuillez rester en ligne. Vous êtes en position {position} dans la file d'attente.",
    },
    dialogue={
        "question": "Que puis-je faire pour vous ?",
        "not_understood": "Pardon, je n'ai pas compris.",
        "offer_person": "Toutes mes excuses, je ne comprends toujours pas. Voulez-vous que je vous passe quelqu'un ?",
        "yes": (
            "oui [merci | bien sûr | volontiers]",
            "ouais",
            "bien sûr",
            "d'accord",
            "exactement",
            "exact",
            "c'est (ça | exact | correct | bon)",
            "tout à fait",
            "volontiers",
        ),
        "no": ("non [merci]", "pas vraiment", "pas du tout", "ce n'est pas (ça | bon | exact)", "c'est faux"),
        "repeat": (
            "pardon",
            "comment",
            "vous pouvez répéter",
            "(pouvez-vous | pourriez-vous) répéter",
            "qu'avez-vous dit",
            "qu'est-ce que vous avez dit",
        ),
        "back": ("[le | au] menu [principal]", "(retour | revenir) [au menu [principal]]"),
        "choice": "Pour {label}, appuyez sur {key}.",
        "wrong_key": "Il n'y a pas de choix {key}.",
        "back_label": "le menu principal",
        "person_label": "parler à quelqu'un",
        "digits": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
        "key_names": {"*": "étoile", "#": "dièse"},
        "keys_only": "Pour le moment, je ne peux vous aider que par les touches de votre téléphone.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|hum|ah|oh|ah oui|ah bon|ah d'accord|oui|oui oui|ouais|ouais ouais|d'accord|ok|okay|okay d'accord|"
        "bien|très bien|bien sûr|je vois|je comprends|compris|exact|exactement|voilà|parfait|tout à fait|c'est ça|bon|"
        "entendu|ça marche|oui d'accord|évidemment|ah ok|absolument"
    ),
    closings=listed(
        "au revoir|salut|à bientôt|à plus|à plus tard|ciao|merci|merci beaucoup|merci bien|merci à vous|"
        "je vous remercie|bonne journée|bonne soirée|bonne nuit|bonne fin de journée|vous aussi|à vous aussi|"
        "de même|pareillement|mille mercis|merci infiniment"
    ),
    interrupting=listed(
        "stop|arrêtez|attendez|attends|un instant|un moment|non|pardon|excusez-moi|excusez moi|en fait|désolé|désolée"
    ),
    yes_or_no=(
        "oui|ouais|non|si|bien sûr|d'accord|exactement|exact|tout à fait|c'est ça|c'est exact|c'est bon|volontiers|"
        "pas vraiment|pas du tout|oui bien sûr|absolument|correct|évidemment|ça marche"
    ),
    closed_question=r"[^.!?]*\?$",
    open_questions=(
        r"quel|quelle|quels|quelles|quand|combien|comment|où|qui|pourquoi|que puis-je|que voulez|que désirez|"
        r"qu'est-ce que|qu'est-ce qui|ou|à quelle|de quoi|quoi"
    ),
    fragments=(
        "et|ou|mais|parce que|car|que|le|la|les|un|une|des|de|du|pour|par|avec|dans|sur|à|au|aux|mon|ma|mes|c'est|"
        "je|je voudrais|j'aimerais|je souhaite|il y a|euh+|heu+|ben|donc|alors"
    ),
    moments=Moments(
        whole=listed(
            "attendez|attends|attendez s'il vous plaît|un instant|un petit instant|un moment|un petit moment|une seconde|"
            "une petite seconde|une minute|une petite minute|deux minutes|deux secondes|deux petites secondes|"
            "ne quittez pas|ne quitte pas|patientez|veuillez patienter|patientez s'il vous plaît|restez en ligne|"
            "veuillez rester en ligne|ne raccrochez pas|je reviens|je reviens tout de suite|pouvez-vous patienter|"
            "pouvez-vous attendre|vous pouvez patienter|vous pouvez attendre|minute|seconde|moment|instant|"
            "laissez-moi voir|je regarde|je cherche|je vérifie|voyons|voyons voir|un p'tit instant"
        ),
        soft=(
            "euh hum ben bon alors oui ok d'accord s'il vous plaît te plait juste pardon excusez-moi désolé désolée "
            "monsieur madame un une instant moment seconde minute petit petite encore là oh ah je vous prie merci de"
        ),
        clauses=(
            r"gardez la ligne|(?:besoin d'|il me faut )(?:un|une) (?:petit |petite )?(?:moment|instant|minute|seconde)|je prends (?:mon|ma|mes|de quoi)|"
            r"(?:un|une|juste un|juste une|encore un|encore une|deux|quelques) (?:petit |petite |petits |petites )?"
            r"(?:instant|moment|seconde|minute|secondes|instants|p'tite seconde)(?: s'il vous plaît| je| que| pour|$)|"
            r"(?:donnez|donne|laissez|laisse|accordez)-moi (?:juste )?(?:un|une|deux|quelques|le temps)|"
            r"ne (?:quittez|raccrochez|coupez|partez) pas|(?:restez|reste) en ligne|(?:veuillez )?patient(?:ez|er)|"
            r"je reviens|je suis à vous|(?:laissez|laisse)-moi (?:le |la |juste )?(?:voir|regarder|chercher|vérifier|"
            r"réfléchir|prendre|trouver)|je (?:vais|dois) (?:juste |vite )?(?:le |la |les )?(?:chercher|regarder|"
            r"vérifier|demander|réfléchir|noter)\b|je vais voir|je (?:suis en train de (?:chercher|regarder|vérifier)|regarde|"
            r"vérifie|réfléchis|(?:le |la |les )cherche|cherche (?:mon|ma|mes|le numéro|ça)|cherche$)|"
            r"(?:pouvez-vous|pourriez-vous|vous pouvez|pouvez vous|est-ce que vous pouvez) (?:m' ?)?(?:attendre|"
            r"patienter|rester|m'attendre)|attendez (?:un|une|deux|que je|moi|s'il)|attends (?:un|une|deux)|"
            r"où (?:est|sont|ai-je mis|j'ai mis) (?:mon|ma|mes|le|la)|je la cherche|je le cherche"
        ),
        long=(
            r"je vous (?:le |la )?(?:passe|transfère|transferts?|mets en (?:relation|attente|ligne)|connecte|bascule)|"
            r"je (?:vais|peux) vous (?:passer|transférer|mettre|connecter|basculer)|ne (?:quittez|raccrochez) pas|"
            r"restez en ligne|vous (?:allez être|êtes) (?:transféré|mis en relation|mise en relation)|"
            r"je vais (?:chercher|appeler|demander à) (?:le|la|mon|ma|un|une|quelqu'un)|en attente"
        ),
        minute="une minute",
        minutes=(
            r"(?P<count>\d{1,2}|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|quinze|quelques|"
            r"une ou deux) (?:petites? )?(?:minutes|minute)"
        ),
        counts={
            "une": 1,
            "deux": 2,
            "trois": 3,
            "quatre": 4,
            "cinq": 5,
            "six": 6,
            "sept": 7,
            "huit": 8,
            "neuf": 9,
            "dix": 10,
            "quinze": 15,
            "quelques": 3,
            "une ou deux": 2,
        },
        not_if=(
            r"combien de temps|j'attends|attendu|attente depuis|depuis|pas (?:ça|correct|bon)|faux|pourquoi|il y a|"
            r"ne (?:peux|veux|vais) pas attendre|peux pas attendre|en retard|à pied|quel|"
            r"(?:pouvez-vous|pourriez-vous|vous pouvez) me (?:passer|transférer|mettre)|passez-moi|en ce moment"
        ),
    ),
    dictation=Dictation(
        digits="zéro|zero|un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|double|triple",
        numbers=(
            r"dix|onze|douze|treize|quatorze|quinze|seize|dix-\w+|vingts?|vingt-\w+|trente|quarante|cinquante|soixante|"
            r"septante|octante|huitante|nonante|quatre-vingts?|cent|cents|mille|\w+-\w+"
        ),
        letters=r"double v|double vé|i grec|zède|bé|cé|dé|gé|ache|ji|ka|elle|effe|emme|enne|pé|ku|erre|esse|té|vé|ixe|tréma|accent",
        like="comme|de|comme dans",
        alphabet=(
            "anatole|berthe|célestin|désiré|eugène|françois|gaston|henri|irma|joseph|kléber|louis|marcel|nicolas|oscar|"
            "pierre|quintal|raoul|suzanne|thérèse|ursule|victor|william|xavier|yvonne|zoé|alpha|bravo|charlie|delta|écho|"
            "echo|foxtrot|golf|hôtel|hotel|india|juliette|kilo|lima|mike|novembre|papa|québec|roméo|sierra|tango|uniforme|"
            "whisky|yankee|zoulou"
        ),
        dates=(
            "janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|premier|"
            "1er"
        ),
        joined="tiret|tiret du six|trait d'union|slash|barre|point|plus|espace|arobase|underscore",
        whole_phone=(r"(?:0|zéro|zero)\W*(?:<D>\W*){9}$"),
        asks_phone=r"téléphone|telephone|portable|mobile|(?:joindre|contacter|rappeler|appeler)|coordonnées",
        asks_code=(
            r"numéro|numero|code|chiffres?|pin|iban|compte|référence|reference|réservation|reservation|plaque|"
            r"immatriculation|dossier|commande|contrat|client|carte|postal"
        ),
        asks_spelling=r"épel\w*|epel\w*|lettre par lettre|courriel|e-?mail|mail|s'écrit|écrivez|orthographe",
        asks_name=r"nom|prénom|vous appelez-vous|vous vous appelez|qui est à l'appareil",
        asks_address=r"adresse|rue|habitez|domicile|où (?:devons|faut-il|voulez|peut-on)|livraison|livrer",
        asks_date=r"date|naissance|né|née|anniversaire|expir\w*|expiration",
        asks_amount="combien|quel âge|quelle année|quelle heure|quand",
        asks_story=r"racontez|expliquez|décrivez|dites-moi (?:ce|ce qui)|que s'est-il passé|qu'est-ce qui (?:s'est passé|se passe|ne va pas)|quel est le problème|que se passe",
        states="(?:numéro|code|plaque|référence|téléphone)(?: est| c'est)(?: le)?|c'est le",
        no_answer=(
            "sais pas|ne sais|n'ai pas|j'ai pas|pas sûr|pas sûre|aucune idée|pourquoi|quelle|quel|puis-je|pouvez-vous|"
            "pourriez-vous|pardon|vous avez|déjà"
        ),
    ),
)
