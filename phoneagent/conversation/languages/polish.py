"""Polish, politely and without asking whether it is a lady or a gentleman."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

POLISH = Language(
    name="Polish",
    greeting="Dzień dobry, w czym mogę pomóc?",
    introduction="Dzień dobry, tu {agent}. Dzwonię w sprawie: {purpose}.",
    busy="Przepraszamy, wszystkie linie są zajęte. Prosimy zadzwonić ponownie za kilka minut.",
    queued="Wszystkie linie są zajęte. Prosimy pozostać na linii.",
    broken="Przepraszamy, mamy problem techniczny. Prosimy zadzwonić ponownie później.",
    phrases={
        "idle_prompts": ("Czy nadal mnie słychać?",),
        "idle_goodbye": "Niczego nie słyszę, więc teraz się rozłączę. Do widzenia.",
        "fillers": ("Chwileczkę, proszę.", "Już sprawdzam."),
        "later_fillers": ("Nadal szukam.", "To potrwa jeszcze chwilę."),
        "apology": "Przepraszam, coś poszło nie tak. Czy mogę prosić o powtórzenie?",
        "failure_goodbye": (
            "Przepraszam, mam problem techniczny i muszę zakończyć tę rozmowę. Proszę zadzwonić ponownie później."
        ),
        "time_goodbye": "Przepraszam, minął limit czasu tej rozmowy. Do widzenia.",
        "unfinished": "Przepraszam, nie udało się tego dokończyć. Czy mogę pomóc w inny sposób?",
        "declined": "Przepraszam, w tym nie mogę pomóc. Czy mogę pomóc w czymś innym?",
        "goodbye": "Do widzenia.",
        "bridge": "Już jestem. Przepraszam za przerwę.",
        "transfer_busy": "Przepraszam, linia jest w tej chwili zajęta. Czy mogę pomóc w inny sposób?",
        "transfer_unanswered": "Przepraszam, w tej chwili nikt nie odbiera. Czy mogę pomóc w inny sposób?",
        "transfer_declined": ("Przepraszam, w tej chwili nikt nie może odebrać rozmowy. Czy mogę pomóc w inny sposób?"),
        "transfer_closed": "Przepraszam, o tej porze nikogo tam nie ma. Czy mogę pomóc w inny sposób?",
        "transfer_failed": "Przepraszam, nie udało się połączyć. Czy mogę pomóc w inny sposób?",
        "transfer_emergency": (
            "Nie mogę zadzwonić na numer alarmowy. Jeśli potrzebna jest pomoc, proszę się rozłączyć i samodzielnie "
            "wybrać numer alarmowy."
        ),
    },
    transfer_phrases={
        "offer": "Rozmowa do odebrania. {summary} Proszę nacisnąć 1, aby ją przyjąć, lub 2, aby odmówić.",
        "gone": "Osoba dzwoniąca już się rozłączyła. Do widzenia.",
        "thanks": "Dziękuję. Do widzenia.",
        "nobody": "Nikt już nie czeka. Do widzenia.",
        "waiting": "Prosimy pozostać na linii. Numer w kolejce: {position}.",
    },
    dialogue={
        "question": "W czym mogę pomóc?",
        "not_understood": "Przepraszam, nie udało mi się tego zrozumieć.",
        "offer_person": "Przepraszam, nadal nie rozumiem. Czy połączyć z konsultantem?",
        "yes": (
            "tak [proszę | poproszę]",
            "no tak",
            "dobrze",
            "jasne",
            "oczywiście",
            "pewnie",
            "zgadza się",
            "dokładnie",
            "może być",
            "w porządku",
        ),
        "no": ("nie [dziękuję]", "raczej nie", "niezupełnie", "to (nieprawda | błąd)", "nie zgadza się"),
        "repeat": (
            "słucham",
            "proszę",
            "przepraszam",
            "co",
            "(proszę | może pan | może pani) powtórzyć",
            "czy (może pan | może pani) powtórzyć",
            "nie dosłyszałem",
            "nie dosłyszałam",
        ),
        "back": ("[do] menu [głównego]", "menu główne", "(wróć | powrót | wstecz) [do menu [głównego]]"),
        "choice": "{label}: proszę nacisnąć {key}.",
        "wrong_key": "Nie ma opcji {key}.",
        "back_label": "Menu główne",
        "person_label": "Rozmowa z konsultantem",
        "digits": ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć"),
        "key_names": {"*": "gwiazdka", "#": "krzyżyk"},
        "keys_only": "W tej chwili mogę pomóc tylko za pomocą klawiszy telefonu.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|aha|acha|ach|ah|oh|o|tak|tak tak|no|no tak|no no|dobra|dobrze|okej|okay|ok|jasne|rozumiem|"
        "pewnie|właśnie|no właśnie|zgadza się|dokładnie|świetnie|super|oczywiście|w porządku|racja|aha rozumiem|no dobrze|"
        "no dobra|aha okej|ach tak"
    ),
    closings=listed(
        "do widzenia|do usłyszenia|do zobaczenia|na razie|pa|pa pa|cześć|dziękuję|dziękuję bardzo|bardzo dziękuję|dzięki|"
        "wielkie dzięki|serdecznie dziękuję|miłego dnia|dobrego dnia|miłego wieczoru|dobranoc|nawzajem|wzajemnie|"
        "również|dzięki wielkie|dziękuję pani|dziękuję panu"
    ),
    interrupting=listed(
        "stop|proszę przestać|chwila|chwileczkę|moment|momencik|zaraz|nie|przepraszam|właściwie|proszę poczekać|"
        "niech pan poczeka|niech pani poczeka|poczekaj|zaczekaj"
    ),
    yes_or_no=(
        "tak|nie|no tak|dobrze|jasne|oczywiście|pewnie|zgadza się|dokładnie|może być|w porządku|raczej nie|raczej tak|"
        "tak proszę|tak poproszę|nie dziękuję|okej|ok|owszem|niezupełnie|zgoda|no pewnie"
    ),
    closed_question=r"(?:^|[.!?,]\s+|\b(?:i|a|to|więc),? )(?:czy|to|ma pan|ma pani|może|pasuje|zgadza się)\b[^.!?]*\?$",
    open_questions="",
    fragments=(
        "i|a|lub|albo|ale|bo|ponieważ|że|żeby|jeśli|dla|do|na|w|we|z|ze|od|po|przez|o|mój|moja|moje|jest|chcę|"
        "chciałbym|chciałabym|ja|yyy+|eee+|więc|no i"
    ),
    moments=Moments(
        whole=listed(
            "chwila|chwilę|chwileczkę|chwileczka|chwilkę|chwilka|moment|momencik|momencik proszę|sekunda|sekundę|"
            "sekundkę|sekundka|minutkę|minutka|minuta|minutę|zaraz|zaraz wracam|już wracam|już|jedną chwilę|"
            "jedną chwileczkę|jedną sekundę|jedną minutę|jeden moment|proszę czekać|proszę poczekać|proszę zaczekać|"
            "proszę chwilę poczekać|proszę chwilę zaczekać|proszę się nie rozłączać|proszę nie rozłączać się|"
            "niech pan poczeka|niech pani poczeka|niech pan zaczeka|niech pani zaczeka|poczekaj|zaczekaj|poczekaj chwilę|"
            "czy może pan poczekać|czy może pani poczekać|może pan poczekać|może pani poczekać|proszę o chwilę|"
            "proszę o cierpliwość|cierpliwości|czekaj|niech spojrzę|niech zobaczę|zobaczmy|proszę pozostać na linii"
        ),
        soft=(
            "yyy eee hm no to tak okej ok dobrze proszę przepraszam tylko jeszcze jedną jeden chwilę chwileczkę moment "
            "sekundę minutę już pan pani pana o na ach oj bardzo"
        ),
        clauses=(
            r"wracam (?:za (?:chwilę|moment|minutę)|zaraz)|potrzebuję (?:\w+ )?(?:chwili|chwilki|chwileczki|minuty|momentu)|"
            r"(?:jedną|jeszcze|tylko|na|dosłownie|proszę o|daj mi|przez) (?:jedną |małą |krótką )?(?:chwilę|chwileczkę|"
            r"chwilkę|sekundę|sekundkę|minutę|minutkę|moment|momencik)|(?:chwileczkę|chwilkę|momencik|sekundkę|minutkę) "
            r"(?:proszę|już|muszę|tylko|sprawdzę|poszukam)|proszę (?:(?:na |o )?\w+ ){1,2}(?:poczekać|zaczekać|czekać)|proszę (?:poczekać|zaczekać) (?:chwil\w+|moment|minut\w+)|"
            r"proszę (?:się )?nie (?:się )?(?:rozłączać|odkładać)|niech (?:pan|pani) (?:\w+ ){0,2}(?:poczeka|zaczeka|"
            r"się nie rozłącza|da mi)|(?:zaraz|już|za chwilę|za moment) (?:wracam|wrócę|będę|sprawdzę|sprawdzam|poszukam|"
            r"szukam|zobaczę|patrzę|podam|znajdę|przyniosę)|(?:muszę|idę|pójdę) (?:to |tylko |szybko |jeszcze |ją |go |"
            r"najpierw )*(?:\w+ )?(?:poszukać|sprawdzić|zobaczyć|znaleźć|wziąć|zapytać|pomyśleć|zastanowić|zapisać|"
            r"przynieść|spojrzeć)|(?:(?:właśnie|jeszcze|już|zaraz) szukam|szukam(?:$| go| jej| tego| ich| mojego| mojej| numeru))|"
            r"(?:sprawdzam|patrzę|sprawdzę|poszukam|zobaczę|zapytam|zastanowię|spojrzę|pomyślę)|"
            r"(?:proszę mi dać|da mi pan|da mi pani|dajcie mi|daj mi|potrzebuję|niech mi pan da|niech mi pani da) (?:\w+ )?"
            r"(?:chwilę|chwileczkę|minutę|minut|sekundę|moment|dwie|kilka)|(?:czy )?(?:może|mógłby|mogłaby) (?:pan|pani) "
            r"(?:\w+ ){0,2}(?:poczekać|zaczekać)|gdzie (?:jest|są|ja mam|mam) (?:mój|moja|moje|ta|ten|to)|"
            r"(?:pozwoli pan|pozwoli pani|niech) (?:że )?(?:sprawdzę|spojrzę|zobaczę|pomyślę|poszukam)"
        ),
        long=(
            r"(?:już )?(?:łączę|połączę|przełączam|przełączę|przekieruję|przekierowuję)|(?:zostanie|został)\w* "
            r"(?:pan|pani)? ?(?:połączon|przełączon)\w+|proszę (?:pozostać|zostać) na linii|"
            r"proszę (?:się )?nie (?:się )?rozłączać|(?:zawołam|poproszę|zapytam|poszukam) (?:kierownik|koleg|szef|męż|żon|"
            r"kogoś)\w*|zawieszam rozmowę"
        ),
        minute="jedną minutę",
        minutes=(
            r"(?P<count>\d{1,2}|jedną|dwie|trzy|cztery|pięć|sześć|siedem|osiem|dziewięć|dziesięć|piętnaście|kilka|"
            r"parę) (?:minuty|minut|minutki|minutek|minutę)"
        ),
        counts={
            "jedną": 1,
            "dwie": 2,
            "trzy": 3,
            "cztery": 4,
            "pięć": 5,
            "sześć": 6,
            "siedem": 7,
            "osiem": 8,
            "dziewięć": 9,
            "dziesięć": 10,
            "piętnaście": 15,
            "kilka": 3,
            "parę": 3,
        },
        not_if=(
            r"jak długo|ile|czekam|czekałem|czekałam|czekania|źle|dlaczego|czemu|temu|spóźni\w*|pieszo|"
            r"nie (?:mogę|chcę|będę) (?:dłużej )?czekać|(?:czy )?(?:może|mógłby|mogłaby) (?:mnie )?(?:pan|pani) (?:mnie )?"
            r"(?:połączyć|przełączyć)|proszę mnie (?:połączyć|przełączyć)|w tej chwili|nie tak|to nie"
        ),
    ),
    dictation=Dictation(
        digits=(
            "zero|jeden|jedynka|raz|dwa|dwie|dwójka|trzy|trójka|cztery|czwórka|pięć|piątka|sześć|szóstka|siedem|siódemka|"
            "osiem|ósemka|dziewięć|dziewiątka|podwójne|podwójna|podwójny|potrójne"
        ),
        numbers=(
            r"dziesięć|jedenaście|dwanaście|\w+naście|dwadzieścia|trzydzieści|czterdzieści|\w+dziesiąt|sto|dwieście|"
            r"trzysta|czterysta|\w+set|tysiąc|tysiące|tysięcy"
        ),
        letters="be|ce|ć|de|ef|gie|ge|ha|jot|ka|el|eł|em|en|eń|pe|ku|er|es|eś|te|fau|wu|iks|igrek|zet|żet|ziet",
        like="jak|jak w|od",
        alphabet=(
            "adam|barbara|celina|cezary|dorota|danuta|ewa|edward|franciszek|ferdynand|genowefa|grażyna|halina|henryk|irena|"
            "jadwiga|janina|karol|krystyna|leon|ludwik|łukasz|maria|marek|natalia|olga|paweł|piotr|quebec|roman|ryszard|"
            "stefan|stanisław|tadeusz|tomasz|urszula|violetta|wacław|wanda|xymena|ypsilon|zygmunt|zofia|żaneta|alfa|bravo|"
            "charlie|delta|echo|foxtrot|golf|hotel|india|juliet|kilo|lima|mike|november|oscar|papa|romeo|sierra|tango|"
            "uniform|victor|whisky|yankee|zulu"
        ),
        dates=(
            r"stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|styczeń|"
            r"luty|marzec|kwiecień|maj|czerwiec|lipiec|sierpień|wrzesień|październik|listopad|grudzień|pierwszy|pierwszego|"
            r"drugi|drugiego|trzeci|trzeciego|\w+ty|\w+tego|\w+my|\w+mego|\w+sty|\w+stego"
        ),
        joined="kreska|myślnik|łącznik|ukośnik|kropka|plus|spacja|małpa|podkreślenie",
        whole_phone=r"(?:[1-9]|jeden|dwa|trzy|cztery|pięć|sześć|siedem|osiem|dziewięć)\W*(?:<D>\W*){8}$",
        asks_phone=r"telefon\w*|komórk\w*|komórkow\w*|(?:skontaktować|oddzwonić|zadzwonić|kontakt\w*|dodzwonić)",
        asks_code=(
            r"numer\w*|kod\w*|cyfr\w*|pin|iban|kont[aou]|rachun\w+|referencyjn\w+|rezerwacj\w+|rejestracyjn\w+|tablic\w*|"
            r"zamówieni\w+|pesel|nip|kart\w*|polis\w*|sygnatur\w+|zgłoszeni\w+"
        ),
        asks_spelling=r"przeliter\w*|literow\w*|litera po literze|e-?mail\w*|mail\w*|się pisze|pisze się|napisać",
        asks_name=r"imi\w+|nazwisk\w+|nazywa|z kim rozmawiam|godność",
        asks_address=r"adres\w*|ulic\w*|mieszka\w*|dostarczyć|dostaw\w+|gdzie (?:mamy|możemy|mieszka)|zamieszkani\w+",
        asks_date=r"dat[aęy]|urodz\w+|ważności|kiedy się (?:pan|pani) urodzi\w+",
        asks_amount="ile|ilu|w jakim wieku|który rok|o której|kiedy",
        asks_story=r"proszę (?:opowiedzieć|opisać|wyjaśnić|powiedzieć co)|co się (?:stało|dzieje)|na czym polega|w czym problem|jaki jest problem",
        states="(?:numer|kod|rejestracja|telefon)(?: to)",
        no_answer=("nie wiem|nie mam|nie pamiętam|nie jestem|dlaczego|po co|jaki|jaka|czy|przepraszam|macie|już"),
    ),
)
