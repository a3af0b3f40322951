"""The table of one language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpeningWords:
    """Regular expressions, found in lower case, without punctuation but for "?". Only machines say what is in the first
    four; the weights are in `openings.py`.
    """

    recorder: tuple[str, ...]  # takes a message
    notice: tuple[str, ...]  # nobody can be reached, and nothing is recorded
    menu: tuple[str, ...]  # wants keys, or one of its words
    queue: tuple[str, ...]  # somebody will come to the phone, later
    likely: tuple[str, ...]  # mostly machines
    either: tuple[str, ...]  # machines, and people as well
    person: tuple[str, ...]  # asks or tells something that is for whoever calls
    chat: tuple[str, ...]  # people, mostly
    screener: tuple[str, ...]  # wants name and purpose, and tells them somebody
    holds: tuple[str, ...]  # what a screener says while it asks
