"""The socket to a provider, byte for byte: what it makes of frames however the network cuts them, and how it ends."""

import asyncio
import shutil
import ssl
import subprocess
from base64 import b64encode
from contextlib import asynccontextmanager
from hashlib import sha1
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import serve

from phoneagent.errors import ProviderError
from phoneagent.providers import websocket
from phoneagent.providers.websocket import LARGEST_MESSAGE, WRITE_LIMIT, closed_early, open_websocket

KEY = {"Authorization": "Token a-key"}
TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


def frame(payload, opcode=TEXT, *, fin=True):
    """As a server writes it."""
    size = len(payload)
    if size < 126:
        length = bytes((size,))
    elif size < 65_536:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes((opcode | (0x80 if fin else 0),)) + length + payload


def answered(request):
    """The answer to an upgrade."""
    (key,) = (line[19:] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 -- RFC 6455's own
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


@asynccontextmanager
async def serving(speak, *, tls=None):
    """A server that says whatever bytes it likes; `speak(reader, writer, request)`."""
    serving: set[asyncio.Task[None] | None] = set()

    async def meet(reader, writer):
        serving.add(asyncio.current_task())
        try:
            await speak(reader, writer, await reader.readuntil(b"\r\n\r\n"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'wss' if tls else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in filter(None, serving):
            task.cancel()
            await asyncio.wait((task,))


async def hear(connection):
    """What comes until the socket is closed, and how it was closed."""
    messages: list[bytes] = []
    return messages, await connection.listen(messages.append)


# --- frames ----------------------------------------------------------------------------------------


@st.composite
def speeches(draw):
    """Messages, and bytes that say them: whole or in fragments, as text or not, with pings between."""
    messages: list[bytes] = []
    wire = b""
    for size in draw(st.lists(st.sampled_from(SIZES) | st.integers(0, 300), max_size=6)):
        message = bytes((97 + len(messages),)) * size
        messages.append(message)
        opcode = draw(st.sampled_from((TEXT, TEXT, BINARY)))
        cuts = sorted(draw(st.lists(st.integers(0, size), max_size=2)))
        for first, until in pairwise((0, *cuts)):
            wire += frame(message[first:until], opcode, fin=False) + frame(b"still there?", PING)
            opcode = CONTINUATION
        wire += frame(message[cuts[-1] if cuts else 0 :], opcode)
    return messages, wire


@given(speeches(), st.lists(st.integers(1, 400), max_size=12), st.booleans())
async def test_messages_come_whole_and_in_order_however_the_network_cuts_them(speech, cuts, at_once):
    messages, wire = speech

    async def speak(reader, writer, request):
        packets, rest = [], wire + frame((1000).to_bytes(2, "big"), CLOSE)
        for cut in cuts:
            packets.append(rest[:cut])
            rest = rest[cut:]
        packets.append(rest)
        if at_once:  # the first packet is the end of the answer's
            packets[0] = answered(request) + packets[0]
        else:
            packets.insert(0, answered(request))
        for packet in packets:
            writer.write(packet)
            await asyncio.sleep(0.001)
        await reader.read()

    async with serving(speak) as url:
        heard, closed = await hear(await open_websocket("deepgram", url, KEY))
    assert heard == messages
    assert closed.rcvd.code == 1000


@pytest.mark.parametrize("missing", [100, 5, 4, 3, 2, 1])
async def test_an_answer_in_pieces_hides_no_message(missing):
    async def speak(reader, writer, request):
        cut = len(answered(request)) - missing
        wire = answered(request) + frame(b"one\r\n\r\n.") + frame(b"two", fin=False) + frame(b"!", CONTINUATION)
        writer.write(wire[:cut])
        await asyncio.sleep(0.01)
        writer.write(wire[cut:])
        await asyncio.sleep(0.01)
        writer.write(frame(b"three") + frame(b"", CLOSE))
        await reader.read()

    async with serving(speak) as url:
        heard, _ = await hear(await open_websocket("deepgram", url, KEY))
    assert heard == [b"one\r\n\r\n.", b"two!", b"three"]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b"\x81\x83" + bytes(20), 1002),
        (b"\x81\x7f" + (LARGEST_MESSAGE + 1).to_bytes(8, "big"), 1009),
        (b"\x81\x7f" + (1 << 63).to_bytes(8, "big"), 1009),
        (frame(b"", CONTINUATION), 1002),
        (frame(b"one", fin=False) + frame(b"two"), 1002),
    ],
    ids=["masked", "too large", "absurdly large", "continues nothing", "begins anew in a fragment"],
)
async def test_what_breaks_the_protocol_ends_the_socket(wire, code):
    async def speak(reader, writer, request):
        writer.write(answered(request) + frame(b"hello") + wire)
        await reader.read()

    async with serving(speak) as url:
        heard, closed = await hear(await open_websocket("deepgram", url, KEY))
    assert heard == [b"hello"]
    assert closed.sent.code == code
    assert closed_early("deepgram", closed).retryable


