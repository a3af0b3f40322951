"""Deepgram's ears when the network, the provider or the caller's line fails. Real sockets, simulated Deepgram."""

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import Any

import pytest

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted, TurnResumed
from phoneagent.errors import ProviderError
from phoneagent.providers.stt.deepgram_flux import DeepgramFlux
from phoneagent.providers.stt.deepgram_keyterms import nova_changes_keyterms
from phoneagent.providers.stt.deepgram_nova import DeepgramNova
from phoneagent.records import Expectation
from phoneagent.simulator import deepgram_keyterms
from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.speech import Phrasebook

from .listening import PHRASEBOOK, Listener, plain, says, settled, silence

BOOKING = "I would like a table for two, please, tomorrow evening at seven."
EARS: dict[str, Any] = {"flux": DeepgramFlux, "nova": DeepgramNova}


@asynccontextmanager
async def call(ears=DeepgramFlux, *faults, **options):
    """A call whose first connection suffers the first fault, and so on."""
    before = asyncio.all_tasks()
    plan = Faults()
    for fault in faults:
        plan.add(fault, times=1)
    async with DeepgramServer(PHRASEBOOK, faults=plan) as server:
        stt = ears("a-key", url=server.url, **options)
        line = Listener(await stt.connect(call="CA1"), server)
        yield line
        await line.transcription.aclose()
        await line.task
    assert await settled(before) == set()


def opened(line):
    return len(line.server.timeline.find("opened"))


async def speak_and_hang_up(line, text=BOOKING):
    await line.play(silence(0.3), says(text), silence(1.5))
    await line.transcription.finish()
    await line.task


# --- a socket that is lost -------------------------------------------------------------------------


@pytest.mark.parametrize("ears", EARS)
@pytest.mark.parametrize("tenths", range(3, 54, 3))
async def test_a_drop_at_any_moment_loses_no_word_and_doubles_none(ears, tenths):
    async with call(EARS[ears], Fault("drop", after=tenths / 10)) as line:
        await speak_and_hang_up(line)
        assert opened(line) == 2 or tenths > 50
    assert line.error is None
    assert line.understood == [plain(BOOKING)]


@pytest.mark.parametrize("tenths", range(4, 50, 5))
async def test_a_drop_within_a_turn_leaves_one_turn(tenths):
    async with call(DeepgramFlux, Fault("drop", after=tenths / 10)) as line:
        await speak_and_hang_up(line)
    assert line.kinds().count("SpeechStarted") == 1
    assert line.kinds().count("EndOfTurn") == 1
    texts = [plain(event.text) for event in line.events if isinstance(event, PartialTranscript)]
    assert texts == sorted(texts, key=len)  # what is understood does not shrink


@pytest.mark.parametrize("ears", EARS)
async def test_two_drops_in_one_sentence(ears):
    async with call(EARS[ears], Fault("drop", after=1.5), Fault("drop", after=1.0)) as line:
        await speak_and_hang_up(line)
        assert opened(line) == 3
    assert line.understood == [plain(BOOKING)]


@pytest.mark.parametrize("ears", EARS)
async def test_a_drop_between_turns_repeats_nothing(ears):
    async with call(EARS[ears], Fault("drop", after=3.0)) as line:
        await line.play(silence(0.3), says("yes"), silence(4.0), says("no"), silence(1.5))
        await line.transcription.finish()
        await line.task
        assert opened(line) == 2
    assert " ".join(line.understood) == "yes no"


async def test_a_short_word_just_before_the_drop_is_heard_on_the_new_socket():
    yes = says("yes")
    spoken = 0.5 + len(yes) * 0.02
    async with call(DeepgramFlux, Fault("drop", after=spoken)) as line:  # before its end could be told
        await line.play(silence(0.5), yes, silence(1.5))
    assert line.understood == ["yes"]


async def test_a_turn_of_which_the_new_socket_hears_nothing_ends_with_what_was_understood():
    async with call() as line:
        await line.play(silence(0.3), says("I would like a table for two.")[:50])
        line.server.phrasebook = Phrasebook()  # what is heard again is not understood
        (connection,) = line.server.connections
        connection.inflict(Fault("drop"))
        await line.play(silence(3.0))
        assert line.kinds().count("EndOfTurn") == 1
        assert line.understood[0].startswith("i would")
        line.server.phrasebook = PHRASEBOOK


