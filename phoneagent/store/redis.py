"""State in Redis: any process can carry on any call."""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from operator import methodcaller
from typing import Any
from urllib.parse import quote, unquote

import structlog
from redis.client import NEVER_DECODE
from redis.exceptions import RedisClusterException, RedisError

from phoneagent.conversation.transcript import Turn
from phoneagent.errors import CallForgotten, LeaseLost, StoreError
from phoneagent.records import CallPage, CallRecord, CallStatus, Clip, Order, StoredCall, place_of

from . import scripts
from .call_rules import closed
from .cipher import Cipher, FernetCipher, NoCipher
from .clip_encoding import VoiceKeys, decode_clip, encode_clip, keys_of_digest, text_field, voice_digest, voice_keys
from .cursor import checked_cursor
from .encoding import VERSION, decode_record, decode_turn, encode_changes, encode_record, encode_turn, newer
from .expiry import AUDIT_TTL, ENDED_TTL, LIVE_TTL, Lifetimes
from .redis_answer import answer_of
from .redis_audit import RedisAudit
from .redis_deliveries import RedisDeliveries
from .redis_do_not_call import RedisDoNotCall
from .redis_events import RedisEvents
from .redis_expiring import RedisExpiring
from .redis_keys import RedisKeys
from .redis_orders import RedisOrders
from .redis_people import RedisPeople
from .redis_reports import RedisReports
from .redis_url import Client, Close, connect
from .report_rules import SETTLE, due_after, first_look

log = structlog.stdlib.get_logger(__name__)

PLACES = "phoneagent:calls:places"  # of calls that nobody ordered; orders have their own

VOICES = "phoneagent:voices"  # those that there are clips of

