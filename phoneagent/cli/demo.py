"""`phoneagent demo`: a whole call on this machine, with real audio, and nothing to set up."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .chosen_agents import has_model
from .program import STATUSES

if TYPE_CHECKING:
    from rich.console import Console

    from phoneagent.records import Agent, StoredCall
    from phoneagent.settings import Settings
    from phoneagent.simulator.caller import CallerScript
    from phoneagent.simulator.placed_call import CallResult

STAGES = {
    "end_of_turn": "end of turn",
    "first_token": "first token",
    "first_phrase": "first phrase",
    "first_audio": "first audio",
    "heard": "heard",
}
CALLER_VOICE = "en-us+benjamin"  # espeak-ng's; steady, and unlike the agent's


@click.command(epilog=STATUSES)
@click.option("--agent", metavar="FILE", help="an agent file with a [dialogue]  [default the built-in front desk]")
@click.option(
    "--out",
    default="demo-call",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="where the recording, the transcript and the journal go  [default demo-call]",
)
def demo(agent: str | None, out: Path) -> None:
    """Place a call to the agent, here and now: no keys, no network, no Redis.

    A simulated Twilio rings the real server on loopback: signed webhook, TwiML, WebSocket, 20 ms of telephone audio
    fifty times a second. The caller's voice is synthetic speech (espeak-ng), and so is the agent's; the agent
    understands it by real speech recognition (pocketsphinx) and answers by the scripted dialogue of its agent file.
    The caller wants a table, whoever answers. It takes as long as a call takes. With OPENAI_BASE_URL set, the agent
    thinks by the model of that server (Ollama, llama.cpp, vLLM …) instead of the script.

    Each turn is shown when it has been heard, with the seconds from the end of the caller's speech to each stage of
    the answer. The call is left in FOLDER: call.wav (stereo, the caller left, the agent right), transcript.json,
    journal.jsonl.
    """
    from rich.console import Console

    from phoneagent.agent_file import builtin_agent, embedded, load_agent
    from phoneagent.settings import load
    from phoneagent.telemetry import logs

    logs.configure(level="warning")
    settings = load()
    answering = embedded(load_agent(agent) if agent else builtin_agent(), model=has_model(settings))
    console = Console(highlight=False)
    out.mkdir(parents=True, exist_ok=True)
    with suppress(KeyboardInterrupt):
        heard = asyncio.run(_call(answering, settings, console, out), debug=False)
        _sum_up(heard, console, out)
        if heard.violations or (heard.ended_by != "agent" and answering.llm.provider == "scripted"):
            raise click.ClickException(f"the call went wrong: {heard.ending}; {list(heard.violations)}")


async def _call(agent: Agent, settings: Settings, console: Console, out: Path) -> CallResult:
    from phoneagent.providers.tts.espeak import EspeakVoice
    from phoneagent.rehearsal import rehearsal

    screen = Screen(console)
    model: dict[str, Any] = {}
    if has_model(settings):
        model = {name: getattr(settings, name) for name in ("openai_base_url", "openai_api_key")}
    async with rehearsal(agent, synthesizer=EspeakVoice(), observer=screen, journals=out, **model) as world:
        console.print(f"The server listens on {world.url}; a simulated Twilio calls it now.\n", style="dim")
        if model:
            console.print(f"The agent thinks by the model at {settings.openai_base_url}.\n", style="dim")
        call = world.carrier.dial(world.voice_url, caller=_patient_caller() if model else _caller())
        heard = await call.ended
        board = world.app.state.switchboard
        if (live := board.live(call.sid)) is not None:
            await live.finished(within=5.0)
        stored = await board.look_up(call.sid)
    heard.ear.save_wav(out / "call.wav")
    if stored is not None:
        (out / "transcript.json").write_text(json.dumps(_transcript(stored), indent=2, ensure_ascii=False) + "\n")
    (out / f"{call.sid}.0.jsonl").replace(out / "journal.jsonl")
    return heard


def _caller() -> CallerScript:
    """Somebody who wants a table, and does not listen to the end."""
    from phoneagent.simulator.caller import AgentSpeaking, CallerScript, Say

    return CallerScript(
        Say("what are your opening hours"),
        Say("i would like to book a table for four people please", after=AgentSpeaking(2.2)),
        Say("at half past seven"),
        Say("yes please"),
        Say("no that is all thank you"),
        voice=CALLER_VOICE,
    )


def _patient_caller() -> CallerScript:
    """The same for a model, of which nobody knows how long it talks and whether it says goodbye."""
    from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Say

    heard_out = AgentFinished(1.5)
    return CallerScript(
        Say("what are your opening hours"),
        Say("i would like to book a table for four people please", after=heard_out),
        Say("at half past seven", after=heard_out),
        Say("yes please", after=heard_out),
        Say("no that is all thank you", after=heard_out),
        HangUp(after=AgentFinished(3.0)),
        voice=CALLER_VOICE,
        patience=30.0,
    )


class Screen:
    """An `Observer` that shows a call as it happens."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        match name:
            case "caller_turn":
                self._line(at, "caller", values["text"], "cyan")
            case "turn_ended" if values["agent"]:
                cut = values["interrupted"]
                self._line(at, "agent", values["agent"] + (" —" if cut else ""), "green")
                if cut:
                    words = len(values["agent"].split())
                    self._console.print(f"{'':17}interrupted: {words} words had been heard", style="yellow")
                self._waterfall(values["latency"])
            case "provider_failed":
                then = f"; {values['then']} answers instead" if values["then"] else ""
                self._console.print(f"{'':8}! {values['provider']}: {values['problem']}{then}", style="yellow")
            case "tool_called":
                self._console.print(f"{'':8}tool     {values['tool']}", style="magenta")
            case "call_ended":
                self._console.print(f"\n{at:6.1f}  the call has ended: {_because(values['reason'])}", style="dim")
            case _:
                pass

    def _line(self, at: float, who: str, text: str, style: str) -> None:
        self._console.print(f"[dim]{at:6.1f}[/]  [bold {style}]{who:<8}[/] {text}", soft_wrap=True)

    def _waterfall(self, latency: Mapping[str, float]) -> None:
        if not latency:
            return
        stages = " → ".join(f"{STAGES[stage]} {latency[stage]:.2f}" for stage in STAGES if stage in latency)
        self._console.print(f"{'':17}end of speech 0 → {stages} s", style="dim", soft_wrap=True)