@pytest.mark.parametrize("ears", EARS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("close", after=2.0, code=1011, reason="NET-0000"),
        Fault("error", after=2.0, reason="INTERNAL_SERVER_ERROR"),
        Fault("close", after=2.0, code=1000),
    ],
    ids=["close", "error", "polite"],
)
async def test_a_provider_that_gives_up_is_asked_again(ears, fault):
    async with call(EARS[ears], fault) as line:
        await speak_and_hang_up(line)
    assert line.understood == [plain(BOOKING)]


@pytest.mark.parametrize("ears", EARS)
async def test_a_provider_that_falls_silent_in_a_turn_is_replaced(ears):
    long = says(BOOKING)
    async with call(EARS[ears], Fault("stall", after=1.5)) as line:
        await line.play(silence(0.3), long, silence(9.0), says("yes"), silence(1.5))
        assert opened(line) == 2
    assert plain(" ".join(line.understood)).endswith("yes")


@pytest.mark.parametrize("ears", EARS)
async def test_garbage_is_skipped(ears):
    async with call(EARS[ears], Fault("garbage", at_event=3)) as line:
        await speak_and_hang_up(line)
        assert opened(line) == 1
    assert line.understood == [plain(BOOKING)]


@pytest.mark.parametrize("ears", EARS)
async def test_a_provider_that_is_away_for_good_ends_the_iteration_with_what_was_understood(ears):
    async with call(EARS[ears], Fault("drop", after=2.5)) as line:
        line.server.faults.add(Fault("refuse", status=503))
        await speak_and_hang_up(line)
    assert isinstance(line.error, ProviderError)
    assert line.error.retryable
    assert "503" in str(line.error)
    if ears == "flux":
        assert plain(BOOKING).startswith(line.understood[0])
        assert line.understood[0].startswith("i would like")


@pytest.mark.parametrize("ears", EARS)
@pytest.mark.parametrize("status", [400, 401, 402, 403])
async def test_a_refusal_that_will_not_change_is_not_repeated(ears, status):
    async with DeepgramServer(
        PHRASEBOOK, faults=Faults(Fault("refuse", status=status, reason="no such luck"))
    ) as server:
        with pytest.raises(ProviderError) as refused:
            await EARS[ears]("a-key", url=server.url).connect(call="CA1")
        assert server._count == 1
    assert not refused.value.retryable
    assert "dg-error: no such luck" in refused.value.problem
    assert "dg-request-id" in refused.value.problem
    assert "a-key" not in str(refused.value)


@pytest.mark.parametrize("ears", EARS)
async def test_a_refusal_that_may_pass_is_tried_again(ears):
    async with call(EARS[ears], Fault("refuse", status=429)) as line:
        await speak_and_hang_up(line, "yes")
    assert line.understood == ["yes"]


async def test_nobody_there_is_an_error_that_says_so():
    with pytest.raises(ProviderError, match="cannot connect") as failed:
        await DeepgramFlux("a-key", url="ws://127.0.0.1:1").connect(call="CA1")
    assert failed.value.retryable


@pytest.mark.parametrize("ears", EARS)
async def test_closing_takes_less_than_a_second_when_the_peer_has_died(ears):
    loop = asyncio.get_running_loop()
    async with call(EARS[ears], Fault("freeze", after=1.0)) as line:
        await line.play(silence(2.0))
        began = loop.time()
        await line.transcription.aclose()
        assert loop.time() - began < 1.0


@pytest.mark.parametrize("ears", EARS)
async def test_closing_while_the_socket_is_being_replaced(ears):
    loop = asyncio.get_running_loop()
    async with call(EARS[ears], Fault("drop", after=1.0)) as line:
        line.server.faults.add(Fault("refuse", status=503))
        await line.play(silence(1.2))
        began = loop.time()
        await line.transcription.aclose()
        assert loop.time() - began < 1.0