async def test_what_is_sent_arrives_as_it_was():
    sent = [b"x" * size for size in SIZES] + ["y" * size for size in SIZES] + ["\N{SNOWMAN}", "Grüße"]
    received = []

    async def listen(connection):
        async for message in connection:
            received.append(message)  # noqa: PERF401 -- what came must be there when the socket is lost

    async with serve(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await open_websocket("deepgram", f"ws://127.0.0.1:{port}", KEY)
        for message in sent:
            connection.send_now(message)
        await connection.aclose()
        connection.send_now(b"too late")
    assert received == sent


# --- a receiver ------------------------------------------------------------------------------------


async def test_messages_wait_for_who_listens():
    async def speak(reader, writer, request):
        writer.write(answered(request) + frame(b"one") + frame(b"t", fin=False) + frame(b"wo", CONTINUATION))
        await reader.read()

    async with serving(speak) as url:
        connection = await open_websocket("deepgram", url, KEY)
        await asyncio.sleep(1)
        listening = asyncio.create_task(hear(connection))
        await asyncio.sleep(0)
        await connection.aclose()
        assert (await listening)[0] == [b"one", b"two"]


@pytest.mark.parametrize("early", [True, False])
async def test_what_a_receiver_raises_ends_the_socket_and_is_raised_where_one_listens(early):
    async def speak(reader, writer, request):
        writer.write(answered(request))
        await asyncio.sleep(0 if early else 1)
        writer.write(frame(b"one") + frame(b"two"))
        await reader.read()

    seen = []

    def misunderstand(message):
        seen.append(message)
        raise LookupError("a defect")

    async with serving(speak) as url:
        connection = await open_websocket("deepgram", url, KEY)
        await asyncio.sleep(0.5)
        with pytest.raises(LookupError, match="a defect"):
            await connection.listen(misunderstand)
    assert seen == [b"one"]


# --- its end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "retryable"), [(1011, "NET-0001", True), (1008, "DATA-0000", False), (4321, "", True)]
)
async def test_why_the_provider_closed_is_known(code, reason, retryable):
    async def speak(reader, writer, request):
        writer.write(answered(request) + frame(code.to_bytes(2, "big") + reason.encode(), CLOSE))
        await reader.read()

    async with serving(speak) as url:
        _, closed = await hear(await open_websocket("deepgram", url, KEY))
    error = closed_early("deepgram", closed)
    assert error.problem == f"closed with {code} {reason}".rstrip()
    assert error.retryable is retryable


async def test_a_connection_that_is_gone_without_a_word_is_lost():
    async def speak(_reader, writer, request):
        writer.write(answered(request) + frame(b"one"))
        await asyncio.sleep(1)

    async with serving(speak) as url:
        heard, closed = await hear(await open_websocket("deepgram", url, KEY))
    assert heard == [b"one"]
    assert closed_early("deepgram", closed).problem.startswith("connection lost")


async def test_a_half_open_socket_is_noticed_within_ten_seconds():
    async def speak(_reader, writer, request):
        writer.write(answered(request))
        await asyncio.sleep(60)  # neither answers pings nor closes

    loop = asyncio.get_running_loop()
    async with serving(speak) as url:
        connection = await open_websocket("deepgram", url, KEY)
        began = loop.time()
        _, closed = await hear(connection)
        assert 9.9 < loop.time() - began < 10.6
    assert closed.rcvd is None


