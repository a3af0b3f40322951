"""Whatever reads text that a model, a caller, a web service, a document or a stranger has written.

A module that uses regular expressions must be named here, or below with the reason why not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request

from phoneagent import patterns
from phoneagent.agent_file import load_agent
from phoneagent.call import analysis, contact_limits, emergency, variables, vault
from phoneagent.call.call import LONGEST_PIECE
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.conversation import (
    do_not_call,
    endpointing,
    grammar,
    meaning,
    moments,
    openings,
    phrases,
    search,
    transcript,
)
from phoneagent.conversation import events as e
from phoneagent.conversation.caller_turn import HIDDEN
from phoneagent.conversation.commands import StartReply
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.errors import PhoneagentError
from phoneagent.knowledge import document, index, passage, question
from phoneagent.plain_text import plain
from phoneagent.providers.llm import (
    chat_messages,
    chat_server,
    dialogue,
    event_stream,
    function_tools,
    model_text,
    openai,
    tool_arguments,
    understanding,
    written_calls,
)
from phoneagent.providers.llm.dialogue_state import State
from phoneagent.providers.tts import spoken_text
from phoneagent.records import McpServer, ToolSpec
from phoneagent.retry_after import retry_after
from phoneagent.speakable.speakable import Speakable
from phoneagent.store import audit_rules, cursor, people_rules
from phoneagent.telemetry import logs
from phoneagent.telephony.twilio import answers, twiml
from phoneagent.telephony.twilio.codec import TwilioCodec
from phoneagent.telephony.twilio.numbers import Place
from phoneagent.toolbox import results, template
from phoneagent.toolbox.schema import argument_check
from phoneagent.web import webhooks
from phoneagent.web.api import events, recordings
from phoneagent.web.api.problems import Problem

from .texts import LONGEST


class Reader(NamedTuple):
    """Something that reads a text from outside. `size`: characters of the longest text that it is tried with.

    Where the product reads in pieces, and does other things in between, `read` is a generator. `at_once`: it reads no
    more characters than that in one go. `thread`: it does so in a thread of its own.
    """

    name: str
    read: Callable[[str], object]
    size: int = LONGEST
    at_once: int = LONGEST
    thread: bool = False

    def steps(self, text: str) -> Iterator[None]:
        """Read it, with a rest wherever the product has one."""
        reading = self.read(text)
        if isinstance(reading, Generator):
            yield from reading

    def whole(self, text: str) -> None:
        """Read it to its end."""
        for _ in self.steps(text):
            pass


def _lenient(read: Callable[[str], object]) -> Callable[[str], object]:
    """Refusing is an answer, too."""

    def lenient(text: str) -> None:
        with suppress(PhoneagentError, Problem, ValueError, TypeError):
            read(text)

    return lenient


LONGEST_PHRASE = 1_000  # characters, of `phrase_characters` at most
BOOK = ToolSpec("book", "Book a table.", {"type": "object", "properties": {"a": {"type": "string"}}})

# -- what the model writes --------------------------------------------------------------------------


def _phrases(text: str, *, pieces: int, policy: Policy = Policy()) -> Iterator[None]:  # noqa: B008 - frozen
    cutter = phrases.Phrases(policy)
    for at in range(0, len(text), pieces):
        cutter.feed(text[at : at + pieces])
        yield
    cutter.flush()


def _model_text(text: str, *, thinks_first: bool = False) -> Iterator[None]:
    written = model_text.ModelText([BOOK], thinks_first=thinks_first)
    for at in range(0, len(text), 4):
        written.feed(text[at : at + 4])
        yield
    written.end()


def _spoken(language: str) -> Callable[[str], object]:
    @cache
    def speakable() -> Speakable:
        made = Speakable(language, {"GIF": "jif", "St. Moritz": "Sankt Moritz"})
        made.warm()
        return made

    return lambda text: speakable().render(text)


def _stream(text: str, *, pieces: int) -> Iterator[None]:
    body, stream = text.encode(), event_stream.EventStream()
    with suppress(PhoneagentError, ValueError):
        for at in range(0, len(body), pieces):
            stream.feed(body[at : at + pieces])
            yield
        stream.end()


def _messages(text: str) -> None:
    call = transcript.ToolCall("call_1", "book", text)
    said = (transcript.Turn("caller", text, 1.0), transcript.Turn("agent", text, 2.0, interrupted=True, over=text))
    chat_messages.chat_messages(text, (*said, transcript.Turn("tool", text, 3.0, tool=call)))


def _call(text: str) -> None:
    call = transcript.ToolCall("call_1", "book", text)
    call.text_of("date")
    _ = call.identity


MODEL = (
    Reader("phrases: of a model that writes all at once", lambda text: _phrases(text, pieces=LONGEST_PIECE)),
    Reader("phrases: by token", lambda text: _phrases(text, pieces=4)),
    Reader("phrases: long ones", lambda text: _phrases(text, pieces=4, policy=Policy(phrase_characters=1_000)), 5_000),
    Reader("phrases: an abbreviation", phrases.ends_in_abbreviation),
    *(
        Reader(f"speakable: {language}", _spoken(language), 2_000, at_once=LONGEST_PHRASE)
        for language in ("", "de", "es", "fr", "it", "pt", "nl", "pl")
    ),
    Reader("speakable: en", _spoken("en"), 12_000, at_once=LONGEST_PHRASE),
    Reader("llm: text", _model_text),
    Reader("llm: text that begins with a thought", partial(_model_text, thinks_first=True)),
    Reader("llm: a thought", lambda text: _model_text(f"<think>{text}</think>")),
    Reader("llm: a call", lambda text: _model_text(f"<tool_call>{text}</tool_call>")),
    Reader("llm: calls as text", lambda text: written_calls.written_calls(text, ["book"])),
    Reader("llm: arguments", lambda text: tool_arguments.arguments_as_meant(text, BOOK.parameters)),
    Reader("plain text", plain),
    Reader("llm: event stream", lambda text: _stream(text, pieces=1_000)),
    Reader("llm: event stream, by the byte", lambda text: _stream(text, pieces=1), 4_000),
    Reader("llm: error", lambda text: chat_server.explanation(text.encode())),
    Reader(
        "llm: error as JSON", lambda text: chat_server.explanation(json.dumps({"error": {"message": text}}).encode())
    ),
    Reader("llm: a key in an error", lambda text: openai._without_key(text, "sk-a")),
    Reader("llm: messages", _messages),
    Reader("llm: filled answer", lambda text: dialogue.fill(text, {"a": "b"})),
    Reader("tool call", _call),
    Reader("analysis: answer", _lenient(analysis._object)),
)


# -- what callers say and press ---------------------------------------------------------------------

_POLICY = Policy()
_found = partial(search.found, search=patterns.search)
_PATTERNS = ("machine_words", "person_words", "screener_words", "screener_holds", "waiting", "sensitive")


def _understood(text: str) -> object:
    return _menu().understand(State(), text)


@cache
def _menu() -> understanding.Understanding:
    agent = load_agent(Path(__file__).parents[2] / "examples" / "switchboard.toml")
    assert agent.dialogue is not None
    return understanding.Understanding(agent.dialogue)


@cache
def _vault() -> vault.Vault:
    made = vault.Vault()
    for digit in "411111111111":
        made.put(digit)
    made.seal("keypad-1", HIDDEN * 12)
    return made


@cache
def _grammar() -> grammar.Grammar:
    numbers = ["one", "two", "one two", "one one two"]
    return grammar.Grammar(
        ["[yes | no] (and the | yes) <number> [<number>] [yes] [no]", "<number>"], {"number": numbers}
    )


def _talk(*, caller: str, agent: str, before: str = "") -> Iterator[None]:
    """A call in which both are understood, speak, and talk over each other."""
    history = (transcript.Turn("agent", before, 0.0), transcript.Turn("tool", before, 0.0)) if before else ()
    core = Conversation(Phrasing(), Policy(), history=history)
    at, reply = 0.0, 1

    def tell(*told: e.Event) -> None:
        nonlocal at, reply
        for event in told:
            at += 0.3
            for command in core.receive(event, at=at):
                reply = command.reply if isinstance(command, StartReply) else reply

    tell(e.CallStarted(), e.ReplyAudio(1, 8_000), e.ReplyAudioDone(1), e.SpeechStarted(), e.PartialTranscript(caller))
    yield
    tell(e.EndOfTurn(caller))
    yield
    for at_once in [agent[start : start + LONGEST_PIECE] for start in range(0, len(agent), LONGEST_PIECE)] * 2:
        tell(e.ReplyText(reply, at_once))
        yield
    tell(e.ReplyAudio(reply, 16_000), e.DtmfReceived("1"), e.SpeechStarted(), e.PartialTranscript(caller))
    yield
    tell(e.EndOfTurn(caller))
    core.conceals("1", at=at)


CALLER = (
    *(
        Reader(f"do not call: {language}", partial(do_not_call.asks_not_to_be_called, language=language))
        for language in ("en", "de", "fr", "pl")
    ),
    *(
        Reader(f"moments: {language}", partial(moments.patience, language=language, policy=_POLICY))
        for language in ("en", "de", "fr", "pl")
    ),
    Reader(
        "endpointing: the turn", lambda text: endpointing.silence_needed(text, _POLICY, asked="What is your number?")
    ),
    *(
        Reader(
            f"endpointing: the turn in {language}",
            partial(endpointing.silence_needed, policy=_POLICY, asked="IBAN, e-mail, telefon?", language=language),
        )
        for language in ("de", "fr", "pl")
    ),
    Reader("endpointing: the question", lambda text: endpointing.silence_needed("hm", _POLICY, asked=text)),
    Reader("endpointing: unfinished", endpointing.unfinished),
    Reader(
        "endpointing: yes or no", lambda text: (endpointing.wants_yes_or_no(text), endpointing.says_yes_or_no(text))
    ),
    *(Reader(f"policy: {name}", partial(_found, getattr(Policy(), name))) for name in _PATTERNS),
    Reader(
        "meaning: the caller", lambda text: meaning.meaning(text, _POLICY, needed=1, agent="We open at nine, and then?")
    ),
    Reader("meaning: echo", lambda text: meaning.meaning(text, _POLICY, needed=1, agent=text, leaving=True)),
    Reader("openings: weighed", lambda text: openings.weigh(text, policy=_POLICY, said=text, finds=_found)),
    Reader("openings: held", lambda text: openings.holds(text, _POLICY, finds=_found)),
    Reader("grammar: search", lambda text: _grammar().search(text)),
    Reader("grammar: match", lambda text: _grammar().match(text)),
    Reader("menu", _understood),
    Reader("a call: the caller talks", lambda text: _talk(caller=text, agent="We open at nine.")),
    Reader("a call: the agent talks", lambda text: _talk(caller="When do you open?", agent=text)),
    Reader("a call: what was said before", lambda text: _talk(caller="Hello", agent="Hello", before=text)),
    Reader("vault: fill", _lenient(lambda text: _vault().fill(text))),
    Reader("vault: mask", lambda text: _vault().mask(text)),
)


# -- what web services, documents, operators and strangers send -------------------------------------


def _filled(text: str) -> None:
    template.fill_text("https://example.com/{a}?{b}", {"a": text, "b": text})
    template.fill_all({"a": "{a}", "b": ["x {a}"]}, {"a": text})
    list(template.names_in(text))


def _document(kind: str) -> Callable[[str], object]:
    def read(text: str) -> None:
        sections = document._html(text) if kind == "html" else document._markdown(text)
        list(passage.passages("a.md", sections))

    return _lenient(read)


def _twilio(text: str) -> None:
    documents = twiml.TwilioDocuments("https://example.com")
    documents.say_and_hang_up(text)
    documents.hold("https://example.com/a.mp3", text=text)


@cache
def _numbers() -> NumberRules:
    numbers = NumberRules()
    numbers.load()
    return numbers


@cache
def _black_out() -> logs.BlackOut:
    return logs.BlackOut(["secret-secret", "aaaaaaab", "1111111111112"])


def _event_id(text: str) -> object:
    return events._after(Request({"type": "http", "headers": [(b"last-event-id", text.encode())], "query_string": b""}))


def _schema(text: str) -> None:
    """What a server of tools says of one, and the arguments that a model gives it."""
    name = {"type": "string", "description": text, "pattern": text, "default": text, "enum": [text]}
    schema = {"type": "object", "properties": {"a": name, text: {"$ref": f"#/$defs/{text}"}}, "$defs": {text: name}}
    for strict in (False, True):
        function_tools.function_tools([ToolSpec("a", text, schema)], strict=strict)
    argument_check("a", {"type": "object", "properties": {"a": {"enum": ["b"]}}})({"a": text})


def _webhook(text: str) -> None:
    webhooks._again(Request({"type": "http", "headers": [], "query_string": b"again=" + quote(text).encode()}))
    webhooks.seconds_of(FormData([("RecordingDuration", text)]), "RecordingDuration")


class _Foreign:
    """An object of somebody's tool that says something of itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


