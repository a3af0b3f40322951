"""Agent files: what they may say, and what is told about mistakes."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from phoneagent.agent_file import BUILT_IN, builtin_agent, embedded, load_agent, load_agents, parse_agent
from phoneagent.conversation.events import KeysExpected
from phoneagent.conversation.knobs import knobs
from phoneagent.conversation.policy import EndpointingRule, Interruption, KeypadRule, Phrasing, Policy
from phoneagent.errors import SettingsError
from phoneagent.records import Agent, ProviderChoice, TransferTarget

SMALL = 'name = "small"\n'
NO_MUSIC = "expected the URL of an audio file that the carrier can reach (https://example.com/music.mp3)"
NO_NUMBER = (
    "expected a number with its country code (+15005550006), a SIP address (sip:desk@example.com) or a queue "
    "(queue:support)"
)
NO_STEP = "expected 'listen', 'end_call', 'transfer', 'menu', 'agent' or 'model', got 'leave'"
NO_MODULE = "the module 'no_such_module' cannot be imported: No module named 'no_such_module'"


def problems(text):
    with pytest.raises(SettingsError) as caught:
        parse_agent(text, "a.toml")
    return caught.value.problems


def test_a_name_is_enough():
    agent = parse_agent(SMALL, "a.toml")
    assert agent == Agent("small", Phrasing())


def test_the_front_desk_is_complete():
    agent = builtin_agent()
    assert agent.name == "front-desk"
    assert (agent.stt, agent.llm, agent.tts) == (
        ProviderChoice("deepgram", "flux-general-en"),
        ProviderChoice("openai", "gpt-5.4-mini"),
        ProviderChoice("elevenlabs", "eleven_flash_v2_5"),
    )
    assert [tool.name for tool in agent.tools] == ["book_table"]
    assert agent.tools[0].parameters["required"] == ["people", "time"]
    assert agent.dialogue is not None
    assert {intent.then for intent in agent.dialogue.intents} == {"listen", "transfer", "end_call"}
    assert agent.transfer_targets == {"manager": TransferTarget("+15005550010")}


def test_the_front_desks_examples_of_transfers_can_be_taken_as_they_are():
    text = BUILT_IN.read_text(encoding="utf-8")
    before, begin, rest = text.partition("# [transfer.owner]")
    examples, end, after = (begin + rest).partition("\n\n# --- tools")
    agent = parse_agent(before + re.sub("^# ?", "", examples, flags=re.MULTILINE) + end + after, "front-desk.toml")
    assert list(agent.transfer_targets) == ["manager", "owner", "support"]
    assert agent.transfer_targets["owner"].warm


def test_the_front_desk_at_the_top_of_the_repository_is_the_same_file():
    assert (Path(__file__).parents[1] / "agents" / "front-desk.toml").resolve() == BUILT_IN.resolve()


def test_embedded_providers_need_no_key():
    agent = embedded(builtin_agent())
    assert (agent.stt.provider, agent.llm.provider, agent.tts.provider) == ("pocketsphinx", "scripted", "espeak")
    assert agent.dialogue == builtin_agent().dialogue


def test_embedded_needs_a_dialogue():
    with pytest.raises(SettingsError, match=r"agent 'small': expected a \[dialogue\]"):
        embedded(parse_agent(SMALL, "a.toml"))


def test_every_knob_of_turn_taking_can_be_set():
    values = {bool: "false", int: "700", float: "1.25", str: '"*"', tuple: '["well"]'}
    for name, default, unit, why in knobs(Policy):
        assert why
        if name in ("call_at_most", "goodbye_before_limit") or unit in ("table", "rules"):
            continue
        value = '"caller"' if unit == "who" else values[type(default)]
        agent = parse_agent(f"{SMALL}[turn_taking]\n{name} = {value}", "a.toml")
        given = tomllib.loads(f"v = {value}")["v"]
        assert getattr(agent.policy, name) == (tuple(given) if isinstance(given, list) else given)


def test_what_it_takes_to_interrupt_is_set_for_each_part_of_a_call():
    agent = parse_agent(
        f"{SMALL}[turn_taking.greeting]\ninterruptible = false\n[turn_taking.speaking]\nwords = 2", "a.toml"
    )
    assert agent.policy.greeting == Interruption(interruptible=False)
    assert agent.policy.thinking == Interruption()
    assert agent.policy.speaking == Interruption(words=2)


def test_rules_of_endpointing_are_regular_expressions():
    agent = parse_agent(f'{SMALL}[[turn_taking.rules]]\nagent = "your name"\nsilence = 1.5', "a.toml")
    assert agent.policy.rules == (EndpointingRule(1.5, agent="your name"),)
    with pytest.raises(
        SettingsError, match=r"a.toml:\d+: turn_taking.rules.*agent: expected a regular expression, got '\(your'"
    ):
        parse_agent(f'{SMALL}[[turn_taking.rules]]\nagent = "(your"\nsilence = 1.5', "a.toml")
    with pytest.raises(SettingsError, match=r"silence"):
        parse_agent(f"{SMALL}[[turn_taking.rules]]\nsilence = 0", "a.toml")


def test_a_knob_can_be_turned_to_nothing_where_that_makes_sense():
    policy = parse_agent(f'{SMALL}[turn_taking]\nback_off = 0\nrespond_after = 0\nkeypad_end = ""', "a.toml").policy
    assert (policy.back_off, policy.respond_after, policy.keypad_end) == (0.0, 0.0, "")
    assert problems(f"{SMALL}[turn_taking]\nreply_within = 0") == (
        "a.toml:3: turn_taking.reply_within: expected a number of at least 0.02, got 0",
    )


def test_fillers_are_not_english_where_the_agent_is_not():
    finnish = 'name = "a"\nlanguage = "fi"\n'
    assert parse_agent(finnish, "a.toml").phrasing.fillers == ()
    assert parse_agent(f'{finnish}[phrases]\nfillers = ["Hetki."]', "a.toml").phrasing.fillers == ("Hetki.",)
    assert parse_agent('name = "a"\nlanguage = "en-GB"', "a.toml").phrasing.fillers


def test_limits_are_the_policys():
    agent = parse_agent(f"{SMALL}[limits]\nmax_duration = 90\ngoodbye_before = 5", "a.toml")
    assert agent.policy == Policy(call_at_most=90.0, goodbye_before_limit=5.0)


def test_what_the_agent_says_by_itself():
    text = '[variables]\nname = "you"\n[phrases]\nidle_prompts = ["Hm?", "Hello?"]\nvoicemail = "Call us, {name}."'
    agent = parse_agent(f'name = "a"\ngreeting = "Hi {{name}}!"\n{text}', "a.toml")
    said = Phrasing(greeting="Hi {name}!", idle_prompts=("Hm?", "Hello?"), voicemail="Call us, {name}.")
    assert agent.phrasing == said


def test_how_words_are_said():
    agent = parse_agent(f'{SMALL}[pronunciation]\n"Siobhan" = "shi-VAWN"\n"St. Ives" = "saint eyevz"', "a.toml")
    assert agent.pronunciation == {"Siobhan": "shi-VAWN", "St. Ives": "saint eyevz"}


def test_fallbacks_keep_their_order():
    agent = parse_agent(
        f"""{SMALL}
        [stt]
        provider = "deepgram"
        fallback = [{{ provider = "deepgram", model = "nova-3" }}, {{ provider = "pocketsphinx" }}]
        [dialogue]
        intents = [{{ name = "hi", phrases = ["hi"], answer = "Hi." }}]
        """,
        "a.toml",
    )
    assert agent.stt.fallback == (ProviderChoice("deepgram", "nova-3"), ProviderChoice("pocketsphinx"))


@pytest.mark.parametrize(("line", "hedge"), [("", None), ("hedge = false", False), ("hedge = true", True)])
def test_a_mind_may_be_asked_twice(line, hedge):
    agent = parse_agent(f'{SMALL}[llm]\nprovider = "openai"\n{line}', "a.toml")
    assert agent.llm.hedge == hedge


# --- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a.toml:1: name: expected, but missing"),
        ("name = 3", "a.toml:1: name: expected a text in quotes, got 3"),
        (
            'name = "two words"',
            "a.toml:1: name: expected a name of letters, digits, - and _ that begins with a letter, got 'two words'",
        ),
        (
            f"{SMALL}language = 'English'",
            "a.toml:2: language: expected the code of a language, such as en or en-US, got 'English'",
        ),
        (f"{SMALL}gretting = 'Hi'", "a.toml:2: gretting: unknown key; did you mean 'greeting'?"),
        (f"{SMALL}zzz = 1", "a.toml:2: zzz: unknown key"),
        (
            f"{SMALL}greeting = 'Hi {{first name}}'",
            "a.toml:2: greeting: expected {name} with letters, digits and _, got {first name}: write {first_name}",
        ),
        (
            f"{SMALL}instructions = 'You are {{role'",
            "a.toml:2: instructions: expected {name} with letters, digits and _, got '{role': write {role}",
        ),
        (
            f"{SMALL}\n[stt]\nprovider = 'deepgrm'",
            "a.toml:4: stt.provider: expected deepgram or pocketsphinx, got 'deepgrm'; did you mean 'deepgram'?",
        ),
        (f"{SMALL}[tts]\nmodel = 'x'", "a.toml:2: tts.provider: expected, but missing"),
        (
            f"{SMALL}[llm]\nprovider = 'openai'\nfallback = [\n  {{ provider = 'opnai' }},\n]",
            "a.toml:4: llm.fallback[0].provider: expected openai or scripted, got 'opnai'; did you mean 'openai'?",
        ),
        (f"{SMALL}[llm]\nprovider = 'scripted'", "a.toml:3: llm.provider: scripted needs a [dialogue] to follow"),
        (
            f"{SMALL}[turn_taking]\nidle_after = -1",
            "a.toml:3: turn_taking.idle_after: expected a number of at least 0.02, got -1",
        ),
        (
            f"{SMALL}[turn_taking]\nslice_samples = 0",
            "a.toml:3: turn_taking.slice_samples: expected a number of at least 160, got 0",
        ),
        (
            f"{SMALL}[turn_taking]\nfiller_after = 1400",
            (
                "a.toml:3: turn_taking.filler_after: expected at most 60, got 1400; "
                "these are seconds, 1400 milliseconds are 1.4"
            ),
        ),
        (
            f"{SMALL}[turn_taking.speaking]\nvoice = 200",
            (
                "a.toml:3: turn_taking.speaking.voice: expected at most 10, got 200; these are seconds, "
                "200 milliseconds are 0.2"
            ),
        ),
        (
            f"{SMALL}[turn_taking]\nreply_within = 8000",
            (
                "a.toml:3: turn_taking.reply_within: expected at most 600, got 8000; these are seconds, "
                "8000 milliseconds are 8"
            ),
        ),
        (
            f"{SMALL}[turn_taking]\nphrase_characters = 100000",
            "a.toml:3: turn_taking.phrase_characters: expected at most 1000, got 100000",
        ),
        (
            f'{SMALL}[[turn_taking.rules]]\nagent = "\\bnumber\\b"',
            (
                "a.toml:3: turn_taking.rules[0].agent: expected a regular expression, got '\\x08number\\x08' with the "
                "control character '\\x08'; write patterns in single quotes: in double quotes \\b is a backspace"
            ),
        ),
        (
            f"{SMALL}[[turn_taking.rules]]\nagent = 'number'\ncaller = '(?:one|two|o|ne)+$'",
            (
                "a.toml:4: turn_taking.rules[0].caller: takes too long on long texts: '(?:one|two|o|ne)+$'; write it "
                "without repetition inside repetition, such as (a+)+, and without alternatives that begin alike inside "
                "one"
            ),
        ),
        (
            f"{SMALL}[phrases]\nvoicemail = 'Call {{us'",
            "a.toml:3: phrases.voicemail: expected {name} with letters, digits and _, got '{us': write {us}",
        ),
        (
            f"{SMALL}[phrases]\napology = ''",
            "a.toml:3: phrases.apology: expected a text that is not empty, got ''",
        ),
        (
            f"{SMALL}[turn_taking]\nidle_after = 'soon'",
            "a.toml:3: turn_taking.idle_after: expected a number, got 'soon'",
        ),
        (
            f"{SMALL}[turn_taking]\nidle_after = nan",
            "a.toml:3: turn_taking.idle_after: expected a finite number, got nan",
        ),
        (
            f"{SMALL}[turn_taking]\nidel_after = 1",
            "a.toml:3: turn_taking.idel_after: unknown key; did you mean 'idle_after'?",
        ),
        (
            f"{SMALL}[turn_taking]\nbackchannels = [\n  'hm',\n  3,\n]",
            "a.toml:3: turn_taking.backchannels[1]: expected a text in quotes, got 3",
        ),
        (
            f"{SMALL}[limits]\nmax_duration = 5",
            "a.toml:2: limits.goodbye_before: expected less than max_duration (5)",
        ),
        (
            f"{SMALL}[pronunciation]\nAurelia = ''",
            "a.toml:3: pronunciation.Aurelia: expected a text that is not empty, got ''",
        ),
        (
            f"{SMALL}[pronunciation]\n'!' = 'wow'",
            "a.toml:3: pronunciation.!: expected a word or a phrase as it is written, got '!'",
        ),
        (
            f"{SMALL}[transfer]\nboss = '0123'",
            f"a.toml:3: transfer.boss: {NO_NUMBER}",
        ),
        (
            f"{SMALL}[transfer.boss]\nto = 'queue:'",
            f"a.toml:3: transfer.boss.to: {NO_NUMBER}",
        ),
        (
            f"{SMALL}[transfer.boss]\nto = '+15005550006'\nhours = 'office'",
            "a.toml:4: transfer.boss.hours: expected a name from [hours], got 'office'",
        ),
        (
            f"{SMALL}hold_music = 'music.mp3'",
            f"a.toml:2: hold_music: {NO_MUSIC}",
        ),
        (
            f"{SMALL}[[tools]]\nfunction = 'no_such_module:f'",
            f"a.toml:3: tools[0].function: {NO_MODULE}",
        ),
        (
            f"{SMALL}[[tools]]\nfunction = 'json:no_such'",
            "a.toml:3: tools[0].function: 'json' has no function 'no_such'",
        ),
        (f"{SMALL}[[tools]]\nfunction = 'json'", "a.toml:3: tools[0].function: expected module:function, got 'json'"),
        (
            f"{SMALL}[[tools]]\nfunction = 'phoneagent.agents.front_desk:book_table'\nname = 'transfer'",
            "a.toml:2: tools[0]: there already is a tool called 'transfer'",
        ),
    ],
)
def test_a_mistake_has_its_line_its_key_and_what_was_expected(text, problem):
    assert problems(text) == (problem,)


DIALOGUE = f"""{SMALL}
[[dialogue.slots]]
name = "size"
ask = "Which size?"
words = {{ small = "S", large = "L" }}

