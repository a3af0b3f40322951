"""`phoneagent chat`: the conversation of a call, by keyboard."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from phoneagent.agent_file import builtin_agent, embedded
from phoneagent.cli import main
from phoneagent.cli.typed_call import TypedCall
from phoneagent.conversation.events import ReplyDone, ReplyText
from phoneagent.errors import ProviderError
from phoneagent.providers.llm.scripted import ScriptedMind
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.mind import Rule
from phoneagent.simulator.mind import ScriptedMind as SimulatedMind
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.toolbox import PythonTools
from tests.toolbox.mcp_shop import make_shop

BOOKING = "I would like to book a table for four please\nseven thirty\n\nyes\nno\n"
BOOKED = "A table for 4 at 7:30 is booked under number"


def lines_of(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_whole_booking_read_from_a_file(phoneagent):
    result = phoneagent("chat", "--embedded", typed=BOOKING)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    number = lines[7].partition(f"{BOOKED} ")[2].split(".")[0]
    assert number.isdecimal()
    assert lines == [
        "agent: Trattoria Aurelia, good evening. How can I help you?",
        "you: I would like to book a table for four please",
        "agent: And at what time?",
        "you: seven thirty",
        "agent: A table for 4 at 7:30. Shall I book it?",
        "you: yes",
        f'  (book_table {{"people": "4", "time": "7:30"}} → {BOOKED} {number}.)',
        f"agent: {BOOKED} {number}. Is there anything else I can do for you?",
        "you: no",
        "agent: Thank you for calling. Goodbye.",
        "  (the agent hangs up)",
    ]


def test_the_same_for_a_program(phoneagent):
    result = phoneagent("chat", "--scripted", "--json", typed=BOOKING)
    told = lines_of(result)
    assert [(line["event"], line.get("role")) for line in told] == [
        ("turn", "agent"),
        *[("turn", "caller"), ("turn", "agent")] * 2,
        *[("turn", "caller"), ("turn", "tool"), ("turn", "agent")],
        *[("turn", "caller"), ("turn", "agent")],
        ("hangup", None),
        ("ended", None),
    ]
    assert told[6]["tool"] == "book_table"
    assert told[6]["arguments"] == {"people": "4", "time": "7:30"}
    assert told[-1]["reason"] == "agent"


def test_a_transfer_says_where_to(phoneagent):
    told = lines_of(phoneagent("chat", "--embedded", "--json", typed="can I talk to the manager\n"))
    assert told[-2:] == [
        {"event": "transfer", "target": "manager", "number": "+15005550010"},
        {"event": "ended", "reason": "transfer"},
    ]


def test_keys_are_typed_and_another_agent_goes_on(phoneagent, tmp_path):
    (tmp_path / "desk.toml").write_text("""
        name = "desk"
        greeting = "Hello. {menu}"
        [dialogue]
        question = ""
        intents = [
          { name = "hours", key = "1", label = "opening hours", answer = "From nine to five." },
          { name = "spanish", key = "8", label = "español", then = "agent", target = "mesa" },
        ]
    """)
    (tmp_path / "mesa.toml").write_text("""
        name = "mesa"
        language = "es"
        greeting = "Hola."
        dialogue.intents = [{ name = "horario", key = "1", label = "el horario", answer = "De nueve a cinco." }]
    """)
    result = phoneagent("chat", "--embedded", "--agent", ".", typed="#1\n[8]\n#1\n")
    assert result.stdout.splitlines() == [
        "agent: Hello. For opening hours, press 1. For español, press 8.",
        "you: [keypad: 1]",
        "agent: From nine to five.",
        "you: [keypad: 8]",
        '  (hand_over {"agent": "mesa"} → The call was handed over.)',
        "  (the agent hands the call over to mesa)",
        "agent: Hola.",
        "you: [keypad: 1]",
        "agent: De nueve a cinco.",
    ]


def test_an_agent_to_hand_over_to_must_be_there(phoneagent, tmp_path):
    (tmp_path / "desk.toml").write_text("""name = "desk"
