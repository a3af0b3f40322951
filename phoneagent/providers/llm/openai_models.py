"""What OpenAI's models take in a chat completion, by family: data, and how a request is made to fit it. Pure.

Every agent has tools (`end_call` at least), and from gpt-5.2 on chat completions take tools only from a model that does
not reason: `reasoning_effort` must be "none", and from gpt-5.5 on it must be said, because they reason unless told not
to. Some cannot be told: they have their tools by the Responses interface alone.

Known as of 2026-11-30. A model that is not in the table gets the rules of the newest of its kind before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from phoneagent.records import ProviderChoice

DEFAULT_MODEL = "gpt-5.4-mini"
ADVICE = "gpt-6-luna, gpt-6.1-terra or gpt-5.4-mini"  # have tools by chat completions, and no end that was announced
OPENAIS_OWN = ("", "openai", "azure")
"""Flavors, as an agent file names them, of servers where OpenAI's names of models are OpenAI's models. Where nothing is
said that counts for proxies too: nobody else's models have these names.
"""
NONE = "none"
QUICK = "low"  # the effort for what is written without tools, a summary such as callers wait for
ROOM_FOR_THOUGHTS = 2_000  # tokens beside the answer's own limit: the vendor counts thoughts as a part of the answer
LIMITS: Final = ("max_completion_tokens", "max_tokens")
TEMPERATURE = 1  # the only one that a model takes while it reasons


@dataclass(frozen=True, slots=True)
class Family:
    """Models with the same rules.

    `efforts` are the values of `reasoning_effort` that they take, the least first; without any they do not reason, and
    refuse the field. `usual`: the effort where a request names none. `with_tools`: the efforts that they take together
    with tools. `chat`: whether they answer chat completions at all. `refuses`: fields that they do not take.
    `token_limit`: the only field that limits an answer; empty where the older name does too.
    """

    efforts: tuple[str, ...] = ()
    usual: str = ""
    with_tools: tuple[str, ...] = ()
    chat: bool = True
    refuses: frozenset[str] = frozenset()
    token_limit: str = "max_completion_tokens"

    @property
    def takes_tools(self) -> bool:
        return self.chat and (not self.efforts or bool(self.with_tools))

    def allowed(self, *, tools: bool) -> tuple[str, ...]:
        return self.with_tools if tools else self.efforts

    def effort(self, wanted: str, *, tools: bool) -> str:
        """The effort to ask for; empty where the field is better left out."""
        allowed = self.allowed(tools=tools)
        if wanted in allowed:
            return wanted
        if not allowed or self.usual == NONE:
            return ""
        return QUICK if not tools and QUICK in allowed else allowed[0]

    def takes_temperature(self, effort: str) -> bool:
        return not self.efforts or (effort or self.usual) == NONE

    def fitting(self, options: Mapping[str, Any], *, tools: bool) -> dict[str, Any]:
        """The fields of a request as these models take them."""
        fitting = {name: value for name, value in options.items() if name not in self.refuses}
        effort = self.effort(fitting.pop("reasoning_effort", ""), tools=tools)
        if effort:
            fitting["reasoning_effort"] = effort
        if not self.takes_temperature(effort):  # it reasons
            fitting.pop("temperature", None)
            room = {name: value + ROOM_FOR_THOUGHTS for name, value in fitting.items() if name in LIMITS}
            fitting |= room
        return fitting


@dataclass(frozen=True, slots=True)
class _Row:
    """A family, and which models it has: those of these kinds from this version on, until a later row has them."""

    series: str  # "gpt", or "o" of o1, o3, o4
    since: tuple[int, int]
    kinds: tuple[str, ...]  # "": a name without any
    family: Family
    source: str


_ALL = ("none", "minimal", "low", "medium", "high", "xhigh")  # `max` is for the Responses interface
_FROM_NONE = ("none", "low", "medium", "high", "xhigh")
_FROM_LOW = _ALL[2:]
_OLD = frozenset({"verbosity"})
_PLAIN = Family(refuses=_OLD, token_limit="")
_GPT_5 = Family(_ALL[1:5], "medium", _ALL[1:5])
_SILENT = Family(_FROM_NONE, NONE, (NONE,))  # does not reason unless it is asked to
_TALKED_OUT = Family(_FROM_NONE, "medium", (NONE,))  # reasons unless it is asked not to
_ALWAYS = Family(_FROM_LOW, "medium")
_RESPONSES_ONLY = Family(_FROM_LOW, "medium", chat=False)
_O = Family(_ALL[2:5], "medium", _ALL[2:5], refuses=_OLD | {"parallel_tool_calls"})

FAMILIES: Final = (
    _Row("gpt", (3, 0), ("", "mini", "nano", "chat"), _PLAIN, "developers.openai.com/api/docs/models, 2026-10"),
    _Row("gpt", (5, 0), ("", "mini", "nano"), _GPT_5, "developers.openai.com/api/docs/guides/reasoning, 2026-09"),
    _Row("gpt", (5, 0), ("chat",), Family(), "developers.openai.com/api/docs/models/gpt-5-chat-latest, 2025-09"),
    _Row(
        "gpt",
        (5, 1),
        ("",),
        Family(_FROM_NONE[:4], NONE, _FROM_NONE[:4]),
        "API reference, reasoning_effort: gpt-5.1 defaults to none; nobody reports that it refuses tools, 2025-12",
    ),
    _Row("gpt", (5, 1), ("chat",), Family(("medium",), "medium", ("medium",)), "chatwise-releases#1257, 2026-02"),
    _Row("gpt", (5, 2), ("",), _SILENT, "livekit/agents#5088, fazer-ai/agents#66, 2026-03"),
    _Row("gpt", (5, 4), ("", "mini", "nano"), _SILENT, "pipecat#4043, openai/openai-openapi#541, 2026-05"),
    _Row("gpt", (5, 5), ("", "mini", "nano"), _TALKED_OUT, "Science-Discovery/Aether#1026, 2026-06"),
    _Row("gpt", (5, 6), ("luna", "terra", "sol"), _TALKED_OUT, "litellm#34569, livekit/agents#7169, 2026-09"),
    _Row("gpt", (6, 0), ("astra",), _ALWAYS, "genkit#6303, bolna#1019: `none` is refused, and tools with all, 2026-09"),
    _Row("gpt", (6, 0), ("luna", "sol"), _TALKED_OUT, "developers.openai.com/api/docs/models/gpt-6-luna, 2026-11"),
    _Row("gpt", (6, 1), ("sol",), _ALWAYS, "docs.laozhang.ai gpt-6-chat-tools-2026-11; litellm #52347 of 6.2, 2026-11"),
    _Row("gpt", (6, 1), ("terra",), _TALKED_OUT, "docs.litellm.ai/blog/gpt-6-1-terra: from none to max, 2026-10"),
    _Row("gpt", (3, 0), ("pro", "codex", "deep-research"), _RESPONSES_ONLY, "developers.openai.com models, 2026-10"),
    _Row("o", (1, 0), ("", "mini"), _O, "developers.openai.com/api/docs/guides/reasoning, 2026-09"),
    _Row("o", (1, 0), ("pro", "deep-research"), _RESPONSES_ONLY, "developers.openai.com models, 2026-10"),
)  # fmt: skip

_KINDS = {
    "pro", "codex", "deep-research", "chat", "mini", "nano", "luna", "terra", "sol", "astra",
}  # fmt: skip
_NAME = re.compile(
    r"(?:ft:)?(?:(?P<gpt>gpt)-|(?P<o>o))(?P<major>\d{1,2})(?:\.(?P<minor>\d{1,2}))?o?(?P<rest>-[^:]*|)(?::.*)?"
)
_AZURES = {"gpt-35": "gpt-3.5"}  # where a name has no dots
_FIRST = ("pro", "codex", "deep-research", "chat")  # tell more than a size that stands beside them: gpt-5.1-codex-mini


@lru_cache(maxsize=256)
def family_of(model: str) -> Family | None:
    """The family of a model, dated snapshots and fine-tuned versions too, by its name; None if it is not OpenAI's."""
    name = model.lower()
    for short, full in _AZURES.items():
        name = full + name.removeprefix(short) if name.startswith(short) else name
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    series, version = found["gpt"] or found["o"], (int(found["major"]), int(found["minor"] or 0))
    kind = _kind(found["rest"])
    rows = [row for row in FAMILIES if row.series == series and row.since <= version]
    fitting = [row for row in rows if kind in row.kinds] or [row for row in rows if "" in row.kinds]
    return max(fitting, key=lambda row: row.since).family if fitting else None


