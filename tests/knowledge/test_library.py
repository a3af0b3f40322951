"""Folders of documents: what is read of them, what is left out, and what callers' questions find."""

from __future__ import annotations

import asyncio
import os

import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from phoneagent.errors import ToolError
from phoneagent.knowledge import document
from phoneagent.knowledge import library as shelves
from phoneagent.knowledge.document import Section
from phoneagent.knowledge.index import Index
from phoneagent.knowledge.library import NOTHING, Library, read_folder
from phoneagent.knowledge.passage import LONGEST, Passage, passages
from phoneagent.knowledge.question import STOP_WORDS
from phoneagent.records import Knowledge

from .documents import restaurant


@pytest.fixture
def folder(tmp_path):
    return restaurant(tmp_path / "knowledge")


def found(folder, question, *, language="en"):
    """Document, heading and text of what fits best."""
    shelf = read_folder(Knowledge(folder), language=language)
    best = [one.passage for one in shelf.index.search(question, most=1)]
    shelf.index.close()
    return [(passage.document, passage.heading, passage.text) for passage in best]


@pytest.mark.parametrize(
    ("question", "document", "heading", "text"),
    [
        ("Hello, when are you open, please?", "hours.md", "Trattoria Aurelia > Opening hours", "Tuesday to Sunday"),
        ("is it closed at christmas", "hours.md", "Trattoria Aurelia > Opening hours > Holidays", "stays closed"),
        ("what does it cost to park", "hours.md", "Trattoria Aurelia > Parking", "Via Roma | two euros an hour"),
        ("I can't eat a peanut", "site/allergens.html", "Allergens", "Every dish with peanuts is marked."),
        ("do you have gluten free pasta", "site/allergens.html", "Allergens > Gluten", "buckwheat"),
        ("can I bring my dog", "notes.txt", "", "Dogs are welcome"),
        ("reservation at the cafe de la paix", "notes.txt", "", "Café de la Paix"),
        ("how long is a gift voucher valid", "vouchers.pdf", "page 2", "three years"),
    ],
)
def test_what_callers_ask_is_found_where_it_is_written(folder, question, document, heading, text):
    [(in_document, under, passage)] = found(folder, question)
    assert (in_document, under) == (document, heading)
    assert text in passage


@pytest.mark.parametrize(
    "question", ["", "   ?!", "what", "submarine", '" OR * AND NEAR(', "text:*", "\0", "é" * 10_000]
)
def test_what_is_not_there_or_no_question_at_all_finds_nothing_wrong(folder, question):
    assert all("submarine" not in passage for _, _, passage in found(folder, question))


@given(st.text())
def test_any_question_can_be_asked(question):
    index = Index([Passage("a.md", ("Hours",), "We open at nine.")])
    index.search(question, most=4)
    index.close()


@given(st.lists(st.text(alphabet="ab c.!Ü漢", max_size=2_000), max_size=4))
def test_passages_have_all_that_is_written_and_none_is_too_long(paragraphs):
    cut = list(passages("a.md", [Section(("A",), tuple(paragraphs))]))
    assert "".join("".join(passage.text for passage in cut).split()) == "".join("".join(paragraphs).split())
    assert all(0 < len(passage.text) <= LONGEST for passage in cut)


@pytest.mark.parametrize(
    ("language", "text", "question"),
    [
        ("de", "Die Öffnungszeiten stehen an der Tür.", "Welche Offnungszeit haben Sie"),
        ("cs", "Rezervace stolu je možná telefonicky.", "chtěl bych rezervaci"),
        ("ja", "営業時間は午前九時から午後五時までです。", "営業時間を教えて"),
        ("uk", "Ми працюємо щодня до вечора.", "коли працюєте"),
    ],
)
def test_other_languages_have_their_endings_and_signs(language, text, question):
    index = Index([Passage("x.md", (), "12345"), Passage("a.md", (), text)], language=language)
    assert [one.passage.text for one in index.search(question, most=1)] == [text]
    index.close()


def test_stop_words_alone_are_looked_for_after_all():
    assert "who" in STOP_WORDS
    index = Index([Passage("a.md", (), "The Who play on Friday."), Passage("b.md", (), "Closed.")])
    assert [one.passage.document for one in index.search("the who", most=4)] == ["a.md"]
    index.close()


def test_broken_documents_are_named_and_the_others_are_found(folder, monkeypatch):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "binary.md").write_bytes(b"\xff\xfe\x00\xd8")
    (folder / "latin.txt").write_bytes("Straße".encode("latin-1"))
    (folder / "empty.html").write_text("<script>1</script>")
    (folder / "letter.docx").write_bytes(b"PK")
    (folder / ".hidden.docx").write_bytes(b"PK")
    (folder / "large.txt").write_text("a " * 3_000)
    locked = FPDF()
    locked.add_page()
    locked.set_encryption(owner_password="owner", user_password="secret")
    locked.output(str(folder / "locked.pdf"))
    FPDF().output(str(folder / "scan.pdf"))
    monkeypatch.setattr("phoneagent.knowledge.document.FILE_AT_MOST", 5_000)
    shelf = read_folder(Knowledge(folder), language="en")
    told = {left.file.name: left.problem for left in shelf.left_out}
    assert shelf.documents == 4
    assert told.keys() == {
        "broken.pdf", "binary.md", "latin.txt", "empty.html", "letter.docx", "large.txt", "locked.pdf", "scan.pdf",
    }  # fmt: skip
    assert told["letter.docx"] == "expected one of .md, .markdown, .txt, .html, .htm, .pdf"
    assert told["latin.txt"] == "expected text in UTF-8"
    assert told["large.txt"] == "expected at most 5,000 bytes, got 6,000"
    assert told["locked.pdf"] == "expected a PDF without a password"
    assert told["scan.pdf"] == "there is no text in it; a scan must be recognised (OCR) first"
    assert told["broken.pdf"].startswith("it is no PDF that can be read")
    assert shelf.index.search("dogs", most=1)
    shelf.index.close()