ELSEWHERE = (
    Reader("tools: schema", _lenient(_schema), 4_000, thread=True),
    Reader("voice: letters", lambda text: (spoken_text.letters(text), spoken_text.can_be_spoken(text))),
    Reader("an address", emergency.dialled),
    Reader("Twilio: webhook", _lenient(_webhook)),
    Reader("tools: templates", _filled),
    Reader("tools: a result", _lenient(lambda text: results.told("book", [text, _Foreign(f"<{text}>")]))),
    Reader("variables", lambda text: variables.fill(text, {"a": text})),
    Reader("knowledge: Markdown", _document("markdown"), thread=True),
    Reader("knowledge: HTML", _document("html"), thread=True),
    Reader("knowledge: a passage", lambda text: index._normalised(passage.Passage("a.md", (text,), text)), thread=True),
    Reader("knowledge: a paragraph", lambda text: list(passage._pieces(text)), thread=True),
    Reader(
        "knowledge: a question", lambda text: (question.terms(text, english=True), question.spaced(text)), thread=True
    ),
    Reader("Twilio: message", _lenient(lambda text: TwilioCodec().decode(text))),
    Reader(
        "Twilio: wrong number",
        _lenient(lambda text: TwilioCodec().decode(json.dumps({"event": "media", "sequenceNumber": text}))),
    ),
    Reader("Twilio: attestation", lambda text: contact_limits.is_attested(text, "B")),
    Reader("Twilio: error", answers.presentable),
    Reader("Twilio: webhook of a number", lambda text: Place("https://example.com").queue_of(text)),
    Reader("tools: name of a server's tool", lambda text: McpServer("a").offered(text)),
    Reader("Twilio: TwiML", _lenient(_twilio)),
    Reader("REST: cursor", _lenient(cursor.checked_cursor)),
    Reader("REST: a place in the audit log", _lenient(audit_rules.checked_place)),
    Reader("REST: a person", people_rules.is_somebody),
    Reader("REST: event id", _lenient(_event_id)),
    Reader("REST: range", _lenient(lambda text: recordings._wanted(f"bytes={text}", 1_000))),
    Reader("REST: number", _lenient(lambda text: _numbers().destination(text))),
    Reader("Retry-After", lambda text: retry_after(text, now=0.0)),
    Reader("log: values", lambda text: logs.black_out_values(None, "info", {"a": text, text: [text, (text, text)]})),
    Reader("log: line", lambda text: _black_out()(None, "info", text)),
)

