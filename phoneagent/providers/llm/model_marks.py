"""The marks between which models write what is not to be said, family by family. Pure.

From the chat templates of Qwen, Hermes, Llama, Mistral, DeepSeek, Kimi, GLM, Granite, Phi, Gemma, MiniMax, Seed,
gpt-oss (harmony) and Claude. Names are compared without case, `_`, `-` and `▁`, which families write differently.
"""

from __future__ import annotations

import re

LONGEST_TAG = 300  # characters of its attributes; a longer one is no tag
LONGEST_TOKEN = 60  # characters of a control token; the longest known has 30
LONGEST_END = 80  # characters of whatever ends something
_WHITE = r"\s{0,40}"  # as much as anybody writes between two marks; without a bound nothing would ever be certain

THOUGHTS = frozenset(
    "think thinking thought thoughts reason reasoning reflection reflect scratchpad analysis monologue innermonologue "
    "internalmonologue internalthought internalthoughts innerthought innerthoughts antthinking cot chainofthought "
    "deliberation rationale toolresponse toolresponses toolresult toolresults functionresult functionresults "
    "functionresponse".split()
)
"""What nobody is to hear; results of tools, too, which only a model that dreams writes itself."""

CALLS = frozenset(
    "toolcall toolcalls functioncall functioncalls tooluse tooluses function invoke toolcode usetool executetool "
    "calltool tool".split()
)
WRAPPERS = frozenset("answer final finalanswer response output reply speech message".split())
"""Tags around what is said: they are dropped."""

PARTIES = frozenset("startofturn start imstart startheaderid".split())
"""Behind these stands whose turn begins."""

ENDS = frozenset(
    "eos endofturn eot eom endoftext imend eotid eomid end endofsentence endofmessage return call endofresponse".split()
)
"""The model's turn is over. What it writes behind them is a conversation that it dreams of."""

SILENT = frozenset("s bos pad unk sep cls mask".split())
OURS = frozenset(("assistant", "model", "ai", None))
"""Parties that are the model itself."""

SPACES = ("seed", "antml", "minimax", "ant", "anthropic", "claude", "glm", "qwen", "kimi", "deepseek", "mistral")
"""What may stand before a tag's name and a colon."""

_SPACE = rf"(?:(?:{'|'.join(SPACES)}):)?"

TAG = re.compile(rf"<(/?)({_SPACE})([A-Za-z][\w-]{{0,60}})((?:[\s=/][^<>]{{0,{LONGEST_TAG}}})?)>", re.ASCII)
TAG_BEGUN = re.compile(rf"<(/?)({_SPACE})([A-Za-z][\w-]{{0,60}})?([\s=/][^<>]{{0,{LONGEST_TAG}}})?\Z", re.ASCII)
TOKEN = re.compile(rf"<[|｜]([^<>|｜\n]{{0,{LONGEST_TOKEN}}})[|｜]>")
TOKEN_BEGUN = re.compile(rf"<[|｜][^<>|｜\n]{{0,{LONGEST_TOKEN}}}[|｜]?\Z")
PARTY = re.compile(rf"{_WHITE}(?:([a-z]{{1,20}})(?=[^a-z])|(?=[^a-z\s]))")

BRACKETED = (
    "think", "thinking", "thought", "reasoning", "tool_call", "tool_calls", "tool_results", "args", "inst",
    "system_prompt", "available_tools",
)  # fmt: skip
"""Mistral's marks stand in square brackets."""

BRACKET = re.compile(rf"\[(/?)({'|'.join(BRACKETED)})\]", re.IGNORECASE)
BRACKET_BEGUN = re.compile(r"\[/?([a-z_]*)\Z", re.IGNORECASE)
LOZENGE = re.compile(r"◁(/?)\w{1,30}▷")
LOZENGE_BEGUN = re.compile(r"◁/?\w{0,30}\Z")

