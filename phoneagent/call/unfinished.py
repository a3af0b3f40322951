"""What was being said when a media stream was lost."""

from __future__ import annotations

from phoneagent.conversation.entrance import Entrance
from phoneagent.conversation.meaning import normalised
from phoneagent.records import StoredCall


def unfinished(stored: StoredCall) -> Entrance:
    """How the agent comes back: what caller or agent were saying, so far as it is not in the transcript.

    A turn is written before the record forgets it as unfinished: a process that died between the two leaves both.
    """
    record = stored.record
    last = next((turn for turn in reversed(stored.turns) if turn.role != "operator"), None)
    if last is not None and last.role == "agent":
        return Entrance(heard=record.hearing)
    heard = record.hearing if last is None or last.role != "caller" else beyond(last.text, record.hearing)
    if record.saying is None:
        return Entrance(heard=heard)
    return Entrance(heard=heard, said=record.saying.said, words=record.saying.rest)


def beyond(known: str, heard: str) -> str:
    """The words that were heard after those that are known; all of them if they begin otherwise.

    >>> beyond("A table please.", "a table please for two")
    'for two'
    >>> beyond("A table please.", "A table")
    ''
    """
    words = heard.split()
    pairs = list(zip(words, known.split(), strict=False))
    return heard if any(normalised(a) != normalised(b) for a, b in pairs) else " ".join(words[len(pairs) :])
