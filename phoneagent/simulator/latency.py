"""How long the simulated providers take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds that a provider adds and the product cannot take away. The defaults are the vendors' own figures.

    A server's `latencies` may be replaced while it runs; connections that are open keep theirs.
    """

    flux_start_of_turn: float = 0.180
    """From the first voiced frame received to `StartOfTurn`, and to `TurnResumed`."""
    flux_eager_end_of_turn: float = 0.120
    """From the last voiced frame received to `EagerEndOfTurn`."""
    flux_end_of_turn: float = 0.260
    """From the last voiced frame received to `EndOfTurn`: Deepgram's median at its default thresholds."""
    nova_speech_started: float = 0.100
    """From the first voiced frame received to `SpeechStarted`."""
    nova_results: float = 0.150
    """From the frame that completes a segment (the last of the endpointing silence) to its `Results`."""
    first_token: float = 0.250
    """From a request to the first token of its answer."""
    tokens_per_second: float = 80.0
    first_audio: float = 0.090
    """From a text to the first of its audio."""
    speech_speed: float = 4.0
    """Seconds of speech delivered in a second."""