[[dialogue.intents]]
name = "pizza"
phrases = ["a [<size>] pizza"]
answer = "One {{size}}."
slots = ["size"]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        (
            "a [<size>] pizza",
            "a [<size> pizza",
            "a.toml:10: dialogue.intents[0].phrases[0]: 'a [<size> pizza': '[' is not closed by ']'",
        ),
        (
            "a [<size>] pizza",
            "a [<siez>] pizza",
            "a.toml:10: dialogue.intents[0].phrases: 'a [<siez>] pizza': <siez> is not defined; the slots are size",
        ),
        (
            '["size"]',
            '["siez"]',
            "a.toml:12: dialogue.intents[0].slots: there is no slot 'siez'; did you mean 'size'?",
        ),
        (
            "{size}",
            "{result} {size}",
            "a.toml:11: dialogue.intents[0].answer: {result} is neither one of the intent's slots nor a tool's result",
        ),
        (
            'answer = "One',
            'tool = "bake"\nanswer = "One',
            "a.toml:11: dialogue.intents[0].tool: there is no tool 'bake'",
        ),
        (
            'answer = "One',
            'then = "transfer"\ntarget = "chef"\nanswer = "One',
            "a.toml:12: dialogue.intents[0].target: expected a name from [transfer], got 'chef'",
        ),
        (
            'answer = "One',
            'then = "leave"\nanswer = "One',
            f"a.toml:11: dialogue.intents[0].then: {NO_STEP}",
        ),
        ('ask = "Which size?"\n', "", "a.toml:3: dialogue.slots[0].ask: expected, but missing"),
        ("small =", '"(small" =', "a.toml:6: dialogue.slots[0].words.(small: '(small': '(' is not closed by ')'"),
        (
            'phrases = ["a [<size>] pizza"]',
            "phrases = []",
            "a.toml:10: dialogue.intents[0].phrases: expected at least one, or a label",
        ),
    ],
)
def test_a_dialogue_fits_together(right, wrong, problem):
    assert parse_agent(DIALOGUE, "a.toml").dialogue is not None
    found = problems(DIALOGUE.replace(right, wrong, 1))
    assert problem in found


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('provider = "scripted"\nhedge = true\n', "llm.hedge"),
        ('provider = "openai"\nfallback = [{ provider = "scripted", hedge = true }]\n', "llm.fallback[0].hedge"),
    ],
)
def test_a_script_is_not_asked_twice(table, key):
    [problem] = problems(f"{DIALOGUE}[llm]\n{table}")
    assert problem.endswith(f": {key}: scripted answers at once: there is nothing to ask twice")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = problems('name = ""\n[turn_taking]\nidle_after = 0\n[limits]\nmax = 3\n[tts]\nprovider = "x"')
    assert [line.split(": ")[0] for line in found] == ["a.toml:1", "a.toml:3", "a.toml:5", "a.toml:7"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = 'a'\n[stt\n", "a.toml:2:5: not valid TOML: Expected ']' at the end of a table declaration"),
        ("name = ", "a.toml:1: not valid TOML: Invalid value"),
        ("name = 'a'\nname = 'b'", "a.toml:2: not valid TOML: Cannot overwrite a value"),
    ],
)
def test_mistakes_of_syntax_have_their_place(text, problem):
    assert problems(text) == (problem,)


