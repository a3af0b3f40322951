"""What comes in by any door can be stored, sent, logged and spoken."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.analysis import _object
from phoneagent.conversation.transcript import ToolCall
from phoneagent.errors import IncomingUndecided, ToolError
from phoneagent.knowledge.document import Unreadable, read_document
from phoneagent.plain_text import NotText, PlainText, decoded, plain
from phoneagent.providers.stt.deepgram_messages import decode_flux
from phoneagent.records import HttpRequest, ToolSpec
from phoneagent.toolbox import Asked
from phoneagent.toolbox.arguments import parsed
from phoneagent.toolbox.http import HttpTool
from phoneagent.toolbox.results import cut, told
from phoneagent.web.api.bodies import parse
from phoneagent.web.api.problems import Problem
from phoneagent.web.api.steering import Saying
from phoneagent.web.forms import parse_form
from phoneagent.web.webhooks import text_of
from phoneagent.webhooks.incoming import _read

ANY_TEXT = st.text(st.characters())
ANY_BYTES = st.binary(max_size=300) | ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass"))


TOOL = HttpTool(
    ToolSpec("t", "T.", {"type": "object"}, http=HttpRequest("GET", "https://a.example.com")), lambda _: None
)


def http(body: bytes, kind: str) -> str:
    response = httpx.Response(200, headers={"content-type": kind})
    return cut(told("t", TOOL._result(response, body, Asked("CA1"))))


def flux(text: str) -> str:
    return decode_flux(json.dumps({"type": "TurnInfo", "transcript": text})).transcript


def arguments(text: str) -> str:
    return str(parsed("t", json.dumps({"text": text}, ensure_ascii=False)).get("text"))


def said_by_tool(text: str) -> str:
    return ToolCall("1", "end_call", json.dumps({"message": text})).text_of("message")


TEXT_DOORS: dict[str, Callable[[str], str]] = {
    "models": plain,
    "arguments": arguments,
    "what is said of a call's arguments": said_by_tool,
    "analyses": lambda text: str(_object(json.dumps({"summary": [text]}))["summary"][0]),
    "results": lambda text: cut(told("t", text)),
    "inner results": lambda text: cut(told("t", {text: [text]})),
    "errors": lambda text: cut(str(ToolError(text))),
    "ears": flux,
    "rest": lambda text: parse(json.dumps({"text": text}).encode(), Saying).text,
    "incoming": lambda text: _read(json.dumps({"variables": {"a": text}}).encode()).variables["a"],
}
BYTE_DOORS: dict[str, Callable[[bytes], str]] = {
    "bytes": decoded,
    "results": lambda data: cut(told("t", data)),
    "http": lambda data: http(data, "text/plain"),
    "http in latin": lambda data: http(data, "text/plain; charset=iso-8859-1"),
    "http json": lambda data: http(data, "application/json"),
    "forms": lambda data: text_of(parse_form(b"a=" + data), "a"),
}
REFUSALS = (ToolError, Problem, IncomingUndecided, NotText, Unreadable)


def is_plain(text: str) -> bool:
    """Whether it can be stored, put into XML and shown in one order."""
    element = ET.Element("Say")
    element.text = text.replace("\r", "\n")
    read_again = ET.fromstring(ET.tostring(element, encoding="unicode")).text or ""  # noqa: S314 - it is our own
    return read_again == element.text and plain(text) == text and text.encode().decode() == text


@pytest.mark.parametrize("door", TEXT_DOORS)
@given(text=ANY_TEXT)
def test_any_text_comes_in_plain_or_not_at_all(door, text):
    try:
        found = TEXT_DOORS[door](text)
    except REFUSALS as refusal:
        found = plain(str(refusal))
    assert is_plain(found)


@pytest.mark.parametrize("door", BYTE_DOORS)
@given(data=ANY_BYTES)
def test_any_bytes_come_in_plain_or_not_at_all(door, data):
    try:
        found = BYTE_DOORS[door](data)
    except REFUSALS as refusal:
        found = str(refusal)
    assert is_plain(found)


@given(data=ANY_BYTES, suffix=st.sampled_from([".md", ".txt", ".html"]))
def test_any_document_is_plain_or_left_out(tmp_path_factory, data, suffix):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data)
    try:
        sections = read_document(path)
    except Unreadable:
        return
    assert all(is_plain(part) for section in sections for part in (*section.headings, *section.paragraphs))


@given(data=ANY_BYTES, charset=st.text(max_size=12) | st.sampled_from(["utf-16", "hex", "utf-7", "idna", "undefined"]))
def test_no_charset_breaks_anything(data, charset):
    try:
        assert is_plain(decoded(data, charset))
    except NotText:
        return


@given(pieces=st.lists(ANY_TEXT))
def test_pieces_are_the_text_that_they_make_together(pieces):
    door = PlainText()
    found = "".join(map(door.feed, pieces))
    assert found == plain("".join(pieces))
