"""What calls tell, as log lines and metrics: two lines a call, one a turn, none a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from phoneagent.ports import Observer
from phoneagent.private import Private

from .metrics import STAGES, Metrics

log = structlog.stdlib.get_logger("phoneagent.calls")


class CallTelemetry:
    """An `Observer`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        metrics = self._metrics
        match name:
            case "call_started":
                metrics.call_started()
                log.info(name, call=call, **values)
            case "call_left":
                metrics.call_ended(values["direction"], values["reason"])
                log.info("call_ended", call=call, reason=values["reason"], seconds=round(at, 2))
            case "turn_ended":
                self._turn(call, values)
            case "first_frame_sent":
                metrics.greeted(values["seconds"])
            case "interrupted":
                metrics.interrupted()
            case "resumed" | "backchannel" | "agreed" | "check_in" | "echo" | "filler":
                metrics.turn_taking(name)
            case "speculation_paid":
                metrics.speculation_paid(values["seconds"])
            case "speculation_lost":
                metrics.speculation_lost(values["tokens"])
            case "ignored":
                metrics.event_ignored(values["event"])
                log.debug("event_ignored", call=call, kind=values["event"], state=values["state"])
            case "message_ignored":
                metrics.event_ignored(values["what"])
                if values["first"]:
                    log.info(name, call=call, what=values["what"])
            case "frames_missing":
                log.warning(name, call=call, seconds=values["seconds"])
            case "provider_failed":
                metrics.provider_failed(values["provider"], values.get("kind", "error"))
                log.warning(name, call=call, **values)
            case "tool_repeated" | "tool_refused":
                log.warning(name, call=call, tool=values["tool"])
            case "tool_rounds_over":
                log.warning(name, call=call, rounds=values["rounds"])
            case "reply_failed" | "ears_failed":
                log.warning(name, call=call, problem=values["problem"])
            case "message":
                metrics.message(values["outcome"])
            case "refused":
                metrics.webhook_refused(values["reason"])
            case "deadline":
                log.debug("deadline", call=call, at=round(at, 3), **values)
            case _:
                pass  # for those who watch one call: the console, the demo

    def _turn(self, call: str, values: Mapping[str, Any]) -> None:
        latency = values["latency"]
        for stage in STAGES:
            if stage in latency:
                self._metrics.stage(stage, latency[stage])
        if "heard" in latency:
            self._metrics.stage("response", latency["heard"])
        log.info(
            "turn_ended",
            call=call,
            reply=values["reply"],
            kind=values["kind"],
            caller=Private(values["caller"]),
            agent=Private(values["agent"]),
            interrupted=values["interrupted"],
            **latency,
        )


class Everyone:
    """Tells several observers; one that raises does no harm to the call."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        for observer in self._observers:
            try:
                observer.tell(call, at, name, values)
            except Exception as error:  # noqa: BLE001 - users bring observers: what they raise is not ours to know
                # Its text may hold private values: only its kind is told.
                log.warning("observer_failed", call=call, told=name, error=type(error).__name__)