# KEYS: the voices. ARGV: one more, milliseconds.
KNOW_VOICE = """
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

ATTEMPTS = 20  # at closing a call that its process closes too

RECORD = "record."  # before the names of the record's fields in the meta hash

PLAIN = frozenset(
    {"agent", "direction", "status", "started", "answered", "ended", "ended_reason", "transfer_outcome"}
    | {
        "transfer_decided",
        "spent",
        "used",
        "resumed",
        "order",
        "muted",
        "machine",
        "answered_by",
        "outcome",
        "announced",
    }
    | {"disclosed", "do_not_call", "recording", "carrier_recording", "carrier_recording_status"}
    | {"carrier_recording_seconds", "recording_paused"}
)
"""Fields that say nothing of anybody, some of which scripts look at. All others are encrypted, new ones too."""

CLOSE_WITHIN = 0.9  # seconds

MOST_CLIPS = 500
"""Of one voice: ten megabytes of phrases of three seconds. A Redis that is full of speech could take no calls."""

CLIPS_AT_ONCE = 32  # half a megabyte an answer: other commands are not kept waiting


class RedisStore:
    """Keeps each call under one prefix, in one hash slot: `phoneagent:call:{CA…}:meta`, `:turns` and `:lease`, and its
    event log beside them; each voice's clips under `phoneagent:voice:{…}:`.

    `ttl`: seconds that a call is kept after its end; `longest`: those that anything is kept at most; `audit`:
    those of the audit log. `cipher` encrypts what says anything of people. Works
    with Redis 6.2 and later, alone, behind Sentinels or as a Cluster. Each method raises `StoreError` within `DEADLINE`
    when Redis is away; what it asked for may still happen.
    """

    shared = True

    def __init__(
        self,
        client: Callable[[], tuple[Client, Close]],
        *,
        ttl: float = ENDED_TTL,
        longest: float = math.inf,
        audit: float = AUDIT_TTL,
        cipher: Cipher | None = None,
    ) -> None:
        self._make_client = client
        self._cipher = cipher = cipher or NoCipher()
        self._lifetimes = lifetimes = Lifetimes(ttl, longest)
        ttl = lifetimes.of_ended
        self.orders = RedisOrders(self._ask, self._note_order, lifetimes=lifetimes, cipher=cipher)
        self.events = RedisEvents(self._ask, client, ttl=ttl, cipher=cipher)
        self.keys = RedisKeys(self._ask)
        self.do_not_call = RedisDoNotCall(self._ask)
        self.deliveries = RedisDeliveries(self._ask, lifetimes=lifetimes, cipher=cipher)
        self.reports = RedisReports(self._ask, ttl=ttl, cipher=cipher)
        self.expiring = RedisExpiring(self._ask)
        self.people = RedisPeople(self._ask, lifetimes=lifetimes, cipher=cipher)
        self.audit = RedisAudit(self._ask, keep=audit)
        self._ttl = ttl
        self._longest = max(ttl, LIVE_TTL) + LIVE_TTL  # seconds from its beginning that anything of a call is kept
        self._client: Client | None = None
        self._close: Close | None = None
        self._scripts: dict[str, Any] = {}
        self._writes = count(1)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        ttl: float = ENDED_TTL,
        longest: float = math.inf,
        audit: float = AUDIT_TTL,
        encryption_keys: Sequence[str] = (),
    ) -> RedisStore:
        """For `redis://`, `rediss://`, `unix://`, `redis+sentinel://h:p,h:p/service/db` and `redis+cluster://h:p,h:p`.

        Raises `SettingsError` for any other. Connects when it is first used, in that loop.
        """
        connect(url)  # a client that was never used has nothing to close
        cipher = FernetCipher(encryption_keys) if encryption_keys else NoCipher()
        return cls(lambda: connect(url), ttl=ttl, longest=longest, audit=audit, cipher=cipher)

    async def _note_order(self, order: Order) -> None:
        await self.people.note(order.to.reveal(), order.id, at=order.created)

    async def create_call(self, record: CallRecord) -> None:
        await self.people.note(record.other_party.reveal(), record.id, at=record.started)
        await self._run(scripts.CREATE, record.id, *self._hash(encode_record(record)))
        await self.reports.expect(record.id, due=first_look(record))
        if not record.order:
            longest = self._longest
            bound = [record.place, place_of(max(0.0, record.started - longest), ""), _ms(longest)]
            await self._ask(lambda _: self._scripts[scripts.INDEX]([PLACES], bound))

    async def update_call(self, call: str, *, token: int = 0, **changes: object) -> None:
        match await self._run(scripts.UPDATE, call, token, *self._hash(encode_changes(changes))):
            case ["lost"]:
                raise LeaseLost("another process owns the call")
            case ["unknown"]:
                raise CallForgotten("expected a call that was created and has not expired")
        if (due := due_after(changes)) is not None:
            await self.reports.expect(call, due=due)

    async def load_call(self, call: str) -> StoredCall | None:
        answer = await self._run(scripts.LOAD, call)
        if answer[0] == "unknown":
            return None
        return StoredCall(
            self._record(call, answer[1]), tuple(decode_turn(self._cipher.open(turn)) for turn in answer[2])
        )

    async def load_record(self, call: str) -> CallRecord | None:
        answer = await self._run(scripts.RECORD, call)
        return None if answer[0] == "unknown" else self._record(call, answer[1])

    async def close_call(self, call: str, *, status: CallStatus, ended: float) -> None:
        for _ in range(ATTEMPTS):
            record = await self.load_record(call)
            if record is None:
                return
            if (after := closed(record, status, ended)) == record:
                break
            before = encode_changes({"ended": record.ended, "ended_reason": record.ended_reason})
            changes = encode_changes({"status": after.status, "ended": after.ended, "ended_reason": after.ended_reason})
            if (await self._run(scripts.CLOSE, call, *before.values(), *self._hash(changes)))[0] == "ok":
                break
        else:
            raise StoreError(f"expected to close a call within {ATTEMPTS} attempts")
        await self.reports.expect(call, due=ended + SETTLE)

    async def page_calls(self, *, cursor: str = "", limit: int = 50) -> CallPage:
        bound = "(" + checked_cursor(cursor) if cursor else "+"
        places = await self._ask(lambda client: client.zrevrangebylex(PLACES, bound, "-", start=0, num=limit + 1))
        shown = places[:limit]
        records = await asyncio.gather(*(self.load_record(_call_at(place)) for place in shown))
        return CallPage(tuple(filter(None, records)), shown[-1] if len(places) > limit else "")

    async def take_lease(self, call: str, owner: str, *, seconds: float, force: bool = False) -> int:
        """See `ports.Store`. The same owner keeps its token, even if the lease ran out and nobody else took it."""
        return int((await self._run(scripts.ACQUIRE, call, owner, _ms(seconds), "force" if force else ""))[1])

    async def is_held(self, call: str) -> bool:
        return bool((await self._run(scripts.HELD, call))[1])

    async def release_lease(self, call: str, owner: str, token: int) -> None:
        await self._run(scripts.RELEASE, call, owner, token)

    async def append_turn(self, call: str, seq: int, turn: Turn, *, token: int) -> None:
        """See `ports.Store`. An owner writes through one store: it is what puts its writes in order."""
        match await self._run(
            scripts.APPEND, call, token, seq, self._cipher.seal(encode_turn(seq, turn)), next(self._writes)
        ):
            case ["lost"]:
                raise LeaseLost("another process owns the call")
            case ["forgotten"]:
                raise CallForgotten("expected a lease that was given out here: the store has lost the call")
            case ["gap", expected]:
                raise CallForgotten(f"expected turn {expected}, got {seq}")

    async def put_stream_token(self, token: str, call: str, *, seconds: float) -> None:
        await self._ask(lambda client: client.set(_token_key(token), f":{call}", px=_ms(seconds), nx=True))

    async def take_stream_token(self, token: str) -> str | None:
        attempt = secrets.token_hex(8)
        answer = await self._ask(lambda _: self._scripts[scripts.TAKE_TOKEN]([_token_key(token)], [attempt]))
        return answer[1] if answer[0] == "ok" else None

    async def load_clips(self, identity: str, texts: Sequence[str]) -> Mapping[str, Clip]:
        keys, fields = voice_keys(identity), [text_field(text) for text in texts]
        found = await self._clips(keys, fields)
        if found:
            used = [text_field(text) for text in found]
            await self._ask(lambda _: self._scripts[scripts.USE_CLIPS](keys, [_ms(self._lifetimes.of_clips), *used]))
        return found

    async def recent_clips(self, identity: str, most: int) -> Mapping[str, Clip]:
        keys = voice_keys(identity)
        if most < 1:
            return {}
        return await self._clips(keys, await self._ask(lambda client: client.zrevrange(keys.used, 0, most - 1)))

    async def save_clip(self, identity: str, text: str, clip: Clip) -> None:
        if (value := encode_clip(text, clip)) is not None:
            arguments = [_ms(self._lifetimes.of_clips), MOST_CLIPS, text_field(text), value]
            await self._ask(lambda _: self._scripts[scripts.SAVE_CLIP](voice_keys(identity), arguments))
            await self._ask(lambda _: self._scripts[KNOW_VOICE]([VOICES], [voice_digest(identity), arguments[0]]))

    async def erase_clips(self) -> int:
        count = 0
        for voice in await self._ask(lambda client: client.smembers(VOICES)):
            keys = keys_of_digest(voice)
            count += await self._ask(methodcaller("hlen", keys.clips))
            await self._ask(methodcaller("delete", *keys))
            await self._ask(methodcaller("srem", VOICES, voice))
        return count

    async def erase_call(self, call: str) -> int | None:
        if (record := await self.load_record(call)) is None:
            return None
        turns = (await self._run(scripts.ERASE, call))[1]
        await self._ask(lambda client: client.zrem(PLACES, record.place))
        return int(turns)

    async def ping(self) -> None:
        await self._ask(lambda client: client.ping())

    async def aclose(self) -> None:
        closing = [self.events.take_close(), self._close]
        self._close, self._client = None, None
        for close in filter(None, closing):
            try:
                async with asyncio.timeout(CLOSE_WITHIN / len(closing)):
                    await close()
            except (RedisError, RedisClusterException, OSError) as exc:
                raise StoreError(f"redis did not let go: {type(exc).__name__}: {exc}") from exc

    async def _clips(self, keys: VoiceKeys, fields: Sequence[str]) -> dict[str, Clip]:
        found: dict[str, Clip] = {}
        for start in range(0, len(fields), CLIPS_AT_ONCE):
            for value in await self._stored_clips(keys, fields[start : start + CLIPS_AT_ONCE]):
                try:
                    text, clip = decode_clip(value)
                except StoreError as exc:
                    log.warning("clip_unreadable", problem=str(exc))
                else:
                    found[text] = clip
        return found

    async def _stored_clips(self, keys: VoiceKeys, fields: Sequence[str]) -> list[bytes]:
        """As bytes, from a client that otherwise makes text of answers."""
        as_bytes = {NEVER_DECODE: True}
        values = await self._ask(lambda client: client.execute_command("HMGET", keys.clips, *fields, **as_bytes))
        return [value for value in values if value is not None]

    async def _run(self, script: str, call: str, *arguments: object) -> list[Any]:
        name = "phoneagent:call:{" + quote(call, safe="", errors="surrogatepass") + "}:"
        keys = [name + "meta", name + "turns", name + "lease"]
        common = [VERSION, _ms(LIVE_TTL), _ms(self._ttl)]
        answer: list[Any] = await self._ask(lambda _: self._scripts[script](keys, [*common, *arguments]))
        if answer[0] == "newer":
            raise StoreError(newer(answer[1]))
        return answer

    def _record(self, call: str, pairs: Sequence[str]) -> CallRecord:
        fields = iter(pairs)
        stored = {name.removeprefix(RECORD): value for name, value in zip(fields, fields, strict=True)}
        opened = {name: value if name in PLAIN else self._cipher.open(value) for name, value in stored.items()}
        return decode_record(call, opened)

    def _hash(self, fields: Mapping[str, str]) -> list[str]:
        sealed = {name: value if name in PLAIN else self._cipher.seal(value) for name, value in fields.items()}
        return [part for name, value in sealed.items() for part in (RECORD + name, value)]

    async def _ask(self, question: Callable[[Client], Any]) -> Any:
        return await answer_of(question(self._connected()))

    def _connected(self) -> Client:
        if self._client is None:
            self._client, self._close = self._make_client()
            bodies = (
                KNOW_VOICE,
                scripts.CREATE,
                scripts.ERASE,
                scripts.UPDATE,
                scripts.CLOSE,
                scripts.INDEX,
                scripts.RECORD,
                scripts.LOAD,
                scripts.ACQUIRE,
                scripts.RELEASE,
                scripts.HELD,
                scripts.APPEND,
                scripts.TAKE_TOKEN,
                scripts.SAVE_CLIP,
                scripts.USE_CLIPS,
            )
            self._scripts = {body: self._client.register_script(body) for body in bodies}
        return self._client


def _call_at(place: str) -> str:
    """Of which call it is the place."""
    return unquote(place.partition("-")[2], errors="surrogatepass")


def _token_key(token: str) -> str:
    """Not the token itself: strangers choose its length and characters."""
    return "phoneagent:token:" + hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
