"""How messages get to receivers that fail, are slow, vanish or want no more: real requests, on a clock that jumps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from starlette.responses import RedirectResponse, Response, StreamingResponse

from phoneagent.call.courier import AT_ONCE, IN_ORDER, JITTER, SCHEDULE, WITHIN, Courier
from phoneagent.deliveries import Delivery, Webhook
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.store.memory import MemoryStore
from phoneagent.webhooks.messenger import MOST_READ, Messenger
from tests.redis_server import free_port
from tests.webhooks.receiver import ANOTHER, SECRET, receiving

DAY = 24 * 3600.0


class Ledger:
    def __init__(self):
        self.outcomes = []

    def tell(self, call, at, name, values):
        self.outcomes.append(values["outcome"])


def webhook(receiver, **changes):
    made = Webhook(receiver if isinstance(receiver, str) else receiver.url, (Private(SECRET),), private=True)
    return replace(made, **changes)


def message(number, to, **changes):
    made = Delivery(f"msg_{number}", to.id, to.shown, "CA1", "turn.ended", 0.0, f'{{"type":"turn.ended","n":{number}}}')
    return replace(made, **changes)


@asynccontextmanager
async def delivering(store, *webhooks, shared=False):
    """A courier as a process has one. Yields it, and what it tells."""
    ledger, messenger = Ledger(), Messenger()
    courier = Courier(store.deliveries, messenger, webhooks, ledger, shared=shared, keep=30 * DAY)
    try:
        async with courier:
            yield courier, ledger
    finally:
        await messenger.aclose()


@pytest.fixture
def store():
    return MemoryStore()


async def put(store, courier, *messages):
    await store.deliveries.put(messages, now=courier.now)
    courier.wake()


async def dead(store):
    return (await store.deliveries.dead()).letters


async def test_a_message_arrives_signed_and_once(store):
    async with receiving() as receiver, delivering(store, webhook(receiver)) as (courier, ledger):
        await put(store, courier, message(1, webhook(receiver)))
        await receiver.until(lambda: receiver.messages)
        await asyncio.sleep(DAY)
    assert receiver.messages == [{"type": "turn.ended", "n": 1}]
    assert [name for name, _ in receiver.attempts] == ["msg_1"]
    assert ledger.outcomes == ["delivered"]


async def test_a_receiver_that_fails_twice_and_then_accepts(store):
    async with receiving(500, 503, 200) as receiver, delivering(store, webhook(receiver)) as (courier, ledger):
        began = asyncio.get_running_loop().time()
        await put(store, courier, message(1, webhook(receiver)))
        await receiver.until(lambda: receiver.messages)
    names, moments = zip(*receiver.attempts, strict=True)
    assert set(names) == {"msg_1"}
    waits = [after - before for before, after in zip((began, *moments), moments, strict=False)]
    for wait, least in zip(waits, (0.0, *SCHEDULE), strict=False):
        assert least <= wait <= least * (1 + JITTER) + 0.1
    assert ledger.outcomes == ["failed", "failed", "delivered"]


async def test_old_and_new_secrets_are_both_good(store):
    both = (Private(ANOTHER), Private(SECRET))
    async with receiving() as old, receiving(secret=ANOTHER) as new, receiving(secret="whsec_" + "A" * 32) as stranger:
        to = [webhook(receiver, secrets=both) for receiver in (old, new, stranger)]
        async with delivering(store, *to) as (courier, _):
            await put(store, courier, *(message(number, each) for number, each in enumerate(to)))
            await asyncio.sleep(1)
    assert (len(old.messages), len(new.messages)) == (1, 1)
    assert (len(stranger.messages), stranger.refused) == (0, 1)


async def test_messages_of_a_call_come_in_order_after_a_failure(store):
    async with receiving(500, 200) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        to = webhook(receiver)
        await put(store, courier, *(message(number, to) for number in range(5)))
        await put(store, courier, message(9, to, lane="CA2"))
        await receiver.until(lambda: len(receiver.messages) == 6)
    assert [each["n"] for each in receiver.messages] == [9, 0, 1, 2, 3, 4], "and other calls do not wait"


async def test_one_that_nobody_takes_steps_aside(store):
    async with receiving() as receiver:
        to = webhook(receiver)
        receiver.answers = [*[500] * IN_ORDER, 200]
        async with delivering(store, to) as (courier, _):
            await put(store, courier, message(1, to), message(2, to))
            await receiver.until(lambda: len(receiver.messages) == 2)
    assert [each["n"] for each in receiver.messages] == [2, 1]


async def test_after_the_last_attempt_there_is_a_dead_letter_that_can_be_delivered(store, capsys):
    async with receiving(500) as receiver, delivering(store, webhook(receiver)) as (courier, ledger):
        await put(store, courier, message(1, webhook(receiver)))
        await asyncio.sleep(5 * DAY)
        assert len(receiver.attempts) == len(SCHEDULE) + 1
        span = receiver.attempts[-1][1] - receiver.attempts[0][1]
        assert sum(SCHEDULE) <= span <= sum(SCHEDULE) * (1 + JITTER) + 1
        (letter,) = await dead(store)
        assert (letter.attempts, letter.problem) == (10, "expected a status from 200 to 299, got 500")
        assert "message_dead" in capsys.readouterr().out
        receiver.answers = [200]
        assert await store.deliveries.redeliver("msg_1", now=courier.now)
        courier.wake()
        await receiver.until(lambda: receiver.messages)
    assert await dead(store) == ()
    assert [*ledger.outcomes[:9], *ledger.outcomes[9:]] == [*["failed"] * 9, "dead", "delivered"]


async def test_a_receiver_that_never_answers_holds_up_nobody_else(store):
    async with receiving(None) as silent, receiving() as quick:
        to, other = webhook(silent), webhook(quick)
        async with delivering(store, to, other) as (courier, ledger):
            await put(store, courier, *(message(number, to, lane=f"CA{number}") for number in range(20)))
            await put(store, courier, *(message(number + 100, other, lane=f"CA{number}") for number in range(20)))
            began = asyncio.get_running_loop().time()
            await quick.until(lambda: len(quick.messages) == 20)
            assert asyncio.get_running_loop().time() - began < 1.0
            assert quick.most_at_once <= AT_ONCE
            await asyncio.sleep(WITHIN + 1)
            assert silent.most_at_once == AT_ONCE
            assert ledger.outcomes.count("failed") == AT_ONCE


async def test_a_slow_answer_is_one_as_long_as_it_is_in_time(store):
    async with receiving(WITHIN - 1.0) as receiver, delivering(store, webhook(receiver)) as (courier, ledger):
        await put(store, courier, message(1, webhook(receiver)))
        await asyncio.sleep(WITHIN + 1)
    assert ledger.outcomes == ["delivered"]


async def test_410_is_the_end_until_an_operator_wants_it_again(store, capsys):
    async with receiving(410) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        to = webhook(receiver)
        await put(store, courier, message(1, to), message(2, to), message(3, to, lane="CA2"))
        await asyncio.sleep(DAY)
        assert {letter.delivery.id for letter in await dead(store)} == {"msg_1", "msg_2", "msg_3"}
        assert len(receiver.attempts) <= 2, "one of each call was under way"
        assert "webhook_disabled" in capsys.readouterr().out
        assert (await store.deliveries.put([message(4, to)], now=courier.now)).disabled == 1
        receiver.answers = [200]
        await store.deliveries.redeliver("msg_1", now=courier.now)
        courier.wake()
        await receiver.until(lambda: receiver.messages)
        await asyncio.sleep(1)
        await put(store, courier, message(5, to))
        await receiver.until(lambda: len(receiver.messages) == 2)
    assert [each["n"] for each in receiver.messages] == [1, 5]


async def test_a_receiver_that_wants_time_gets_it(store):
    later = Response(status_code=429, headers={"Retry-After": "120"})
    async with receiving(later, 200) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        await put(store, courier, message(1, webhook(receiver)))
        await receiver.until(lambda: receiver.messages)
    (_, first), (_, second) = receiver.attempts
    assert 120 <= second - first < 121


@pytest.mark.parametrize("wait", ["²", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"])
async def test_a_receiver_that_writes_nonsense_is_told_once_more(store, wait):
    later = Response(status_code=429, headers={"Retry-After": wait})
    async with receiving(later, 200) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        await put(store, courier, message(1, webhook(receiver)))
        await receiver.until(lambda: receiver.messages)
    assert len(receiver.attempts) == 2


def endless():
    async def body():
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0.001)

    return StreamingResponse(body())


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda: RedirectResponse("http://169.254.169.254/latest/meta-data"), "a redirect, which is not followed"),
        (lambda: Response("<html>Not here</html>", 404, media_type="text/html"), "got 404"),
    ],
)
async def test_what_is_no_success(store, answer, problem):
    async with receiving(answer()) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        await put(store, courier, message(1, webhook(receiver)))
        await asyncio.sleep(5 * DAY)
    (letter,) = await dead(store)
    assert problem in letter.problem


async def test_an_endless_answer_is_not_read_to_its_end(store):
    async with receiving(endless()) as receiver:
        messenger = Messenger()
        reply = await messenger.send(webhook(receiver), "msg_1", "{}", within=WITHIN)
        await messenger.aclose()
    assert (reply.arrived, len(reply.body)) == (True, MOST_READ)


async def sent(to):
    messenger = Messenger()
    try:
        return await messenger.send(to, "msg_1", "{}", within=1.0)
    finally:
        await messenger.aclose()


@pytest.mark.parametrize(
    ("url", "private", "problem"),
    [
        ("http://no.such.name.invalid/?key=hunter2", True, "no.such.name.invalid was not found"),
        ("https://169.254.169.254/latest/meta-data?key=hunter2", False, "leads to the private address 169.254.169.254"),
        ("https://localhost/?key=hunter2", False, "localhost leads to the private address"),
        ("http://example.com/?key=hunter2", False, "expected an https address, got http://example.com"),
    ],
)
async def test_where_messages_do_not_go(url, private, problem):
    reply = await sent(webhook(url, private=private))
    assert problem in reply.problem
    assert "hunter2" not in reply.problem
    assert not reply.arrived


async def test_nobody_is_there():
    assert "failed" in (await sent(webhook(f"http://127.0.0.1:{free_port()}/?key=hunter2"))).problem


# --- processes that die, and stores that are away


async def test_another_process_goes_on_where_one_died_between_attempts(store):
    async with receiving(500, 200) as receiver:
        to = webhook(receiver)
        async with delivering(store, to) as (courier, _):
            await put(store, courier, message(1, to), message(2, to))
            await receiver.until(lambda: receiver.attempts)
            await asyncio.sleep(1)
        async with delivering(store, to):
            await receiver.until(lambda: len(receiver.messages) == 2)
    assert [name for name, _ in receiver.attempts] == ["msg_1", "msg_1", "msg_2"]
    assert receiver.attempts[1][1] - receiver.attempts[0][1] < 10


async def test_another_process_goes_on_where_one_died_in_an_attempt(store):
    async with receiving(None, 200) as receiver:
        to = webhook(receiver)
        courier = Courier(store.deliveries, Messenger(), [to], Ledger(), shared=True, keep=DAY)
        await courier.__aenter__()
        await put(store, courier, message(1, to))
        await receiver.until(lambda: receiver.attempts)
        for task in filter(None, [courier._service, *courier._tasks]):  # as if it was killed
            task.cancel()
        await courier._post.aclose()
        async with delivering(store, to, shared=True):
            await receiver.until(lambda: receiver.messages)
    assert [name for name, _ in receiver.attempts] == ["msg_1", "msg_1"]


async def test_what_calls_tell_while_a_process_ends_is_delivered_still(store):
    async with receiving(0.5) as receiver, delivering(store, webhook(receiver)) as (courier, _):
        to = webhook(receiver)
        await store.deliveries.put([message(1, to), message(2, to)], now=courier.now)
    assert [each["n"] for each in receiver.messages] == [1, 2]


async def test_a_store_that_is_away_for_a_while(store, monkeypatch):
    claim, away = store.deliveries.claim, [True]

    async def fickle(*arguments, **options):
        if away:
            raise StoreError("redis: away")
        return await claim(*arguments, **options)

    monkeypatch.setattr(store.deliveries, "claim", fickle)
    async with receiving() as receiver, delivering(store, webhook(receiver)) as (courier, _):
        await put(store, courier, message(1, webhook(receiver)))
        await asyncio.sleep(30)
        assert not receiver.attempts
        away.clear()
        await receiver.until(lambda: receiver.messages)


async def test_what_is_meant_for_a_webhook_that_is_gone_dies(store):
    async with receiving() as receiver:
        former = webhook("https://former.example.com/")
        async with delivering(store, webhook(receiver)) as (courier, _):
            await put(store, courier, message(1, former))
            await asyncio.sleep(0.9 * DAY)
            assert await dead(store) == ()
            await asyncio.sleep(0.2 * DAY)
    (letter,) = await dead(store)
    assert (letter.attempts, letter.delivery.id) == (0, "msg_1")
    assert "none is set up any more" in letter.problem
