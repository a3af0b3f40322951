"""English. What agents say is in the records that have it: `Phrasing`, `TransferPhrases` and `Dialogue`."""

from __future__ import annotations

from phoneagent.conversation.policy import Phrasing, Policy

from .language import Dictation, Language, Moments, listed

_POLICY = Policy()

ENGLISH = Language(
    name="English",
    greeting=Phrasing().greeting,
    introduction="This is {agent}. I am calling about {purpose}.",
    busy="I am sorry, all our lines are busy. Please call again in a few minutes.",
    queued="All our lines are busy. Please hold the line.",
    broken="I am sorry, we have a technical problem. Please call again later.",
    backchannels=_POLICY.backchannels,
    closings=_POLICY.closings,
    interrupting=_POLICY.interrupting,
    yes_or_no="yes|yeah|yep|no|nope|correct|right|exactly|sure|of course|not really|please do",
    closed_question=(
        r"(?:^|[.!?,]\s+|\b(?:so|and|or),? )(?:do|does|did|is|are|was|were|can|could|would|will|shall|should|have|has|"
        r"may)\b[^.!?]*\?$"
    ),
    open_questions="",
    fragments=("and|or|but|so|because|if|the|a|an|to|for|of|with|at|in|on|my|is|are|i|i'd like|would like|um+|uh+|er+"),
    moments=Moments(
        whole=listed(
            "wait|wait please|please wait|hold|please hold|hold please|hold on|hang on|hang on please|stay on|"
            "can you hold|could you hold|would you hold|will you hold|can you please hold|could you please hold|"
            "can i put you on hold|may i put you on hold|can you wait|could you wait|would you wait|"
            "would you mind waiting|would you mind holding|do you mind waiting|do you mind holding|stand by|"
            "please stand by|be right back|one moment|a moment|just a moment|moment|moment please|one second|a second|"
            "just a second|just a sec|one sec|a sec|sec|a minute|one minute|just a minute|a tick|half a tick|two ticks|"
            "two secs|two seconds|one tick|just one moment|just one second|just one minute|bear with me|give me a moment"
        ),
        soft=(
            "um uh er oh okay ok yes yeah sure well so please sorry sir ma'am madam miss just for me a moment second "
            "minute sec one there bit little while if you can could would now alright right hello hi thanks thank"
        ),
        clauses=(
            r"let me (?:just )?(?:go (?:and )?)?get (?:it|him|her|them|that)|^(?:just |only )?(?:one|a) (?:moment|second|sec|minute|tick)$|be patient|take me (?:just )?(?:a|one) (?:moment|second|sec|minute)|"
            r"(?:just |only |give me |wait |hold on |hang on |need )(?:just )?"
            r"(?:a|one|another|half a) (?:quick |short |little )?(?:moment|second|sec|minute|min|tick)|"
            r"(?:a|one|half a) (?:moment|second|sec|minute|tick) (?:please|while|let me|i|i'll|i'm)|"
            r"bear with me|bear with us|(?:hold|stay on|hang on|hold on to) (?:the line|that line|on the line)|"
            r"(?:stay|remain|hang on|hold) on the (?:line|phone)|don't (?:hang up|go away|go anywhere)|"
            r"(?:i'll|i will|we'll|we will) (?:just )?be (?:right|straight|with you|back)|be right with you|"
            r"(?:i'll|i will|let me) (?:just |quickly |go and |go )*(?:see(?! (?:a|the|you|your))|look|check|find|grab|fetch|"
            r"think|ask|search|pull|open|have a look|take a look|write|log)\b|let me get (?:my|a pen|the|something)|"
            r"(?:i'll|i will) (?:just )?(?:go (?:and )?)?get (?:it|my|her|him|them|someone|somebody)|"
            r"i(?:'m| am) (?:just |still )*(?:(?:looking|searching) (?:for (?:it|him|her|them|that|my|the (?:number|card|"
            r"letter|paper|bill|document|code|email))|it up|now|at it)|(?:looking|searching|checking|thinking|writing)$|"
            r"checking|getting (?:it|my)|finding (?:it|my)|fetching|trying to find (?:it|my|the)|writing (?:it|that|this))|"
            r"i (?:just )?(?:need|have) to (?:just |quickly |go and )*(?:find|grab|fetch|look for|get) (?:my|it|a pen|the "
            r"(?:number|card|letter|paper|bill|document|code)|something to write)|i (?:just )?(?:need|have) to think|(?:give|allow) (?:me|us) (?:a|some|just|one)|give me time|"
            r"hold (?:on )?for (?:a|one|just)|(?:can|could|would|will) you (?:please )?(?:just )?(?:hold|wait) "
            r"(?:a|for|one|on|please|while)|(?:please )?wait (?:a|for|here|while|until i)|(?:hold|hang) on a|"
            r"where (?:did i put|is my|are my)"
        ),
        long=(
            r"(?:put(?:ting)?|place|placing) you on hold|(?:hold|stay on|hold on) the line|(?:stay|remain) on the line|"
            r"(?:i'll|i will|i am|i'm|let me|we'll|we will|going to)(?: just| now| going to| gonna)* "
            r"(?:transfer|connect|put|patch|pass)(?:ring|ing|ting)? (?:you|your call)|"
            r"(?:transferring|connecting|putting) you|(?:you are|you're|you will be|your call is) being "
            r"(?:transferred|connected)|(?:i'll|i will|let me) (?:go )?(?:get|fetch|find|see if) (?:her|him|them|"
            r"the|my|somebody|someone|a|he|she)(?: (?:manager|colleague|boss|supervisor|person|wife|husband|is|they))?|"
            r"^(?:please )?hold(?: please)?$"
        ),
        minute="a minute",
        minutes=(
            r"(?P<count>\d{1,2}|a|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|a few|a couple of|"
            r"a couple|couple of|couple|few|several|some) (?:more )?(?:minutes|minute|mins|min)"
        ),
        counts={
            "a": 1,
            "one": 1,
            "two": 2,
            "three": 3,
            "four": 4,
            "five": 5,
            "six": 6,
            "seven": 7,
            "eight": 8,
            "nine": 9,
            "ten": 10,
            "fifteen": 15,
            "a few": 3,
            "few": 3,
            "several": 4,
            "some": 3,
            "a couple of": 2,
            "a couple": 2,
            "couple of": 2,
            "couple": 2,
        },
        not_if=(
            r"call (?:you )?back|get back to you|"
            r"how long|waiting|waited|been|wrong|don't want|do not want|can't wait|cannot wait|can't hold|won't wait|"
            r"not going to wait|minutes? (?:past|to|ago|late|walk|drive|away|from|early)|why|what|"
            r"how many|(?:can|could|would|will) you (?:please )?(?:transfer|connect|put)|for (?:a|one|two) (?:night|person)|"
            r"you (?:said|told)|do i|should i|ago|late|last minute|is that|the wait"
        ),
    ),
    dictation=Dictation(
        digits="zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple",
        numbers=(
            "ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
            "(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand"
        ),
        letters="zed|zee|aitch|double u|ampersand",
        like="as in|for|like|as|is for",
        alphabet=(
            "alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|juliett|kilo|lima|mike|november|oscar|"
            "papa|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-ray|xray|yankee|zulu"
        ),
        dates=(
            "january|february|march|april|may|june|july|august|september|october|november|december|first|second|third|"
            r"\w+th|\d+(?:st|nd|rd|th)|twenty-first|thirty-first"
        ),
        joined="dash|hyphen|slash|dot|plus|space|underscore|point",
        whole_phone=(r"(?!0|1|zero|oh|one|double|triple)(?:<D>\W*){10}$|(?:0|1|zero|oh|one)\W*(?:<D>\W*){10}$"),
        asks_phone=(
            r"phone|telephone|mobile|cell|number (?:can|do|should|may|could) (?:i|we)|"
            r"(?:reach|contact|ring|text) you|call you(?: back)?|callback number"
        ),
        asks_code=(
            r"number|code|digits?|pin|zip|iban|account|reference|booking|plate|registration|licen[cs]e|serial|policy|"
            r"postcode|extension|card|confirmation|ticket|vin|id|order|tracking|membership"
        ),
        asks_spelling="spell|spelled|spelling|e-?mail|letter by letter|letters",
        asks_name="name|surname",
        asks_address="address|street|where do you live|where should we (?:send|deliver)|deliver(?:ed|y)? to",
        asks_date=r"date|birth ?day|born|birth|expir\w+",
        asks_amount="how many|how much|how old|what year|which year|what time|how long|when",
        asks_story=(r"tell me|describe|explain|what happened|what (?:is|seems to be) the (?:problem|matter|issue)"),
        states="(?:number|code|it|reference|plate)(?: is|'s)",
        no_answer=(
            "don't|do not|haven't|no idea|not sure|why|what|which|can i|could you|can you|sorry|you have|already"
        ),
    ),
)