[[dialogue.intents]]
name = "spanish"
label = "español"
then = "agent"
target = "mesa"
""")
    result = phoneagent("chat", "--embedded", "--agent", "desk.toml")
    assert result.exit_code == 2
    assert result.stderr == "desk.toml:6: dialogue.intents[0].target: expected one of the agents desk, got 'mesa'\n"


def test_the_end_of_the_input_hangs_up(phoneagent):
    result = phoneagent("chat", "--embedded", "--json", typed="what are your hours\n")
    assert result.exit_code == 0
    assert lines_of(result)[-1] == {"event": "ended", "reason": "caller"}


def test_without_a_key_it_says_what_to_do(phoneagent):
    result = phoneagent("chat")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["OPENAI_API_KEY", "Or try it without a key"]
    assert "phoneagent chat --embedded" in result.stderr


def test_an_agent_without_a_dialogue_cannot_be_embedded(phoneagent, tmp_path):
    (tmp_path / "plain.toml").write_text('name = "plain"\n')
    assert "--embedded" not in phoneagent("chat", "--agent", "plain.toml").stderr
    result = phoneagent("chat", "--agent", "plain.toml", "--embedded")
    assert result.exit_code == 2
    assert result.stderr == "agent 'plain': expected a [dialogue], because the embedded mind follows one\n"


def test_variables_are_filled_in(phoneagent, tmp_path):
    variables = 'customer = { required = true }\nplace = "home"\n'
    text = f'name = "anna"\ngreeting = "Hello {{customer}} at {{place}}."\n[variables]\n{variables}'
    (tmp_path / "anna.toml").write_text(text)
    anna = ("chat", "--agent", "anna.toml", "--json")
    greeted = phoneagent(*anna, "--variable", "customer=Anna", OPENAI_BASE_URL="http://127.0.0.1:9")
    assert lines_of(greeted)[0]["text"] == "Hello Anna at home."
    nobody = phoneagent(*anna, OPENAI_BASE_URL="http://127.0.0.1:9")
    assert (nobody.exit_code, nobody.stderr) == (2, "--variable customer=…: expected: the agent speaks of {customer}\n")
    assert phoneagent(*anna, "--variable", "Anna", OPENAI_BASE_URL="http://127.0.0.1:9").exit_code == 2


def test_a_model_that_is_away_is_told_and_the_agent_gives_up(phoneagent):
    result = phoneagent(
        "chat",
        typed="hello\nhello again\nand again\n",
        OPENAI_BASE_URL="http://127.0.0.1:9",
        OPENAI_API_KEY="sk-do-not-print-me",
    )
    assert result.exit_code == 1
    assert "something went wrong" in result.stdout
    assert "(the agent hangs up: failure)" in result.stdout
    assert "connection failed" in result.stderr
    assert "do-not-print-me" not in result.output


class TestThroughOpenAi:
    """With the official SDK, over real sockets; the program runs in a thread with a loop of its own."""

    @pytest.fixture
    def anyio_backend(self):
        return "asyncio"

    async def test_a_tool_call_and_a_goodbye(self):
        mind = SimulatedMind(
            Rule(
                "table",
                "One moment. ",
                call="book_table",
                arguments={"people": 4, "time": "7:30"},
                then="Done. {result}",
            ),
            Rule("bye", "Goodbye.", call="end_call"),
        )
        async with OpenAiServer(mind) as server:
            env = {"OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{server.url}/v1"}
            result = await asyncio.to_thread(
                CliRunner().invoke, main, ["chat", "--json"], input="a table please\nbye\n", env=env
            )
        told = lines_of(result)
        assert [line.get("role", line["event"]) for line in told] == [
            "agent", "caller", "tool", "agent", "caller", "agent", "hangup", "ended",
        ]  # fmt: skip
        assert told[3]["text"].startswith(f"One moment. Done. {BOOKED}")
        assert result.exit_code == 0

    async def test_tools_of_an_mcp_server(self, tmp_path):
        mind = SimulatedMind(
            Rule("seven", call="order_status", arguments={"number": 7}, then="{result}"),
            Rule("bye", "Goodbye.", call="end_call"),
        )
        shop = make_shop([])
        app = shop.streamable_http_app()
        async with OpenAiServer(mind) as server, shop.session_manager.run(), LocalServer(app) as tools:
            file = tmp_path / "shop.toml"
            file.write_text(f'name = "shop"\n[mcp.shop]\nurl = "{tools.url}/mcp"\n')
            env = {"OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{server.url}/v1"}
            command = ["chat", "--json", "--agent", str(file)]
            result = await asyncio.to_thread(CliRunner().invoke, main, command, input="order seven\nbye\n", env=env)
        assert [line["text"] for line in lines_of(result) if line.get("role") == "tool"] == [
            '{"number":"7","status":"sent"}'
        ]
        assert result.exit_code == 0


# -- the typed call itself, on a clock that jumps ---------------------------------------------------


class Shown:
    """A screen that remembers."""

    def __init__(self):
        self.lines = []

    def phrase(self, text):
        self.lines.append(("phrase", text))

    def turn(self, turn):
        self.lines.append((turn.role, turn.text))

    def problem(self, text):
        self.lines.append(("problem", text))

    def hung_up(self, reason):
        self.lines.append(("hung up", reason))

    def handed_over(self, agent):
        self.lines.append(("handed over", agent))

    def transferred(self, target, number):
        self.lines.append(("transferred", target, number))


class Mind:
    """Answers as a function of the number of its request."""

    def __init__(self, answer):
        self._answer = answer
        self.asked = 0

    async def reply(self, reply, *, instructions, turns, tools):
        self.asked += 1
        for piece in await self._answer(self.asked):
            yield ReplyText(reply, piece)
        yield ReplyDone(reply)


def typed_call(mind):
    agent, shown = builtin_agent(), Shown()
    return TypedCall(agent, mind, PythonTools(agent.tools), shown, variables={}), shown


async def test_whoever_types_is_never_asked_whether_they_are_there():
    agent, shown = embedded(builtin_agent()), Shown()
    assert agent.dialogue
    call = TypedCall(agent, ScriptedMind(agent.dialogue), PythonTools(agent.tools), shown, variables={})
    await call.begin()
    await asyncio.sleep(3600)
    await call.say("where are you")
    await call.hang_up()
    assert [line for line in shown.lines if line[0] != "phrase"] == [
        ("agent", "Trattoria Aurelia, good evening. How can I help you?"),
        ("caller", "where are you"),
        ("agent", "We are in Market Street 12, next to the old theatre. Is there anything else I can do for you?"),
    ]


async def test_phrases_are_shown_while_the_model_still_writes():
    shown_before = []

    async def answer(_):
        return ["The first sentence is here. ", "And the second."]

    class Slow(Mind):
        async def reply(self, reply, *, instructions, turns, tools):
            yield ReplyText(reply, "The first sentence is here. And so")
            await asyncio.sleep(3)
            shown_before.extend(shown.lines)
            yield ReplyText(reply, " is the second.")
            yield ReplyDone(reply)

    call, shown = typed_call(Slow(answer))
    await call.begin()
    await call.say("hello")
    assert ("phrase", "The first sentence is here.") in shown_before
    assert shown.lines[-1] == ("agent", "The first sentence is here. And so is the second.")
    await call.hang_up()


async def test_a_model_that_never_answers_meets_the_deadlines_of_a_call():
    async def answer(_):
        await asyncio.sleep(1e6)

    call, shown = typed_call(Mind(answer))
    loop = asyncio.get_running_loop()
    await call.begin()
    began = loop.time()
    await call.say("hello")
    assert loop.time() - began == pytest.approx(builtin_agent().policy.reply_within, abs=0.5)
    assert "something went wrong" in shown.lines[-1][1]
    await call.say("hello?")
    assert shown.lines[-1] == ("hung up", "failure")
    assert call.over
    await call.hang_up()


async def test_a_provider_that_fails_once_is_forgiven():
    async def answer(request):
        if request == 1:
            raise ProviderError("openai", "HTTP 500")
        return ["Here I am."]

    call, shown = typed_call(Mind(answer))
    await call.begin()
    await call.say("hello")
    assert ("problem", "openai: HTTP 500") in shown.lines
    await call.say("are you there")
    assert shown.lines[-1] == ("agent", "Here I am.")
    await call.hang_up()


async def test_a_defect_is_not_swallowed():
    async def answer(_):
        raise ZeroDivisionError

    call, _ = typed_call(Mind(answer))
    await call.begin()
    with pytest.raises(ZeroDivisionError):
        await call.say("hello")
    await call.hang_up()
