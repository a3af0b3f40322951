"""What a Prometheus server reads from `/metrics`."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from phoneagent.telemetry.metrics import MOST_LABELS, STAGES, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and label values, in the order of the labels' names."""
    body, _ = metrics.render()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_calls_are_counted_while_they_last_and_when_they_end():
    metrics = Metrics()
    metrics.call_started()
    metrics.call_started()
    assert samples(metrics)["phoneagent_calls_in_progress",] == 2
    metrics.call_ended("inbound", "caller")
    read = samples(metrics)
    assert read["phoneagent_calls_in_progress",] == 1
    assert read["phoneagent_calls_total", "inbound", "caller"] == 1


def test_stages_of_a_turn_fall_into_buckets():
    metrics = Metrics()
    metrics.stage("response", 0.62)
    metrics.stage("response", 0.02)
    metrics.stage("first_token", 30.0)
    read = samples(metrics)
    assert read["phoneagent_stage_seconds_count", "response"] == 2
    assert read["phoneagent_stage_seconds_bucket", "0.02", "response"] == 1
    assert read["phoneagent_stage_seconds_bucket", "0.6", "response"] == 1
    assert read["phoneagent_stage_seconds_bucket", "0.7", "response"] == 2
    assert read["phoneagent_stage_seconds_bucket", "10.0", "first_token"] == 0
    assert read["phoneagent_stage_seconds_bucket", "+Inf", "first_token"] == 1


def test_every_stage_is_there_before_the_first_call():
    read = samples(Metrics())
    assert {stage for stage in STAGES if read.get(("phoneagent_stage_seconds_count", stage)) == 0} == set(STAGES)


def test_what_goes_wrong_is_counted_by_its_kind():
    metrics = Metrics()
    metrics.interrupted()
    metrics.event_ignored("MarkPlayed")
    metrics.event_ignored("MarkPlayed")
    metrics.provider_failed("deepgram", "timeout")
    metrics.webhook_refused("signature")
    read = samples(metrics)
    assert read["phoneagent_interruptions_total",] == 1
    assert read["phoneagent_ignored_events_total", "MarkPlayed"] == 2
    assert read["phoneagent_provider_errors_total", "timeout", "deepgram"] == 1
    assert read["phoneagent_webhooks_refused_total", "signature"] == 1


def test_what_speculation_saves_and_wastes_is_counted():
    metrics = Metrics()
    metrics.speculation_paid(0.14)
    metrics.speculation_paid(0.5)
    metrics.speculation_lost(12)
    metrics.turn_taking("filler")
    read = samples(metrics)
    assert read["phoneagent_speculative_replies_total", "paid"] == 2
    assert read["phoneagent_speculative_replies_total", "lost"] == 1
    assert read["phoneagent_speculation_saved_seconds_total",] == pytest.approx(0.64)
    assert read["phoneagent_speculation_wasted_tokens_total",] == 12
    assert read["phoneagent_turn_taking_total", "filler"] == 1


def test_greeting_and_loop_lag_have_their_histograms():
    metrics = Metrics()
    metrics.greeted(0.004)
    metrics.loop_lagged(0.03)
    metrics.tasks(7)
    read = samples(metrics)
    assert read["phoneagent_greeting_seconds_bucket", "0.005"] == 1
    assert read["phoneagent_event_loop_lag_seconds_bucket", "0.02"] == 0
    assert read["phoneagent_event_loop_lag_seconds_bucket", "0.05"] == 1


def test_invented_labels_do_not_fill_the_memory():
    metrics = Metrics()
    for number in range(3 * MOST_LABELS):
        metrics.call_ended("inbound", f"reason {number}")
    metrics.call_ended("inbound", "reason 0")
    read = samples(metrics)
    reasons = [key for key in read if key[0] == "phoneagent_calls_total"]
    assert len(reasons) == MOST_LABELS + 1
    assert read["phoneagent_calls_total", "other", "other"] == 2 * MOST_LABELS
    assert read["phoneagent_calls_total", "inbound", "reason 0"] == 2


def test_two_servers_in_a_process_count_for_themselves():
    one, other = Metrics(), Metrics()
    one.interrupted()
    assert samples(other)["phoneagent_interruptions_total",] == 0
    assert not any(family.name.startswith("phoneagent") for family in REGISTRY.collect())


def test_a_prometheus_server_is_told_the_format():
    _, content_type = Metrics().render()
    assert content_type.startswith("text/plain; version=")