def test_text_that_looks_like_keys_is_not_taken_for_them():
    text = '''name = "a"
instructions = """
[turn_taking]
idle_after = 1\u2028\x85
"""
note = { idle_after = 2 }

[turn_taking] # idle_after = 3
"idle_after" = 0 # the one
'''
    assert problems(text) == (
        "a.toml:6: note: unknown key",
        "a.toml:9: turn_taking.idle_after: expected a number of at least 0.02, got 0",
    )


# --- files -----------------------------------------------------------------------------------------


def test_a_folder_has_an_agent_a_file(tmp_path):
    shutil.copy(BUILT_IN, tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "notes.txt").write_text("not an agent")
    assert sorted(load_agents(tmp_path)) == ["front-desk", "small"]
    assert list(load_agents(tmp_path / "small.toml")) == ["small"]


def test_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "a.toml").write_text("name = 1")
    (tmp_path / "b.toml").write_text(SMALL)
    (tmp_path / "c.toml").write_text(SMALL)
    with pytest.raises(SettingsError) as caught:
        load_agents(tmp_path)
    assert caught.value.problems == (
        f"{tmp_path}/a.toml:1: name: expected a text in quotes, got 1",
        f"{tmp_path}/c.toml: name: another file already has an agent called 'small'",
    )


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.toml: expected an agent file, but there is none"):
        load_agent(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="expected a TOML file in this folder, found none"):
        load_agents(tmp_path)


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(SettingsError, match="expected an agent file, but it is a folder"):
        load_agent(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "a.toml").write_text(SMALL, encoding="utf-8-sig")
    assert load_agent(tmp_path / "a.toml").name == "small"