async def test_audio_that_nobody_takes_is_bounded_and_counted():
    async with call(DeepgramFlux, Fault("drop", after=0.5)) as line:
        line.server.faults.add(Fault("refuse", status=503))
        for frame in silence(20):
            line.transcription.send(frame)
        await asyncio.sleep(0.6)
        for frame in silence(20):
            line.transcription.send(frame)
        assert line.transcription._tape.waiting <= 5 * 8000
        assert line.transcription.dropped >= 14 * 8000


async def test_a_word_that_had_only_begun_when_the_caller_hung_up_is_understood_if_it_can_be():
    async with call() as line:
        await line.play(silence(0.3), says("no")[:4])  # too short for a turn to have been announced
        assert line.events == []
        await line.transcription.finish()
        await line.task
    assert line.understood == ["no"]


# --- audio ----------------------------------------------------------------------------------------


async def test_audio_goes_out_in_pieces_of_80_ms_and_no_frame_waits_longer(monkeypatch):
    sent = []
    async with call() as line:
        loop = asyncio.get_running_loop()
        connection = line.transcription._connection
        monkeypatch.setattr(connection, "send_now", lambda data: sent.append((loop.time(), data)))
        await line.play(silence(0.8))
        assert [len(data) for _, data in sent] == [640] * 10
        sent.clear()
        began = loop.time()
        line.transcription.send(bytes(160))
        await asyncio.sleep(0.2)
        ((at, data),) = sent
        assert len(data) == 160
        assert at - began <= 0.081
        monkeypatch.undo()
        assert connection is line.transcription._connection


async def test_silence_is_added_when_the_carrier_stops_in_the_middle_of_a_turn():
    async with call() as line:
        await line.play(silence(0.3), says("I would like a table for two."))
        await asyncio.sleep(2.0)  # not a frame more
        assert line.understood == ["i would like a table for two"]


async def test_nothing_is_added_between_turns():
    async with call() as line:
        await line.play(silence(0.3))
        await asyncio.sleep(30.0)
        assert line.transcription._tape.position <= 0.4 * 8000
        await line.play(says("yes"), silence(1.0))
    assert line.understood == ["yes"]


@pytest.mark.parametrize("first", [0.0, 0.5], ids=["before any audio", "after some"])
async def test_nova_is_kept_alive_while_no_audio_comes(first):
    async with call(DeepgramNova) as line:
        await line.play(silence(first))
        await asyncio.sleep(60)
        await line.play(says("yes"), silence(1.5))
        assert opened(line) == 1
    assert line.understood == ["yes"]


async def test_flux_stays_open_while_the_phone_rings():
    async with call() as line:
        await asyncio.sleep(150)
        await line.play(says("yes"), silence(1.0))
        assert opened(line) == 1
    assert line.understood == ["yes"]


# --- turns ----------------------------------------------------------------------------------------


async def test_a_thought_that_goes_on_is_one_turn():
    async with call() as line:
        await line.play(silence(0.3), says("I would like", ends_turn=False), silence(0.6), says("a table."), silence(1))
    turns = [event for event in line.events if isinstance(event, EagerEndOfTurn | TurnResumed | EndOfTurn)]
    assert [type(event) for event in turns] == [EagerEndOfTurn, TurnResumed, EagerEndOfTurn, EndOfTurn]
    assert line.understood == ["i would like a table"]
    assert line.events[0] == SpeechStarted("stt")


async def test_no_eager_turns_when_they_are_switched_off():
    async with call(eager_eot_threshold=None) as line:
        await line.play(silence(0.3), says("yes"), silence(1))
    assert "EagerEndOfTurn" not in line.kinds()
    assert line.understood == ["yes"]


async def test_the_end_of_a_turn_is_told_when_deepgram_knows_it():
    async with call() as line:
        await line.play(silence(0.3), says("yes"), silence(1))
        (told,) = line.server.timeline.find("EndOfTurn")
        at = line.times[line.kinds().index("EndOfTurn")]
        assert at - told.at < 0.001
        assert told.at - told.data["heard"] == pytest.approx(0.26)


