"""What reaches the log, and above all what does not, in JSON and in a terminal."""

from __future__ import annotations

import io
import json
import logging

import anyio
import pytest
import structlog

from phoneagent.private import Private
from phoneagent.telemetry import logs

NUMBER = "+15005550006"
SECRET = 'hunter2/"hunter2"/hunter2'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was():
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in logs.QUIET]
    handlers, levels = root.handlers[:], [logger.level for logger in (root, *quiet)]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    for logger, level in zip((root, *quiet), levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(params=["json", "pretty"])
def output(request):
    """Where log lines arrive, in each of the two forms."""
    stream = io.StringIO()
    logs.configure(json=request.param == "json", secrets=[SECRET], stream=stream)
    return stream


@pytest.fixture
def line():
    """The only line that was logged, decoded."""
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)

    def decode():
        (text,) = stream.getvalue().splitlines()
        return json.loads(text)

    return decode


log = structlog.get_logger()  # before `configure`, as modules do


# --- a line ----------------------------------------------------------------------------------------


def test_a_line_is_an_event_with_values(line):
    log.info("turn_ended", heard=Private("my card is 4111"), response_latency=0.62)
    entry = line()
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "turn_ended",
        "heard": "[private]",
        "response_latency": 0.62,
        "level": "info",
        "logger": __name__,
    }


def test_a_machine_gets_json_and_a_person_colours():
    pipe, terminal = io.StringIO(), Terminal()
    logs.configure(stream=pipe)
    log.info("call_started")
    logs.configure(stream=terminal)
    log.info("call_started")
    assert json.loads(pipe.getvalue())["event"] == "call_started"
    assert "\x1b[" in terminal.getvalue()
    assert pipe.getvalue().count("\n") == 1  # the second `configure` took the place of the first


def test_lines_below_the_level_are_not_written():
    stream = io.StringIO()
    logs.configure(json=True, level="warning", stream=stream)
    log.info("call_started")
    log.warning("mark_overdue")
    assert [json.loads(text)["event"] for text in stream.getvalue().splitlines()] == ["mark_overdue"]


def test_text_in_any_language_stays_readable(output):
    log.info("turn_ended", reason="zażółć")
    assert "zażółć" in output.getvalue()


async def test_the_call_is_named_in_its_own_lines_and_no_others():
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)

    async def hang_up():
        log.info("hung_up")

    async def call(name: str):
        logs.bind_call(name)
        await anyio.lowlevel.checkpoint()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hang_up)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, "CA1")
        tasks.start_soon(call, "CA2")
    log.info("idle")
    lines = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert sorted((entry["event"], entry.get("call")) for entry in lines if entry["event"] == "hung_up") == [
        ("hung_up", "CA1"),
        ("hung_up", "CA2"),
    ]
    assert lines[-1]["event"] == "idle"
    assert "call" not in lines[-1]


# --- other people's lines --------------------------------------------------------------------------


def test_the_standard_librarys_lines_come_out_in_the_same_form(line):
    logs.bind_call("CA1")
    logging.getLogger("somebody").warning("slow by %.1f s", 2.5)
    entry = line()
    assert (entry["event"], entry["level"], entry["logger"], entry["call"]) == (
        "slow by 2.5 s", "warning", "somebody", "CA1",
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["twilio.async_http_client", "httpx", "uvicorn.error", "uvicorn.access", "websockets.client", "openai"]
)
def test_libraries_that_name_accounts_or_connections_only_warn(output, name):
    logs.configure(json=True, level="debug", stream=output)
    logging.getLogger(name).info("GET https://api.twilio.com/2010-04-01/Accounts/AC123/Calls.json")
    assert output.getvalue() == ""
    logging.getLogger(name).warning("retrying")
    assert "retrying" in output.getvalue()


def test_uvicorns_own_handlers_do_not_print_a_second_line(output):
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.propagate = False
    logs.configure(json=True, stream=output)
    assert logger.handlers == []
    logger.error("it broke")
    assert output.getvalue().count("it broke") == 1


# --- private values --------------------------------------------------------------------------------