def test_a_path_may_be_a_string(tmp_path):
    (tmp_path / "a.toml").write_text(SMALL)
    assert list(load_agents(str(tmp_path))) == [load_agent(f"{tmp_path}/a.toml").name]


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"a\.toml: expected an agent file, but it is not UTF-8 text"):
        load_agent(tmp_path / "a.toml")


def test_tools_beside_the_file_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", ["/nowhere"])
    (tmp_path / "pizza_tools.py").write_text('def bake(size: str) -> str:\n    """Bake a pizza."""\n    return size\n')
    (tmp_path / "a.toml").write_text(f'{SMALL}[[tools]]\nfunction = "pizza_tools:bake"\ntimeout = 3\nsafe = true')
    (tool,) = load_agent(tmp_path / "a.toml").tools
    assert (tool.name, tool.description, tool.timeout, tool.safe) == ("bake", "Bake a pizza.", 3.0, True)
    assert tool.function == "pizza_tools:bake"


def test_keys_are_told_by_rules_slots_and_tools():
    made = parse_agent(
        f"""{SMALL}
[[turn_taking.keypad]]
agent = "booking number"
length = 6
[[dialogue.slots]]
name = "pin"
ask = "Your PIN?"
keypad = {{ length = 4, secret = true }}
[[dialogue.intents]]
name = "log_in"
phrases = ["log in"]
slots = ["pin"]
answer = "Thank you."
[[tools]]
function = "phoneagent.agents.front_desk:book_table"
reads_keypad = true
""",
        "a.toml",
    )
    assert made.policy.keypad == (KeypadRule("booking number", 6),)
    assert made.dialogue is not None
    assert made.dialogue.slots[0].keypad == KeysExpected(length=4, secret=True)
    assert made.tools[0].reads_keypad