@pytest.mark.parametrize("ears", EARS)
async def test_key_terms_follow_what_is_expected_one_change_at_a_time(ears):
    async with call(EARS[ears], keyterms=("Aurelia",)) as line:
        line.transcription.expect(Expectation(keyterms=("Kaufmann",)))
        line.transcription.expect(Expectation(keyterms=("Meier",)))
        line.transcription.expect(Expectation(keyterms=("Schmidt",)))
        await line.play(silence(0.2))
        assert len(line.server.timeline.find("ConfigureSuccess")) == 2  # the first, and the last after its answer
        line.transcription.expect(Expectation(keyterms=("Schmidt",)))
        await line.play(silence(0.2))
        assert len(line.server.timeline.find("ConfigureSuccess")) == 2
        assert line.transcription._keyterms.taken == ("Aurelia", "Schmidt")


MENU = tuple(f"Quattro Stagioni with Artichokes, number {number}" for number in range(150))


@pytest.mark.parametrize("ears", EARS)
@pytest.mark.parametrize(
    "keyterms", [MENU, ("", " ", "Aurelia"), ("a" * 101, "Aurelia"), ("Aure\x07lia\n",), ("\ud800", "Größe" * 19)]
)
async def test_a_list_that_deepgram_would_refuse_is_cut_to_what_it_takes(ears, keyterms):
    async with call(EARS[ears], keyterms=keyterms) as line:
        line.transcription.expect(Expectation(keyterms=(*MENU, "\x00", "Kaufmann")))
        await speak_and_hang_up(line, "yes")
        assert opened(line) == 1
    assert line.understood == ["yes"]
    assert line.error is None


@pytest.mark.parametrize("ears", EARS)
async def test_what_of_a_list_is_not_sent_is_told_once_and_most_important_first(ears, capsys):
    stt = EARS[ears]("a-key", keyterms=("Aurelia", *MENU))
    assert "are not sent: 'Quattro Stagioni with" in stt.advice
    assert stt._keyterms.terms[:2] == ("Aurelia", MENU[0])
    assert capsys.readouterr().out.count("keyterms_left_out") == 1
    async with call(EARS[ears]) as line:
        capsys.readouterr()
        for _ in range(3):
            line.transcription.expect(Expectation(keyterms=MENU))
            line.transcription.expect(Expectation(keyterms=()))
        assert capsys.readouterr().out.count("stt_keyterms_left_out") == 1
    assert EARS[ears]("a-key", keyterms=("Aurelia",)).advice == ""


@pytest.fixture
def greedy_tokeniser(monkeypatch):
    """Deepgram counts more tokens than anybody would have thought: twenty letters are over its limit."""
    monkeypatch.setattr(deepgram_keyterms, "TOKENS", 6)


LONG = "abcdefghijklmnopqrstuvw"


@pytest.mark.usefixtures("greedy_tokeniser")
@pytest.mark.parametrize("ears", EARS)
async def test_a_refused_change_is_forgotten_when_the_socket_is_replaced(ears):
    async with call(EARS[ears], Fault("drop", after=8.0), keyterms=("Aurelia",)) as line:
        line.transcription.expect(Expectation(keyterms=(LONG,)))
        await line.play(silence(8.5))
        await speak_and_hang_up(line)
        assert opened(line) >= 2
        assert line.transcription._keyterms.taken == ("Aurelia",)
    assert line.error is None
    assert line.understood == [plain(BOOKING)]


@pytest.mark.usefixtures("greedy_tokeniser")
@pytest.mark.parametrize("ears", EARS)
async def test_after_a_refused_change_another_can_be_made(ears):
    async with call(EARS[ears]) as line:
        line.transcription.expect(Expectation(keyterms=(LONG,)))
        await line.play(silence(9.0))  # Nova has said nothing in that time, and was replaced
        line.transcription.expect(Expectation(keyterms=("Meier",)))
        await line.play(silence(0.3))
        assert line.transcription._keyterms.taken == ("Meier",)
        line.transcription.expect(Expectation(keyterms=(LONG,)))
        await speak_and_hang_up(line)
        assert opened(line) <= 2
    assert line.understood == [plain(BOOKING)]