class Named:
    """An object of ours whose representation shows what it holds."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Named({self.value!r})"


@pytest.mark.parametrize(
    "value",
    [
        Private(NUMBER),
        [Private(NUMBER)],
        {"caller": {"number": Private(NUMBER)}},
        (Private(NUMBER), {Private(NUMBER)}),
        Named(Private(NUMBER)),
        f"the caller {Private(NUMBER)}",
        ValueError(Private(NUMBER)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_private_values_are_not_written_at_any_depth(output, value):
    log.info("call_started", value=value)
    log.info("call_started %s", value)
    logging.getLogger("somebody").warning("value %s", value)
    assert output.getvalue().count("[private]") >= 3
    assert NUMBER not in output.getvalue()


def fail_with(number: str) -> None:
    words = [number, "I live at 12 Elm Street"]
    try:
        raise KeyError(Private(number), {"said": Private(words)})
    except KeyError as error:
        error.add_note(f"while calling {Private(number)}")
        raise ExceptionGroup("the call's tasks", [error, ValueError(Private(number))]) from error


def test_tracebacks_show_where_but_not_whom(output):
    for log_it in (log.exception, logging.getLogger("somebody").exception):
        try:
            fail_with("+" + "15005550006")  # in two parts: a traceback shows this line of source
        except ExceptionGroup:
            log_it("call_failed")
    text = output.getvalue()
    assert text.count("fail_with") >= 2
    assert "KeyError" in text
    assert "ExceptionGroup" in text
    assert "[private]" in text
    assert NUMBER not in text
    assert "Elm Street" not in text.replace('words = [number, "I live at 12 Elm Street"]', "")


def test_a_traceback_is_data_in_json(line):
    try:
        fail_with("nobody")
    except ExceptionGroup:
        log.exception("call_failed")
    (stack, *_) = line()["exception"]
    assert stack["exc_type"] == "ExceptionGroup"
    assert [frame["name"] for frame in stack["frames"]][-1] == "fail_with"
    assert all("locals" not in frame for frame in stack["frames"])


# --- secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"auth_token": "tok-123456"},
        {"twilio_auth_token": b"tok-123456"},
        {"headers": {"Authorization": "Bearer tok-123456", "xi-api-key": "tok-123456"}},
        {"headers": [("authorization", "tok-123456"), (b"x-twilio-signature", b"tok-123456")]},
        {"stream_token": ["tok-123456"]},
        {"request": {"form": [{"password": {"old": "tok-123456"}}]}},
        {"openai_apikey": "tok-123456"},
        {"cookies": ("tok-123456",)},
    ],
)
def test_text_under_a_key_that_names_a_secret_is_blacked_out(output, values):
    log.info("webhook_refused", **values)
    assert "[secret]" in output.getvalue()
    assert "tok-123456" not in output.getvalue()


def test_numbers_are_no_secrets(line):
    log.info("turn_ended", first_token=0.25, tokens=120, fencing_token=3)
    entry = line()
    assert (entry["first_token"], entry["tokens"], entry["fencing_token"]) == (0.25, 120, 3)


def test_known_secrets_are_blacked_out_wherever_they_stand(output):
    secret = SECRET
    log.info("request_failed", url=f"https://example.com/?key={secret}", body=secret)
    log.info("it was %s", secret)
    logging.getLogger("somebody").error("GET /?key=hunter2%%2F%%22hunter2%%22%%2Fhunter2 %s", secret)
    try:
        raise OSError(f"cannot connect with {secret}")
    except OSError:
        log.exception("request_failed")
    assert output.getvalue().count("[secret]") >= 6
    assert "hunter2" not in output.getvalue()


def test_a_secret_goes_as_a_whole():
    stream = io.StringIO()
    known = ["redis://:p4ssw0rd@r.example", "p4ssw0rd", "p4ssw0rd-of-old", ""]
    logs.configure(json=True, stream=stream, secrets=known)
    log.info("store_away", problem="no route to redis://:p4ssw0rd@r.example, with p4ssw0rd or p4ssw0rd-of-old")
    assert json.loads(stream.getvalue())["problem"] == "no route to [secret], with [secret] or [secret]"


# --- odd values ------------------------------------------------------------------------------------


def test_a_value_that_contains_itself_is_cut_off(output):
    endless: dict[str, object] = {}
    endless["again"] = endless
    log.info("call_started", value=endless)
    assert "…" in output.getvalue()


def test_values_that_json_does_not_know_are_written_as_they_print(line):
    log.info("call_started", value={("a", 1): {2}}, kind=int, data=b"\xff")
    assert line()["value"] == {"('a', 1)": [2]}
