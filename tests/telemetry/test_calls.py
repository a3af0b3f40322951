"""Those who watch calls do no harm to them."""

from __future__ import annotations

from typing import Any

from phoneagent.telemetry.calls import Everyone


class Broken:
    def tell(self, call: str, at: float, name: str, values: object) -> None:
        raise ValueError("a defect of whoever watches")


class Ledger:
    def __init__(self) -> None:
        self.names: list[Any] = []

    def tell(self, call: str, at: float, name: str, values: object) -> None:
        self.names.append(name)


def test_an_observer_that_raises_keeps_the_news_from_nobody_else(capsys):
    ledger = Ledger()
    Everyone(Broken(), ledger).tell("CA1", 1.0, "turn_ended", {"caller": "my card is 4242"})
    assert ledger.names == ["turn_ended"]
    told = capsys.readouterr().out
    assert "observer_failed" in told
    assert "4242" not in told