def _because(reason: str) -> str:
    return {"agent": "the agent hung up after its goodbye", "caller": "the caller hung up"}.get(reason, reason)


def _transcript(stored: StoredCall) -> dict[str, Any]:
    record = stored.record
    return {
        "call": record.id,
        "agent": record.agent,
        "direction": record.direction,
        "ended_reason": record.ended_reason,
        "turns": [
            {
                "at": round(turn.at, 3),
                "role": turn.role,
                "text": turn.text,
                **({"interrupted": True, "generated": turn.generated} if turn.interrupted else {}),
                **({"tool": turn.tool.name, "arguments": turn.tool.arguments} if turn.tool else {}),
            }
            for turn in stored.turns
        ],
    }


def _sum_up(call: CallResult, console: Console, out: Path) -> None:
    ear = call.ear
    latencies = sorted(ear.response_latencies())
    console.print(f"\n[bold]At the caller's ear[/], {ear.duration:.0f} seconds of call:")
    if latencies:
        middle = latencies[len(latencies) // 2]
        console.print(f"  response latency   median {middle:.2f} s, slowest {latencies[-1]:.2f} s")
    for stop in ear.interruption_stop_times():
        console.print(f"  interruption       the agent was silent {stop * 1000:.0f} ms after the caller began")
    console.print(f"  holes in speech    {len(ear.holes())}")
    console.print(
        f"\n[bold]In {out}/[/]: call.wav (caller left, agent right), transcript.json, journal.jsonl", soft_wrap=True
    )
    program = program_name()
    console.print(
        "\n[bold]For real calls[/], set in the environment or in .env:\n"
        "  PHONEAGENT_PUBLIC_URL     the https address at which Twilio reaches this machine\n"
        "  TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN\n"
        "  DEEPGRAM_API_KEY, OPENAI_API_KEY, ELEVENLABS_API_KEY\n"
        "then\n"
        f"  {program} doctor    says what is still missing\n"
        f"  {program} serve     answers calls; point your number's voice webhook to PUBLIC_URL/twilio/voice\n",
        soft_wrap=True,
    )


def program_name() -> str:
    """What to type for this program: as it was called, where the shell does not find it by name."""
    called = sys.argv[0]
    return called if Path(called).name == "phoneagent" and shutil.which("phoneagent") is None else "phoneagent"