def _kind(rest: str) -> str:
    words = rest.replace("deep-research", "deep_research").split("-")
    kinds = [word.replace("_", "-") for word in words if word.replace("_", "-") in _KINDS]
    return min(kinds, key=lambda kind: kind not in _FIRST) if kinds else ""


def misfits(choice: ProviderChoice, *, tools: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """What a model does not take of what is chosen for it: the key, and what to write instead.

    Nothing where the options have another `flavor` than OpenAI's: its server has rules of its own.
    """
    if choice.provider != "openai" or choice.options.get("flavor", "") not in OPENAIS_OWN:
        return
    model = choice.model or DEFAULT_MODEL
    family = family_of(model)
    if family is None:
        return
    if not family.chat or (tools and not family.takes_tools):
        does = "takes tools" if family.chat else "answers"
        problem = (
            f"expected a model that {does} by chat completions, such as {ADVICE}, got {model!r}: it {does} by OpenAI's "
            "Responses interface alone, which is not spoken here. If your server is another one, say so in its "
            'options: flavor = "compatible"'
        )
        yield ("model",), problem
        return
    extra = choice.options.get("extra_body")
    options = {**choice.options, **(extra if isinstance(extra, Mapping) else {})}
    yield from _option_misfits(model, family, options, tools=tools)


def _option_misfits(
    model: str, family: Family, options: Mapping[str, Any], *, tools: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    allowed, wanted = family.allowed(tools=tools), options.get("reasoning_effort")
    if wanted and wanted not in allowed:
        reason = " together with tools, which every agent has" if tools and wanted in family.efforts else ""
        expected = " or ".join(f'"{effort}"' for effort in allowed)
        expected = f"{expected}, or nothing" if expected else "nothing"
        yield (
            ("options", "reasoning_effort"),
            f"expected {expected}: {model} takes no other{reason}, got {wanted!r}",
        )
    temperature, effort = options.get("temperature"), family.effort(wanted or "", tools=tools)
    if temperature not in (None, TEMPERATURE) and not family.takes_temperature(effort):
        mend = f', or reasoning_effort = "{NONE}"' if NONE in allowed else ""
        yield (
            ("options", "temperature"),
            f"expected nothing{mend}: {model} takes none while it reasons, got {temperature}",
        )
    if options.get("verbosity") and "verbosity" in family.refuses:
        yield ("options", "verbosity"), f"expected nothing: {model} does not take it, got {options['verbosity']!r}"
