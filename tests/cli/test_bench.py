"""`phoneagent bench`: options, and what is printed of a run. The runs themselves take their time: tests/bench."""

from __future__ import annotations

import dataclasses
import io
import os

import pytest
from rich.console import Console

from phoneagent.bench.report import Cost, Distribution, Generator
from phoneagent.bench.run import Plan
from phoneagent.bench.sweep import judge
from phoneagent.bench.traffic import MOST_CALLERS
from phoneagent.cli import bench
from phoneagent.simulator.latency import Latencies
from tests.bench.made_up import made_up


def printed(show, *arguments, **options):
    page = io.StringIO()
    show(*arguments, console=Console(file=page, width=120, highlight=False), **options)
    return " ".join(page.getvalue().split())


def test_help_reads_like_a_manual(phoneagent):
    text = phoneagent("bench", "--help").stdout
    for words in ("response latency", "our share", "--sweep", "--floor", "--eager / --no-eager", "0.09", "Linux only"):
        assert words in text


def test_the_options_defaults_are_the_simulators():
    latencies = Latencies()
    assert {delay.field: delay.default for delay in bench.DELAYS} == {
        delay.field: getattr(latencies, delay.field) for delay in bench.DELAYS
    }
    assert bench.MOST_CALLS == MOST_CALLERS


@pytest.mark.parametrize(
    "options",
    [
        ("--calls", "0"),
        ("--calls", "901"),
        ("--turns", "0"),
        ("--seconds-between", "-1"),
        ("--first-token", "-0.1"),
        ("--tokens-per-second", "0"),
        ("--agent", "nowhere.toml"),
        ("--pin", "100000"),
        ("--target", "voice.example.net"),
        ("--target", "ftp://voice.example.net/"),
        ("--target-pid", "1"),
        ("--target-pid", "99999999", "--target", "http://127.0.0.1:9/"),
        ("--agent", __file__, "--target", "http://127.0.0.1:9/"),
        ("--eager", "--target", "http://127.0.0.1:9/"),
        ("--provider-port", "65535"),
        ("--workers", "0"),
        ("--workers", "2", "--target", "http://127.0.0.1:9/"),
    ],
)
def test_options_that_cannot_be(phoneagent, options):
    result = phoneagent("bench", *options)
    assert result.exit_code == 2
    assert options[0] in result.stderr


def test_an_agent_file_is_checked_before_anything_is_started(phoneagent, tmp_path):
    (tmp_path / "agent.toml").write_text('name = "a"\nnme = "b"\n')
    result = phoneagent("bench", "--agent", "agent.toml")
    assert result.exit_code == 2
    assert "agent.toml:2" in result.stderr


def test_the_server_gets_nothing_that_would_lead_it_out_of_the_simulation():
    real = {"OPENAI_API_KEY": "sk", "REDIS_URL": "redis://", "PHONEAGENT_AGENTS": "a", "PORT": "80", "PATH": "/bin"}
    assert bench._environment(real) == {"PATH": "/bin"}


def test_a_target_can_be_told_beforehand_where_everything_is(phoneagent):
    told = phoneagent("bench", "--target-environment", "--provider-port", "9300").stdout
    assert "DEEPGRAM_URL=ws://127.0.0.1:9300\nOPENAI_BASE_URL=http://127.0.0.1:9301/v1\n" in told


def test_what_is_not_known_of_a_server_is_not_printed():
    report = made_up(cost=Cost(60.0, 1))
    text = printed(bench.show, report)
    assert "response latency" in text
    for words in ("│ CPU of a call-minute", "memory", "event-loop lag of", "start-up"):
        assert words not in text
    line = printed(bench.show_step, judge(10, report, report))
    assert line.endswith("ms; 0 holes; load 10%")


def test_one_core_is_for_the_server():
    core = min(os.sched_getaffinity(0))
    assert bench._cores(None) == frozenset()
    if len(os.sched_getaffinity(0)) > 1:
        assert bench._cores(core) == {core}


def test_the_figures_are_printed_with_what_spoils_them():
    report = made_up(asked=2, holes=(0.04,), problems=("Anna: [gave up]",), floor=0.5)
    text = printed(bench.show, report)
    assert "response latency │ 500 │ 500 │ 500 │ 500 │ 1 │" in text
    assert "holes in the agent's speech │ 1, the longest 40 ms" in text
    assert "CPU of a call-minute │ 1.000 s, 25% of it in the kernel" in text
    assert "multiple of the floor │ 2.0" in text
    assert "1 turns were not answered." in text
    assert "! Anna: [gave up]" in text
    assert "bottleneck" not in text


def test_a_load_that_is_the_bottleneck_is_told():
    text = printed(bench.show, made_up(generator=Generator(0.9, Distribution.of([0.01]))))
    assert (
        "The load generator is the bottleneck, or something else runs on its core: it took 90% of a core "
        "(at most 80%); its loop was 10.0 ms late"
    ) in text


def test_what_a_sweep_found():
    alone = made_up()
    good = judge(10, made_up(), alone)
    slow = judge(20, made_up(latency=0.6), alone)
    busy = judge(20, made_up(generator=Generator(0.9, Distribution.of([0.0]))), alone)

    def told(*steps):
        return printed(bench.show_carried, list(steps), 10, where="on one core")

    assert told(good) == "10 calls on one core, and no limit found."
    assert told(good, slow) == "10 calls on one core: at 20 p95 is 100 ms above that of one call."
    assert told(good, busy).startswith("At least 10 calls on one core: at 20 the load is the bottleneck: it took 90%")
    line = printed(bench.show_step, dataclasses.replace(good, report=made_up(floor=0.5)))
    assert line.startswith("10 calls: response p50 500, p95 500 ms; 0 holes; 1.000 s CPU a call-minute (2.0 floors);")


async def test_a_picture_is_drawn_where_it_is_wanted(monkeypatch, tmp_path):
    async def measured(*_):
        return made_up()

    monkeypatch.setattr("phoneagent.bench.run.run", measured)
    plan = Plan(agent="", beside=tmp_path)
    ok = await bench._Measuring(plan, {}, floor=False, picture=tmp_path / "run.svg", as_json=True).once()
    assert ok
    assert (tmp_path / "run.svg").read_text().startswith("<svg")