def test_a_page_in_another_encoding_says_so_itself(tmp_path):
    (tmp_path / "a.html").write_bytes('<meta charset="iso-8859-1"><p>Die Straße ist gesperrt.'.encode("latin-1"))
    assert found(tmp_path, "straße", language="de") == [("a.html", "", "Die Straße ist gesperrt.")]


ODD_NAME = os.fsdecode("Speisekarte f\u00fcr G\u00e4ste.md".encode("latin-1"))


async def test_a_name_that_is_no_text_is_named_and_the_others_are_found(folder):
    (folder / ODD_NAME).write_text("# Menu\n\nWe serve truffles.")
    (folder / os.fsdecode(b"caf\xe9")).mkdir()
    (folder / os.fsdecode(b"caf\xe9") / "hours.md").write_text("We serve truffles.")
    with capture_logs() as logs:
        library = Library.open(Knowledge(folder), agent="desk", language="en")
        found = await library.search("when are you open")
        await library.aclose()
    assert isinstance(found, dict)
    assert found["results"][0]["document"] == "hours.md"
    told = {entry["file"]: entry["problem"] for entry in logs if entry["event"] == "document_left_out"}
    assert told == {
        f"{folder}/Speisekarte f\\xfcr G\\xe4ste.md": "expected a name in UTF-8: rename the file",
        f"{folder}/caf\\xe9/hours.md": "expected a name in UTF-8: rename the file",
    }


def test_a_library_that_fails_takes_one_document(folder, monkeypatch):
    def fails(text):
        raise RecursionError(text)

    monkeypatch.setattr(document, "_html", fails)
    shelf = read_folder(Knowledge(folder), language="en")
    assert [one.passage.document for one in shelf.index.search("are dogs welcome", most=1)] == ["notes.txt"]
    assert "it cannot be read (RecursionError)" in {left.problem for left in shelf.left_out}


def test_copies_count_once(tmp_path):
    page = "# Parking\n\nThe garage costs two euros an hour.\n"
    for number in range(5):
        (tmp_path / f"parking ({number}).md").write_text(page.replace(" ", " " * (number + 1)).replace("\n", "\r\n"))
    (tmp_path / "loud.md").write_text(page.upper().replace(".", " !"))
    (tmp_path / "bikes.md").write_text("# Bicycles\n\nThe garage costs nothing for bicycles.")
    (tmp_path / "night.md").write_text("# Parking\n\nThe garage costs three euros an hour.")
    index = read_folder(Knowledge(tmp_path), language="en").index
    found = [one.passage.text for one in index.search("what does the garage cost", most=4)]
    assert len(found) == 3
    assert len({text.casefold() for text in found}) == 3


def test_the_same_words_under_other_headings_are_no_copy(tmp_path):
    (tmp_path / "hours.md").write_text("# Berlin\n\nOpen from nine to five.\n\n# Munich\n\nOpen from nine to five.")
    index = read_folder(Knowledge(tmp_path), language="en").index
    assert len(index.search("when are you open", most=4)) == 2


def test_a_page_nested_very_deeply_is_read(tmp_path):
    (tmp_path / "a.html").write_text("<div>" * 3_000 + "deep down")
    assert [text for _, _, text in found(tmp_path, "deep")] == ["deep down"]


async def test_the_tool_says_where_it_is_written_and_start_up_names_what_is_broken(folder):
    (folder / "broken.pdf").write_bytes(b"nothing")
    with capture_logs() as logs:
        library = Library.open(Knowledge(folder, results=1), agent="aurelia", language="en")
        result = await library.search("are dogs allowed on the terrace")
        nothing = await library.search("submarine")
        await library.aclose()
    assert isinstance(result, dict)
    assert [(one["document"], one["heading"]) for one in result["results"]] == [("notes.txt", "")]
    assert nothing == NOTHING
    [left_out] = [entry for entry in logs if entry["event"] == "document_left_out"]
    assert left_out["file"].endswith("broken.pdf")
    [read] = [entry for entry in logs if entry["event"] == "documents_read"]
    assert read["documents"] == 4


async def test_a_folder_of_which_nothing_can_be_read_is_told_to_the_model(tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"nothing")
    library = Library.open(Knowledge(tmp_path), agent="aurelia", language="en")
    with pytest.raises(ToolError, match="cannot be read"):
        await library.search("dogs")
    await library.aclose()


def test_a_folder_has_limits(folder, monkeypatch):
    monkeypatch.setattr(shelves, "FILES_AT_MOST", 3)
    monkeypatch.setattr(shelves, "PASSAGES_AT_MOST", 4)
    shelf = read_folder(Knowledge(folder), language="en")
    assert [left.problem for left in shelf.left_out] == [
        "expected at most 4 passages in a folder",
        "expected at most 3 documents in a folder",
    ]
    shelf.index.close()


async def test_several_ask_at_once(folder):
    library = Library.open(Knowledge(folder), agent="aurelia", language="en")
    results = await asyncio.gather(*(library.search("dogs") for _ in range(20)))
    assert len(results) == 20
    assert all(result == results[0] for result in results)
    await library.aclose()