async def test_closing_takes_half_a_second_at_most():
    async def speak(_reader, writer, request):
        writer.write(answered(request))
        await asyncio.sleep(60)

    loop = asyncio.get_running_loop()
    async with serving(speak) as url:
        connection = await open_websocket("deepgram", url, KEY)
        began = loop.time()
        await connection.aclose()
        assert 0.4 < loop.time() - began < 0.6


async def test_a_network_that_takes_nothing_is_noticed_and_one_that_takes_it_again_too():
    thirsty = asyncio.Event()

    async def speak(reader, writer, request):
        writer.write(answered(request))
        await thirsty.wait()
        await reader.read()

    async with serving(speak) as url:
        connection = await open_websocket("deepgram", url, KEY)
        written = 0
        while connection.writable:
            connection.send_now(bytes(WRITE_LIMIT))
            written += WRITE_LIMIT
            assert written < 64 << 20
        thirsty.set()
        await asyncio.sleep(0.1)
        assert connection.writable
        await connection.aclose()
        assert not connection.writable


# --- the upgrade -----------------------------------------------------------------------------------


async def test_a_refusal_is_told_with_what_support_asks_for_and_without_the_key():
    body = b'{"detail":{"status":"quota_exceeded"}}'

    async def speak(_reader, writer, _request):
        head = f"HTTP/1.1 401 Unauthorized\r\nrequest-id: r1\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode())
        await asyncio.sleep(0.2)
        writer.write(body)

    async with serving(speak) as url:
        with pytest.raises(ProviderError) as refused:
            await open_websocket("elevenlabs", url, KEY)
    assert refused.value.problem == f"HTTP 401 on connecting; request-id: r1; {body.decode()}"
    assert not refused.value.retryable


async def test_a_provider_that_does_not_answer_is_given_up():
    async def speak(_reader, _writer, _request):
        await asyncio.sleep(60)

    loop = asyncio.get_running_loop()
    async with serving(speak) as url:
        began = loop.time()
        with pytest.raises(ProviderError, match="cannot connect"):
            await open_websocket("deepgram", url, KEY)
        assert loop.time() - began < 3.1


@pytest.mark.parametrize("variable", ["https_proxy", "HTTP_PROXY"])
async def test_a_proxy_is_used_where_the_environment_names_one(variable, monkeypatch):
    asked = []

    async def speak(reader, writer, request):
        asked.append(request.split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.write(answered(await reader.readuntil(b"\r\n\r\n")) + frame(b"hello") + frame(b"", CLOSE))
        await reader.read()

    async with serving(speak) as proxy:
        monkeypatch.setenv(variable, proxy.replace("ws:", "http:"))
        monkeypatch.setenv("no_proxy", "")
        heard, _ = await hear(await open_websocket("deepgram", "ws://deepgram.example", KEY))
    assert heard == [b"hello"]
    assert asked == [b"CONNECT deepgram.example:80 HTTP/1.1"]


@pytest.fixture
def certificate(tmp_path):
    """Paths of a server's certificate and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    made, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    naming = "-subj /CN=provider -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), *naming.split(), "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


async def test_over_tls_and_with_one_store_of_authorities_for_all_sockets(certificate, monkeypatch):
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    websocket.tls.cache_clear()

    async def speak(reader, writer, request):
        writer.write(answered(request) + frame(b"hello"))
        assert (await reader.readexactly(6))[0] == 0x82
        writer.write(frame(b"", CLOSE))
        await reader.read()

    try:
        async with serving(speak, tls=server_side) as url:
            for _ in range(2):
                connection = await open_websocket("deepgram", url, KEY)
                connection.send_now(b"audio")
                assert (await hear(connection))[0] == [b"hello"]
        assert websocket.tls.cache_info().misses == 1
    finally:
        websocket.tls.cache_clear()  # trusts nobody else