@pytest.mark.usefixtures("greedy_tokeniser")
@pytest.mark.parametrize("ears", EARS)
async def test_a_list_that_is_refused_on_connecting_costs_no_call_its_ears(ears):
    async with DeepgramServer(PHRASEBOOK) as server:
        stt = EARS[ears]("a-key", url=server.url, keyterms=(LONG,))
        for number in (1, 2):
            line = Listener(await stt.connect(call=f"CA{number}"), server)
            await line.play(says("yes"), silence(1.5))
            assert line.understood == ["yes"]
            await line.transcription.aclose()
            await line.task
        assert server._count == 3  # the second call does not try what the first was refused


async def test_where_lists_cannot_be_changed_they_are_part_of_the_next_connection_and_the_stream_goes_on():
    async with DeepgramServer(PHRASEBOOK, region="eu", faults=Faults(Fault("drop", after=4.0))) as server:
        line = Listener(await DeepgramNova("a-key", url=server.url).connect(call="CA1"), server)
        for name in ("Kaufmann", "Meier", "Schmidt"):
            line.transcription.expect(Expectation(keyterms=(name,)))
            await line.play(silence(1.0))
        assert len(server.timeline.find("ConfigureFailure")) == 1
        assert len(server.timeline.find("opened")) == 1
        await line.play(silence(1.5), says("yes"), silence(1.5))
        assert line.transcription._keyterms.taken == ("Schmidt",)
        await line.transcription.aclose()
        await line.task
    assert line.understood == ["yes"]


@pytest.mark.parametrize(
    ("url", "changes"),
    [
        ("wss://api.deepgram.com", True),
        ("https://API.Deepgram.com/", True),
        ("wss://api.eu.deepgram.com", False),
        ("wss://api.au.deepgram.com:443", False),
        ("wss://api.in.deepgram.com/", False),
        ("ws://127.0.0.1:9101", True),
        ("wss://deepgram.example.com", True),
    ],
)
def test_nova_changes_lists_on_an_open_stream_at_the_global_endpoint_only(url, changes):
    assert nova_changes_keyterms(url) == changes


async def test_an_older_model_is_sent_no_keyterms():
    async with DeepgramServer(PHRASEBOOK) as server:
        stt = DeepgramNova("a-key", url=server.url, model="nova-2", keyterms=("Aurelia",))
        assert "nova-2 takes no keyterms" in stt.advice
        line = Listener(await stt.connect(call="CA1"), server)
        line.transcription.expect(Expectation(keyterms=("Kaufmann",)))
        await line.play(says("yes"), silence(1.5))
        assert line.transcription._keyterms.taken == ()
        assert not server.timeline.find("ConfigureFailure")
        await line.transcription.aclose()
        await line.task
    assert line.understood == ["yes"]


async def test_a_number_is_understood_as_soon_as_other_words():
    async with call(DeepgramNova) as line:
        await line.play(silence(0.3), says("It's 55501."), silence(1.0))
        assert line.understood == ["it's 55501"]


async def test_another_language_is_heard_by_the_multilingual_model():
    async with DeepgramServer(PHRASEBOOK) as server:
        transcription = await DeepgramFlux("a-key", url=server.url).connect(call="CA1", language="de-DE")
        await transcription.aclose()
    url = DeepgramFlux("k")._listen_url("de-DE", ("Größe",))
    assert "model=flux-general-multi" in url
    assert "language_hint=de" in url
    assert "keyterm=Gr%C3%B6%C3%9Fe" in url


@pytest.mark.parametrize(
    ("language", "model", "hint"),
    [
        ("en-US", "flux-general-en", None),
        ("pt-BR", "flux-general-multi", "pt"),
        ("es-419", "flux-general-multi", "es"),
        ("pl", "flux-general-multi", None),
    ],
)
def test_flux_gets_a_hint_of_the_languages_that_it_speaks(language, model, hint):
    url = DeepgramFlux("k")._listen_url(language, ())
    assert f"model={model}&" in url
    assert ("language_hint" in url) == (hint is not None)
    assert hint is None or url.endswith(f"&language_hint={hint}")