READERS = (*MODEL, *CALLER, *ELSEWHERE)

NOT_OUTSIDE = {
    "phoneagent/agent_file/": "files of whoever runs the server",
    "phoneagent/bench/": "its own texts",
    "phoneagent/call/business_hours.py": "hours of the agent file",
    "phoneagent/call/equipped.py": "the agent's own name",
    "phoneagent/call/journal_folder.py": "names of files in its own folder",
    "phoneagent/call/price_book.py": "models that the agent file names",
    "phoneagent/cli/": "what is typed at a terminal, and first lines of requests, of 8 kB at most",
    "phoneagent/conversation/knobs.py": "patterns of the agent file",
    "phoneagent/providers/llm/openai_models.py": "models that the agent file names",
    "phoneagent/providers/llm/scripted.py": "answers that the agent file has",
    "phoneagent/providers/stt/pocketsphinx.py": "phrases that the agent file has",
    "phoneagent/scenarios/": "files of whoever runs the server",
    "phoneagent/settings.py": "the environment",
    "phoneagent/simulator/": "tests and the demo",
    "phoneagent/speakable/units.py": "names of units from a table",
    "phoneagent/telephony/twilio/shared_keys.py": "the environment",
    "phoneagent/toolbox/secret_names.py": "texts of the agent file",
    "phoneagent/web/api/steering.py": "targets, of 200 characters at most",
    "phoneagent/webhooks/receivers.py": "URLs of the agent file",
}
"""Modules with regular expressions that read nothing from outside: for each the reason."""