@pytest.mark.parametrize(("slot", "answer", "problem"), [
    ("", "Fine.", "2: dialogue.slots[0].words: expected, or keypad"),
    (
        "keypad = { secret = true }",
        "It is {pin}.",
        "9: dialogue.intents[0].answer: {pin} is typed in secret: it cannot be said",
    ),
    (
        "keypad = { length = -1 }",
        "Fine.",
        "5: dialogue.slots[0].keypad.length: expected a number of at least 0, got -1",
    ),
    ("keypad = { digits = 4 }", "Fine.", "5: dialogue.slots[0].keypad.digits: unknown key"),
])  # fmt: skip
def test_a_slot_that_is_typed_says_how(slot, answer, problem):
    text = f"""name = "a"
[[dialogue.slots]]
name = "pin"
ask = "Your PIN?"
{slot}
[[dialogue.intents]]
name = "log_in"
phrases = ["log in"]
answer = "{answer}"
slots = ["pin"]
"""
    assert list(problems(text)) == [f"a.toml:{problem}"]


def test_whom_callers_are_transferred_to_in_all_forms():
    agent = parse_agent(
        """name = "small"
hold_music = "https://example.com/music.mp3"

[transfer]
boss = "+15005550006"
desk = { to = "sip:desk@pbx.example", warm = true, ring_for = 40 }

[transfer.support]
to = "queue:support"
wait_at_most = 300
hours = "office"
closed = "We are there again tomorrow."

[transfer_phrases]
thanks = "Thanks."

[hours.office]
timezone = "Europe/Berlin"
open = ["mon-fri 09:00-17:00"]
""",
        "a.toml",
    )
    assert agent.transfer_targets == {
        "boss": TransferTarget("+15005550006"),
        "desk": TransferTarget("sip:desk@pbx.example", warm=True, ring_for=40),
        "support": TransferTarget(
            "queue:support", wait_at_most=300, hours="office", closed="We are there again tomorrow."
        ),
    }
    assert (agent.hold_music, agent.transfer_phrases.thanks) == ("https://example.com/music.mp3", "Thanks.")