FENCE = re.compile(rf"```([\w.+-]{{0,30}})(?![\w.+-]){_WHITE}(?=(\S))")
FENCE_BEGUN = re.compile(rf"`{{1,2}}\Z|```[\w.+-]{{0,30}}{_WHITE}\Z")
FENCE_ENDS = re.compile("```")
OBJECT = re.compile(rf"(?:\[{_WHITE})?\{{{_WHITE}[\"']([^\"'\s]{{1,100}})[\"']")
OBJECT_BEGUN = re.compile(rf"(?:\[{_WHITE})?(?:\{{{_WHITE}(?:[\"']([^\"'\s]{{0,100}}))?)?\Z")


_SAYS_WHERE = re.compile(
    r"(?:^|[/-])(?:gpt|chatgpt|o\d|claude|gemini|gemma|llama|mistral|mixtral|ministral|phi|command|granite|qwen2)",
    re.IGNORECASE,
)
_THINKS_FIRST = re.compile(r"r1\b|think|reason|qwq|magistral", re.IGNORECASE)


def says_where_thoughts_begin(model: str) -> bool:
    """Whether a model of this name writes no thoughts, or where they begin.

    Of others the beginning may stand in the template: `…</think>` is then all that can be seen (DeepSeek R1, QwQ and
    Qwen's thinking models on servers without a reasoning parser). So their first answer is not spoken before it is
    whole; from then on it is known.
    """
    return bool(_SAYS_WHERE.search(model)) and not _THINKS_FIRST.search(model)


def squeezed(name: str) -> str:
    """A name as it is compared."""
    return re.sub(r"[\s_▁-]", "", name).lower()


def _spelled(names: frozenset[str]) -> str:
    return "|".join("[_-]?".join(name) for name in sorted(names, key=len, reverse=True))


THOUGHT_BEGINS = re.compile(
    rf"<{_SPACE}(?:{_spelled(THOUGHTS)})[\s>]|\[(?:think|thinking|thought|reasoning)\]|◁\w{{1,30}}▷"
    r"|<[|｜](?:begin[_▁]of[_▁]thought|think\w{0,10})[|｜]>",
    re.IGNORECASE,
)
THOUGHT_ENDS = re.compile(
    rf"</{_SPACE}(?:{_spelled(THOUGHTS)})\s{{0,5}}>|\[/(?:think|thinking|thought|reasoning|tool_results)\]|◁/\w{{1,30}}▷"
    r"|<[|｜](?:end[_▁]of[_▁]thought|/think\w{0,10})[|｜]>",
    re.IGNORECASE,
)

# gpt-oss writes in channels: <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…
HEADER_ENDS = re.compile(r"<\|message\|>")
CHANNEL_ENDS = re.compile(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)")
CHANNEL_TO = re.compile(r"\bto=([\w.-]{1,100})")

TURN_GOES_ON = re.compile(r"(?=<\|(?:start|channel)\|>)")
NEVER = re.compile(r"(?!)")
BRACKETED_CALLS_END = re.compile(r"\[/TOOL_CALLS?\]|</s>", re.IGNORECASE)


def tag_end(name: str) -> re.Pattern[str]:
    """What ends a call in a tag of this name."""
    return re.compile(rf"</{_SPACE}{re.escape(name)}\s{{0,5}}>", re.IGNORECASE)


def token_end(written: str) -> re.Pattern[str]:
    """What ends a call that began with this control token."""
    bare = re.escape(re.sub(r"[_▁](?:begin|start)\Z", "", written))
    return re.compile(rf"<[|｜](?:{bare}[_▁]end|/{bare}|eom_id|eot_id|im_end|action_end|end|endoftext)[|｜]>")


def begins_call(token: str) -> bool:
    """Whether a control token stands before a call."""
    name = squeezed(token)
    called = "tool" in name or "functioncall" in name or name in ("pythontag", "actionstart", "pluginstart")
    return called and not name.endswith("end") and not name.startswith("/")
