"""What `/metrics` shows, in a registry of its own: two servers in one process do not count for each other."""

from __future__ import annotations

from typing import Final, Generic, Literal, TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

Metric = TypeVar("Metric", Counter, Histogram)

Stage = Literal["end_of_turn", "first_token", "first_phrase", "first_audio", "heard", "response"]
STAGES: Final[tuple[Stage, ...]] = ("end_of_turn", "first_token", "first_phrase", "first_audio", "heard", "response")

# Seconds. Fine where turns are won or lost: 80 ms is our own share, 200 ms the gap between people, 0.9 to 1.4 s what
# callers get elsewhere; 10 s is where a caller has hung up.
STAGE_BUCKETS: Final = (
    0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0,
    4.0, 5.0, 7.0, 10.0,
)  # fmt: skip

# Seconds. A cached greeting is on the wire within one turn of the loop; 30 ms is its limit.
GREETING_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

# Seconds. 20 ms is a frame: a loop later than that makes every call on it late.
LAG_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)

MOST_LABELS: Final = 100  # values of a label; a carrier that invents reasons must not fill the memory
OTHER: Final = "other"  # what further values count as


class Metrics:
    """Counts and times of one server. Every method is cheap: the labelled children are looked up in a dict.

    `shared`: the folder in which the processes of one server count together, in prometheus_client's multiprocess mode;
    whoever is asked tells the sum. The library looks for that mode in the environment when it is imported.
    """

    def __init__(self, *, shared: str = "") -> None:
        self._shared = shared
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="", registry=self._registry)
        calls = Gauge(
            "phoneagent_calls_in_progress",
            "Calls that are held now",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._calls_in_progress = calls
        self._tasks = Gauge(
            "phoneagent_tasks",
            "Tasks of the event loop; without calls always as many",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._calls = _Labelled(
            Counter("phoneagent_calls", "Calls that have ended", ("direction", "reason"), registry=self._registry)
        )
        self._stages = _Labelled(
            Histogram(
                "phoneagent_stage_seconds",
                "Parts of the response latency; `response` is the whole, from the caller's last voiced frame to the "
                "first audible frame of the reply",
                ("stage",),
                buckets=STAGE_BUCKETS,
                registry=self._registry,
            )
        )
        self._interruptions = Counter(
            "phoneagent_interruptions", "Replies that the caller cut short", registry=self._registry
        )
        self._moments = _Labelled(
            Counter(
                "phoneagent_turn_taking",
                "What happened between the turns: resumed, backchannel, echo, filler",
                ("what",),
                registry=self._registry,
            )
        )
        self._speculative = _Labelled(
            Counter(
                "phoneagent_speculative_replies",
                "Replies begun before the caller's turn was certain to be over: paid or lost",
                ("outcome",),
                registry=self._registry,
            )
        )
        self._saved = Counter(
            "phoneagent_speculation_saved_seconds", "What replies that paid were ahead", registry=self._registry
        )
        self._wasted = Counter(
            "phoneagent_speculation_wasted_tokens",
            "What models wrote of replies that were lost",
            registry=self._registry,
        )
        self._hedged = Counter(
            "phoneagent_hedged_requests",
            "Requests to a mind that were made once more, for its first word was late",
            registry=self._registry,
        )
        self._hedges_won = Counter(
            "phoneagent_hedges_won", "Second requests that were answered first", registry=self._registry
        )
        self._ignored = _Labelled(
            Counter(
                "phoneagent_ignored_events",
                "Events that were impossible when they came",
                ("event",),
                registry=self._registry,
            )
        )
        self._provider_errors = _Labelled(
            Counter(
                "phoneagent_provider_errors",
                "Failures of ears, mind and voice",
                ("provider", "kind"),
                registry=self._registry,
            )
        )
        self._circuits = Gauge(
            "phoneagent_provider_circuit_open",
            "Processes in which a provider is left alone, for it has failed too often",
            ("part", "provider"),
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._fallbacks = _Labelled(
            Counter(
                "phoneagent_fallbacks",
                "Times that another provider than the first one has done the work",
                ("part", "provider"),
                registry=self._registry,
            )
        )
        self._refused = _Labelled(
            Counter(
                "phoneagent_webhooks_refused",
                "Webhooks and media sockets that were turned away",
                ("reason",),
                registry=self._registry,
            )
        )
        self._messages = _Labelled(
            Counter(
                "phoneagent_webhook_messages",
                "Attempts to tell the operator's systems: delivered, failed (another follows), dead (none does); and "
                "messages that were not taken: no_room (too many wait), disabled (the receiver wants none)",
                ("outcome",),
                registry=self._registry,
            )
        )
        self._greeting = Histogram(
            "phoneagent_greeting_seconds",
            "From the media stream's start to the greeting's first frame on the wire",
            buckets=GREETING_BUCKETS,
            registry=self._registry,
        )
        self._loop_lag = Histogram(
            "phoneagent_event_loop_lag_seconds",
            "How late the event loop runs what is due",
            buckets=LAG_BUCKETS,
            registry=self._registry,
        )
        for stage in STAGES:  # a dashboard wants zeros, not holes
            self._stages.child(stage)
        for outcome in ("paid", "lost"):
            self._speculative.child(outcome)
        for outcome in ("delivered", "failed", "dead"):
            self._messages.child(outcome)

    def call_started(self) -> None:
        """A call is in progress; `call_ended` must follow."""
        self._calls_in_progress.inc()

    def call_ended(self, direction: Literal["inbound", "outbound"], reason: str) -> None:
        self._calls_in_progress.dec()
        self._calls.child(direction, reason).inc()

    def stage(self, stage: Stage, seconds: float) -> None:
        """One stage of one turn's waterfall."""
        self._stages.child(stage).observe(seconds)

    def interrupted(self) -> None:
        self._interruptions.inc()

    def turn_taking(self, what: str) -> None:
        """`what` is one of few words: `resumed`, `backchannel`, `echo`, `filler`."""
        self._moments.child(what).inc()

    def speculation_paid(self, seconds: float) -> None:
        """A reply begun ahead became the answer."""
        self._speculative.child("paid").inc()
        self._saved.inc(seconds)

    def speculation_lost(self, tokens: int) -> None:
        """A reply begun ahead was dropped."""
        self._speculative.child("lost").inc()
        self._wasted.inc(tokens)

    def hedged(self) -> None:
        """A mind was asked a second time."""
        self._hedged.inc()

    def hedge_won(self) -> None:
        """The second request was answered first."""
        self._hedges_won.inc()

    def event_ignored(self, event: str) -> None:
        """An impossible event, by the name of its type."""
        self._ignored.child(event).inc()

    def provider_failed(self, provider: str, kind: str) -> None:
        """`kind` is one of few words: `timeout`, `refused`, `closed`, ..."""
        self._provider_errors.child(provider, kind).inc()

    def circuit(self, part: str, provider: str, is_open: bool) -> None:
        """A provider's circuit has opened or closed; there are as many as the agents name."""
        self._circuits.labels(part, provider).set(int(is_open))

    def fell_back(self, part: str, provider: str) -> None:
        """`provider` has stood in for the first one of this part."""
        self._fallbacks.child(part, provider).inc()

    def webhook_refused(self, reason: str) -> None:
        """`reason` is one of few words: `signature`, `token`, `overload`, ..."""
        self._refused.child(reason).inc()

    def message(self, outcome: str) -> None:
        """What has become of a message to the operator's systems, or of an attempt."""
        self._messages.child(outcome).inc()

    def greeted(self, seconds: float) -> None:
        """From the stream's start to the greeting's first frame."""
        self._greeting.observe(seconds)

    def loop_lagged(self, seconds: float) -> None:
        self._loop_lag.observe(seconds)

    def tasks(self, count: int) -> None:
        """So many are there now."""
        self._tasks.set(count)

    def render(self) -> tuple[bytes, str]:
        """The body of `/metrics` and its content type."""
        registry = self._registry
        if self._shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self._shared)  # type: ignore[no-untyped-call]  # the library has no types for it
        return generate_latest(registry), CONTENT_TYPE_LATEST


class _Labelled(Generic[Metric]):
    """The children of a labelled metric by their values, and not more of them than MOST_LABELS."""

    def __init__(self, metric: Metric) -> None:
        self._metric: Metric = metric
        self._children: dict[tuple[str, ...], Metric] = {}

    def child(self, *values: str) -> Metric:
        child = self._children.get(values)
        if child is None:
            if len(self._children) >= MOST_LABELS:
                values = (OTHER,) * len(values)
            child = self._children[values] = self._metric.labels(*values)
        return child
