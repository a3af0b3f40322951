"""Everything of one person is erased, and what is not is said: in both stores, recordings and journals."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from functools import partial

import pytest

from phoneagent.call.contact_limits import ContactLimits
from phoneagent.call.erasure import SETTLING, Eraser
from phoneagent.call.journal_folder import JournalFolder
from phoneagent.errors import CarrierError, ToolError
from phoneagent.private import Private
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.memory import MemoryStore
from phoneagent.store.rate_limits import RateLimits
from phoneagent.store.recordings import RecordingFolder
from phoneagent.store.redis import RedisStore
from phoneagent.store.redis_counts import RedisCounts
from tests.redis_server import redis_server
from tests.store import populated
from tests.store.populated import CAME_IN, ORDER, PERSON, PLACED, populate

NOW = time.time()
WHO = Private(PERSON)


class Carrier:
    """Has a recording of each call, and may be away."""

    def __init__(self, *calls):
        self.recordings = {call: [f"RE{call}"] for call in calls}
        self.away = False

    async def recordings_of(self, call):
        if self.away:
            raise CarrierError("twilio: no answer")
        return list(self.recordings.get(call, ()))

    async def delete_recording(self, recording):
        for kept in self.recordings.values():
            if recording in kept:
                kept.remove(recording)

    async def record(self, call):
        raise AssertionError

    async def pause_recording(self, call, recording, *, paused):
        raise AssertionError


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture(scope="module")
def server():
    with redis_server() as running:
        yield running


@pytest.fixture
async def store(kind, server):
    server.command("FLUSHALL")
    made = MemoryStore() if kind == "memory" else RedisStore.from_url(server.url)
    yield made
    await made.aclose()


@pytest.fixture
async def recordings(tmp_path):
    folder = RecordingFolder.open(str(tmp_path / "recordings"))
    for call in (CAME_IN, PLACED, "CAtheirs"):
        file = await folder.create(call, NOW - 3600, keep_days=0)
        await file.write(b"\xff\xff" * 800)
        await file.finish()
    yield folder
    await folder.aclose()


@pytest.fixture
def journals(tmp_path):
    folder = tmp_path / "journals"
    folder.mkdir()
    for name in (CAME_IN, PLACED, "CAtheirs"):
        (folder / f"{name}.0.jsonl").write_text("{}")
    return folder


@pytest.fixture
def carrier():
    return Carrier(CAME_IN, "CAtheirs")


@pytest.fixture
async def texts(store, kind, server):
    limits = RateLimits("1/day", None if kind == "memory" else RedisCounts(server.url))
    yield ContactLimits("texts", limits, pseudonym=store.people.pseudonym)
    await limits.aclose()


@pytest.fixture
def eraser(store, recordings, journals, carrier, texts):
    folder = JournalFolder(journals)
    return Eraser(store, recordings=recordings, carrier=carrier, journals=folder, counts=[texts], now=lambda: NOW)


async def test_all_of_a_person_is_erased_and_counted_and_nothing_of_others(
    store, recordings, journals, carrier, *, kind, eraser
):
    await populate(store, NOW)
    done = await eraser.erase(WHO)
    assert done.left == []
    assert done.erased == {
        "calls": 2,
        "turns": 4,
        "events": 4,
        "reports": 2,
        "orders": 1,
        "messages": 4,
        "recordings": 2,
        "carrier_recordings": 1,
        "journals": 2,
        "speech": 0 if kind == "memory" else 1,
        "counts": 0,
    }
    assert await store.people.calls(PERSON) == ()
    assert [kept.call for kept in await recordings.all()] == ["CAtheirs"]
    assert [path.name for path in journals.iterdir()] == ["CAtheirs.0.jsonl"]
    assert carrier.recordings["CAtheirs"]


async def test_asked_again_there_is_nothing(eraser, store):
    await populate(store, NOW)
    await eraser.erase(WHO)
    again = await eraser.erase(WHO)
    assert not any(again.erased.values())
    assert again.left == []


async def test_how_often_somebody_was_written_to_is_forgotten(eraser, texts, kind, server):
    other = "+13105550199"
    for number in (PERSON, other):
        await texts.spend(number, "Not sent")
    if kind == "redis":
        keys = server.command("KEYS", "*")
        assert PERSON[1:] not in str(keys)
        assert hashlib.sha256(PERSON.encode()).hexdigest() not in str(keys), "who knows all numbers knows this one"
    assert (await eraser.erase(WHO)).erased["counts"] == 1
    await texts.spend(PERSON, "Not sent")
    with pytest.raises(ToolError, match="has had 1 today"):
        await texts.spend(other, "Not sent")


async def test_recordings_are_found_when_nothing_else_is_known_of_the_call(eraser, store, recordings):
    await store.people.note(PERSON, CAME_IN, at=NOW - 20 * 24 * 3600)
    done = await eraser.erase(WHO)
    assert (done.erased["recordings"], done.erased["carrier_recordings"], done.erased["journals"]) == (1, 1, 1)
    assert await recordings.find(CAME_IN) == ()


async def test_a_call_that_goes_on_stays_until_it_is_over(eraser, store, recordings):
    record = replace(populated.call(CAME_IN, NOW, ended=False))
    await store.create_call(record)
    [left] = (await eraser.erase(WHO)).left
    assert (left.what, left.call) == ("call", CAME_IN)
    assert "goes on" in left.reason
    assert await store.load_call(CAME_IN)
    assert await recordings.find(CAME_IN)
    await store.update_call(CAME_IN, ended=NOW - SETTLING + 1)
    [left] = (await eraser.erase(WHO)).left
    assert "its report is being made" in left.reason
    await store.update_call(CAME_IN, ended=NOW - SETTLING)
    assert (await eraser.erase(WHO)).left == []
    assert await store.load_call(CAME_IN) is None


async def test_an_order_that_waits_is_taken_back_and_erased(eraser, store):
    await store.orders.create(populated.order(NOW))
    done = await eraser.erase(WHO)
    assert (done.erased["orders"], done.left) == (1, [])
    assert await store.orders.claim(now=NOW + 1e6, seconds=1, most=10) == ()


async def test_a_call_that_is_being_placed_is_left(eraser, store):
    await store.orders.create(populated.order(NOW))
    (claim,) = await store.orders.claim(now=NOW, seconds=10, most=1)
    assert await store.orders.begin(ORDER, token=claim.token, now=NOW)
    [left] = (await eraser.erase(WHO)).left
    assert left.call == ORDER
    assert await store.orders.load(ORDER)


async def test_what_the_carrier_did_not_delete_is_said_and_found_again(eraser, store, carrier):
    await populate(store, NOW)
    carrier.away = True
    first = await eraser.erase(WHO)
    assert {(left.what, left.call, left.reason) for left in first.left} == {
        ("carrier_recording", CAME_IN, "twilio: no answer"),
        ("carrier_recording", PLACED, "twilio: no answer"),
    }
    assert first.erased["calls"] == 2, "the rest is erased all the same"
    carrier.away = False
    second = await eraser.erase(WHO)
    assert (second.erased["carrier_recordings"], second.left) == (1, [])


async def test_nobody_is_nobody(eraser, store):
    await populate(store, NOW)
    done = await eraser.erase(Private("+13105550199"))
    assert not any(done.erased.values())
    assert await store.load_call(CAME_IN)


async def test_folders_that_are_not_there_are_no_trouble(store):
    await populate(store, NOW)
    done = await Eraser(store, now=partial(float, NOW)).erase(WHO)
    assert (done.erased["calls"], done.left) == (2, [])
