"""OpenAI's models as the simulated OpenAI has them: which there are, until when, and what each refuses.

Written from the vendor's pages and from what its API answered to people who asked for help, on purpose apart from what
the product knows of models. Compared on 2026-11-30.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SHUTDOWNS: Final[Mapping[str, str | None]] = {
    "gpt-5.4-mini": None,
    "gpt-6.2-astra": None,
    "gpt-6.2-sol": None,
    "gpt-6.1-sol": None,
    "gpt-6.1-terra": None,
    "gpt-6-astra": None,
    "gpt-6-sol": None,
    "gpt-6-luna": None,
    "gpt-5.6-sol": None,
    "gpt-5.6-terra": None,
    "gpt-5.6-luna": None,
    "gpt-5.5": None,
    "gpt-5.5-2026-04-23": None,
    "gpt-5.5-pro": None,
    "gpt-5.4": None,
    "gpt-5.4-mini-2026-03-17": None,
    "gpt-5.4-nano": "2027-04-01",
    "gpt-5.4-nano-2026-03-17": "2027-04-01",
    "gpt-5.3-codex": None,
    "gpt-5.2": None,
    "gpt-5.2-2025-12-11": None,
    "gpt-5.2-pro": None,
    "gpt-5.1": "2027-04-01",
    "gpt-5.1-2025-11-13": "2027-04-01",
    "gpt-5": "2026-12-11",
    "gpt-5-2025-08-07": "2026-12-11",
    "gpt-5-mini": "2026-12-11",
    "gpt-5-mini-2025-08-07": "2026-12-11",
    "gpt-5-nano": "2026-12-11",
    "gpt-5-pro": "2026-12-11",
    "o3": "2026-12-11",
    "o3-pro": "2026-12-11",
    "gpt-4.1": "2027-01-14",
    "gpt-4.1-2025-04-14": "2027-01-14",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-4.1-mini-2025-04-14": "2027-01-14",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
}
"""`shutdown_date` in the list of models. Sources: developers.openai.com/api/docs/deprecations, and the names in the
types of SDK 3.54; 6.1-terra and 6.2 are newer (docs.litellm.ai/blog/gpt-6-1-terra, BerriAI/litellm discussion 52347).
"""

MODELS: Final = tuple(SHUTDOWNS)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a model takes. `tools`: `any` effort with them, `none` or omitted, `said` to be none, or `never`."""

    models: str  # a regular expression of whole names, without the date of a snapshot
    efforts: tuple[str, ...]  # without any it is no reasoning model
    default: str
    tools: str
    source: str
    verbosity: bool = True
    parallel_tool_calls: bool = True
    max_tokens: bool = False
    responses_only: bool = False
    cache_writes: bool = False  # what is kept of a prompt is counted (from gpt-5.6 on: prompt caching guide)


_UP_TO_XHIGH = ("low", "medium", "high", "xhigh")

RULES: Final = (
    Rules(
        r".*-(pro|codex|deep-research)\b.*",
        _UP_TO_XHIGH,
        "medium",
        "never",
        "developers.openai.com/api/docs/models: endpoints of gpt-5-pro, gpt-5.1-codex, o3-pro",
        responses_only=True,
    ),
    Rules(
        r"gpt-(6(\.\d)?-astra|6\.[1-9]-sol)",
        _UP_TO_XHIGH,
        "medium",
        "never",
        "genkit-ai/genkit#6303: tools are refused with each of them, and `none` is; litellm discussion 52347 (6.2)",
        cache_writes=True,
    ),
    Rules(
        r"gpt-(6(\.\d)?|5\.6)(-(luna|sol|terra))?",
        ("none", *_UP_TO_XHIGH),
        "medium",
        "said",
        "BerriAI/litellm#34569: tools alone 400, with low 400, with none 200; livekit/agents#7169; onyx#15008 (6-sol)",
        cache_writes=True,
    ),
    Rules(r"gpt-5\.5", ("none", *_UP_TO_XHIGH), "medium", "said", "Science-Discovery/Aether#1026"),
    Rules(
        r"gpt-5\.(2|4)(-(mini|nano))?",
        ("none", *_UP_TO_XHIGH),
        "none",
        "none",
        "pipecat-ai/pipecat#4043, livekit/agents#5088, fazer-ai/agents#66",
    ),
    Rules(r"gpt-5\.[123]-chat-latest", ("medium",), "medium", "any", "egoist/chatwise-releases#1257"),
    Rules(r"gpt-5\.1", ("none", "low", "medium", "high"), "none", "any", "API reference: reasoning_effort"),
    Rules(r"gpt-5(-(mini|nano))?", ("minimal", "low", "medium", "high"), "medium", "any", "ag2ai/ag2#2008"),
    Rules(
        r"o[134](-mini)?",
        ("low", "medium", "high"),
        "medium",
        "any",
        "developers.openai.com/api/docs/guides/reasoning",
        verbosity=False,
        parallel_tool_calls=False,
    ),
    Rules(r"gpt-[34].*", (), "", "any", "developers.openai.com/api/docs/models", verbosity=False, max_tokens=True),
)  # fmt: skip

DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@lru_cache(maxsize=256)
def rules_of(model: str) -> Rules | None:
    """What this model takes; None if it is none of OpenAI's."""
    name = DATED.sub("", model)
    return next((rules for rules in RULES if re.fullmatch(rules.models, name)), None)