def test_what_a_call_may_cost_needs_prices():
    text = 'name = "desk"\n[limits]\nspend = 0.5\n'
    with pytest.raises(SettingsError, match=r"desk.toml:3: limits.spend: expected a table \[prices\]"):
        parse_agent(text, "desk.toml")
    assert parse_agent(text + "[prices]\nminute = 0.02\n", "desk.toml").spend == 0.5


ANALYSIS = """\
name = "desk"

[analysis]
summary = true
success = "They have a table."

[analysis.data]
type = "object"

[analysis.data.properties.people]
type = "integer"

[analysis.llm]
provider = "openai"
model = "gpt-5.6-luna"
"""


def test_what_is_asked_when_a_call_is_over():
    analysis = parse_agent(ANALYSIS, "desk.toml").analysis
    assert analysis is not None
    assert analysis.summary.startswith("who called, what they wanted")
    assert analysis.success == "They have a table."
    assert analysis.data == {"type": "object", "properties": {"people": {"type": "integer"}}}
    assert analysis.llm == ProviderChoice("openai", "gpt-5.6-luna")
    own = parse_agent(ANALYSIS.replace("true", '"their mood"'), "desk.toml").analysis
    assert own is not None
    assert own.summary == "their mood"
    assert parse_agent('name = "desk"', "desk.toml").analysis is None


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            'type = "integer"',
            'type = "intger"',
            r"11: analysis.data.properties.people.type: expected a JSON schema: expected",
        ),
        (
            'type = "integer"',
            '"$ref" = "http://a/b"',
            r"11: analysis.data.properties.people.\$ref: expected a reference",
        ),
        ('type = "object"', "required = 2026-01-01", r"7: analysis.data: expected a JSON schema: .*date"),
        ("summary = true", "summary = 5", r"4: analysis.summary: expected true, or a text that says"),
        ("summary = true", "sumary = true", r"4: analysis.sumary: unknown key; did you mean 'summary'?"),
        ('provider = "openai"', 'provider = "scripted"', r"14: analysis.llm.provider: scripted follows a dialogue"),
        (ANALYSIS[13:], "\n[analysis]\nsummary = false\n", r"2: analysis: expected summary, success or a table"),
        (ANALYSIS[13:], "\n[analysis.data]\n", r"2: analysis.data: expected a JSON schema, got nothing"),
    ],
)
def test_what_is_wrong_with_an_analysis_is_told_with_its_line(right, wrong, told):
    with pytest.raises(SettingsError, match=f"desk.toml:{told}"):
        parse_agent(ANALYSIS.replace(right, wrong, 1), "desk.toml")