@pytest.mark.parametrize("language", ["de-DE", "fr-FR", "es-ES", "es-MX", "it-IT", "nl-NL", "en-ZA", "pl-PL", "multi"])
@pytest.mark.parametrize("model", ["nova-3", "nova-2"])
async def test_nova_is_asked_for_the_language_as_its_model_knows_it(model, language):
    async with DeepgramServer(PHRASEBOOK) as server:
        line = Listener(await DeepgramNova("k", url=server.url, model=model).connect(call="C", language=language))
        await line.play(says("yes"), silence(1.5))
        await line.transcription.aclose()
        await line.task
    assert line.understood == ["yes"]


async def test_nova_hears_several_languages_of_an_agent_that_speaks_one():
    async with DeepgramServer(PHRASEBOOK) as server:
        stt = DeepgramNova("k", url=server.url, language="multi")
        line = Listener(await stt.connect(call="C", language="la"))  # which nova-3 does not know by itself
        await line.transcription.aclose()
        await line.task
    assert line.error is None


# --- the key --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ears", EARS)
async def test_check_says_whether_the_key_is_accepted(ears):
    faults = Faults()
    async with DeepgramServer(PHRASEBOOK, faults=faults) as server:
        assert await EARS[ears]("a-key", url=server.url).check() == "key accepted, project simulator"
        faults.add(Fault("refuse", status=401))
        with pytest.raises(ProviderError) as refused:
            await EARS[ears]("a-key", url=server.url).check()
    assert not refused.value.retryable
    assert "401" in refused.value.problem


async def test_the_key_is_in_no_log_even_when_libraries_tell_all(caplog):
    caplog.set_level(logging.DEBUG)
    async with call() as line:
        await speak_and_hang_up(line, "yes")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]  # the server
    assert not any("a-key" in message for message in ours)


@pytest.mark.parametrize(
    ("ears", "model", "language"),
    [
        (DeepgramFlux, "flux-general-en", "en-US"),
        (DeepgramFlux, "flux-general-en", "de-DE"),
        (DeepgramFlux, "flux-general-multi", "pt"),
        (DeepgramNova, "nova-3", "pl-PL"),
        (DeepgramNova, "nova-3", "multi"),
        (DeepgramNova, "nova-2", "en-GB"),
        (DeepgramNova, "our-own-model", "la"),
    ],
)
async def test_check_looks_model_and_language_up_and_sends_nothing_to_hear(ears, model, language):
    async with DeepgramServer(PHRASEBOOK) as server:
        server.own_models = ["our-own-model"]
        found = await ears("a-key", url=server.url, model=model).check(language=language)
        asked = {entry.data["path"] for entry in server.timeline.find("opened")}
    assert found == "key accepted, project simulator"
    assert all(path.startswith(("/v1/projects", "/v1/models")) for path in asked)


@pytest.mark.parametrize(
    ("ears", "model", "language", "problem"),
    [
        (DeepgramNova, "nova-33", "en", "no model nova-33; the nearest are nova-3"),
        (DeepgramFlux, "flux-general-english", "en", "no model flux-general-english; the nearest are flux-general-en"),
        (DeepgramNova, "zzz", "en", "no model zzz; there are "),
        (DeepgramNova, "nova-2", "he", "nova-2 does not speak he; these do: nova-3-general"),
        (DeepgramNova, "nova-3", "la", "nova-3 does not speak la; nor does any other"),
        (DeepgramFlux, "flux-general-multi", "pl", "flux-general-multi does not speak pl; these do: nova-3-general"),
    ],
)
async def test_check_names_the_nearest_of_what_is_not_there(ears, model, language, problem):
    async with DeepgramServer(PHRASEBOOK) as server:
        with pytest.raises(ProviderError) as failed:
            await ears("a-key", url=server.url, model=model).check(language=language)
    assert failed.value.problem.startswith(problem)
    assert not failed.value.retryable


@pytest.mark.parametrize("status", [403, 404])
async def test_check_does_without_lists_of_models(status):
    faults = Faults()
    faults.add(Fault("refuse", status=status), whom=lambda attempt: attempt.path.endswith("/models"))
    async with DeepgramServer(PHRASEBOOK, faults=faults) as server:
        assert await DeepgramNova("a-key", url=server.url, model="zzz").check() == "key accepted, project simulator"
