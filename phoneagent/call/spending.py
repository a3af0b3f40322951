"""What a call has used so far, by who provides it, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable

from phoneagent.records import ProviderChoice
from phoneagent.usage import Part, Unit, Used, together

from .price_book import PriceList, total_of

STREAM = "media-stream"  # as a model of the carrier
RECORDING = "recording"


class Spending:
    """Counts for one call. Times are seconds since its beginning.

    `carrier` is who is paid for the line; `ears` and `voice` are whom the agent hears and speaks with, until others
    stand in. `used` is what the processes have used that had the call before, `connected` when this one's media stream
    began. `prices`: by which it is reckoned.
    """

    def __init__(
        self,
        prices: PriceList,
        *,
        carrier: str,
        direction: str,
        ears: ProviderChoice,
        voice: ProviderChoice,
        used: Iterable[Used] = (),
        connected: float = 0.0,
    ) -> None:
        self._prices = prices
        self._carrier = carrier
        self._direction = direction
        self._names = {"stt": (ears.provider, ears.model), "tts": (voice.provider, voice.model)}
        self._used: dict[tuple[Part, str, str, Unit], Used] = {}
        self._listened = connected  # until when the time of the ears is counted
        for each in used:
            self.count(each)

    def count(self, used: Used) -> None:
        """Add something: the `usage.Meter` of the call."""
        key = (used.part, used.provider, used.model, used.unit)
        known = self._used.get(key)
        self._used[key] = together(known, used) if known else used

    def spoken(self, text: str) -> None:
        """Given to the voice. Speech that is kept is not."""
        provider, model = self._names["tts"]
        self.count(Used("tts", provider, model, "characters", len(text)))

    def replaced(self, part: str, name: str, at: float) -> None:
        """Others stand in for ears or voice: `provider/model`, as they are told to people."""
        provider, _, model = name.partition("/")
        if part in self._names and (model or provider != self._names[part][0]):  # else the same one is asked again
            self._listen(at)
            self._names[part] = (provider, model)

    def used(self, at: float) -> tuple[Used, ...]:
        """All that was used in media streams until then."""
        self._listen(at)
        return tuple(self._used.values())

    def until(self, at: float) -> float:
        """What it all has cost, with the call itself."""
        return total_of((*self.used(at), call_itself(self._carrier, self._direction, at)), self._prices)

    def _listen(self, at: float) -> None:
        seconds = max(0.0, at - self._listened)
        self._listened = max(self._listened, at)
        if seconds:
            provider, model = self._names["stt"]
            self.count(Used("stt", provider, model, "seconds", seconds))
            self.count(Used("carrier", self._carrier, STREAM, "seconds", seconds))


def call_itself(carrier: str, direction: str, seconds: float) -> Used:
    """The minutes of a call, which the carrier counts from the answer to the end, whoever the caller talks to."""
    return Used("carrier", carrier, direction, "seconds", max(0.0, seconds))