def test_an_analysis_needs_a_model_that_writes():
    text = builtin_agent_text().replace('[llm]\nprovider = "openai"', '[llm]\nprovider = "scripted"')
    with pytest.raises(SettingsError, match=r"analysis: scripted follows a dialogue: expected \[analysis.llm\]"):
        parse_agent(text + "\n[analysis]\nsummary = true\n", "desk.toml")


def builtin_agent_text():
    return BUILT_IN.read_text()


@pytest.mark.parametrize("to", ["+1911", "sip:911@gw.example", "sips:+49112@gw.example", "sip:0049112@gw"])
def test_an_emergency_number_is_no_transfer_target(to):
    (problem,) = problems(f'name = "a"\n[transfer]\nhelp = "{to}"\n')
    assert "transfer.help" in problem
    assert ("no emergency number" in problem) == ("sip" in to)


@pytest.mark.parametrize("nested", ["x = " + "[" * 5_000 + "]" * 5_000, "x = " + "{a=" * 5_000 + "1" + "}" * 5_000])
def test_lists_within_lists_without_end_are_an_error_of_the_file(nested):
    with pytest.raises(SettingsError, match=r"deep\.toml.*fewer lists and tables"):
        parse_agent(nested, "deep.toml")


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (r'greeting = "Hello\u0000"', "greeting"),
        (r'greeting = "\u001b[31mHello"', "greeting"),
        (r'disclosure = "This call\u009b is recorded."', "disclosure"),
        (r'phrases.voicemail = "Hi\u0007"', "phrases.voicemail"),
        (r'tools = [{ name = "t", url = "https://a.com", description = "T\u0001" }]', "tools[0].description"),
    ],
)
def test_control_characters_are_named(written, place):
    with pytest.raises(SettingsError) as error:
        parse_agent(f'name = "a"\n{written}\n', file="a.toml")
    assert str(error.value).startswith(f"a.toml:2: {place}: expected text without control characters")
