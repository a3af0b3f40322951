"""What `doctor --measure` does: five small real requests to each provider of an agent, and how long their stages take.

The voice speaks a question, the recogniser hears what the voice has spoken, at the speed of a call, and the model
answers the same question, with a tool at hand. So nothing is sent that the agent's own providers have not made.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field

from phoneagent.app import Makers
from phoneagent.audio.g711 import AUDIBLE, FRAME, FRAME_SECONDS, SILENCE
from phoneagent.call.price_book import PriceList, costs_of
from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, ReplyDone, ReplyText
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import PhoneagentError, ProviderError
from phoneagent.ports import LanguageModel, SpeechToText, TextToSpeech
from phoneagent.records import Agent, ProviderChoice, SpeechChunk, SpeechDone, SpeechFailed, ToolSpec
from phoneagent.settings import Settings
from phoneagent.usage import CHARACTERS_A_TOKEN, Used

TIMES = 5
KEYLESS = frozenset({"pocketsphinx", "scripted", "espeak"})  # on this machine: `phoneagent bench` measures it
WITHIN = 20.0  # seconds for one request; what takes longer on a telephone is of no use
QUIET = 3.0  # seconds of silence behind the question: a recogniser ends the turn in it
BEFORE = 0.3  # seconds of silence before it, as on a real line

QUESTIONS: Mapping[str, str] = {
    "en": "What are your opening hours?",
    "de": "Wie sind Ihre Öffnungszeiten?",
    "es": "¿Cuál es su horario de apertura?",
    "fr": "Quels sont vos horaires d'ouverture ?",
    "it": "Quali sono i vostri orari di apertura?",
    "pt": "Qual é o horário de funcionamento?",
    "nl": "Wat zijn uw openingstijden?",
    "pl": "Jakie są godziny otwarcia?",
}
"""One that every agent may be asked; in another language than these in English."""

INSTRUCTIONS = "You answer the telephone of a restaurant in one short sentence. Look the opening hours up first."
TOOL = ToolSpec("opening_hours", "When the restaurant is open.", {"type": "object", "properties": {}}, safe=True)
WORDS = 60  # tokens of an answer, about; for the estimate
SECONDS = BEFORE + QUIET + 2.0  # of audio that a recogniser hears, about; for the estimate


@dataclass(slots=True)
class Measured:
    """One provider's requests. `stages` are seconds since the request, of each that was answered."""

    provider: str
    stages: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    heard: str = ""

    def took(self, stage: str, seconds: float) -> None:
        self.stages.setdefault(stage, []).append(seconds)

    @property
    def figures(self) -> Mapping[str, tuple[float, float]]:
        """Median and worst of each stage."""
        return {stage: (statistics.median(times), max(times)) for stage, times in self.stages.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: each provider that the agents name first, once, and the agent for whom."""

    ears: Mapping[tuple[str, str], tuple[ProviderChoice, Agent]]
    models: Mapping[tuple[str, str], tuple[ProviderChoice, Agent]]
    voices: Mapping[tuple[str, str], tuple[ProviderChoice, Agent]]

    @classmethod
    def of(cls, agents: Iterable[Agent]) -> Plan:
        def first(part: Callable[[Agent], ProviderChoice]) -> dict[tuple[str, str], tuple[ProviderChoice, Agent]]:
            found: dict[tuple[str, str], tuple[ProviderChoice, Agent]] = {}
            for agent in agents:
                choice = part(agent)
                if choice.provider not in KEYLESS:
                    found.setdefault((choice.provider, choice.model), (choice, agent))
            return found

        agents = tuple(agents)
        return cls(first(lambda agent: agent.stt), first(lambda agent: agent.llm), first(lambda agent: agent.tts))

    def estimate(self, prices: Callable[[Agent], PriceList]) -> tuple[float, str, tuple[str, ...]]:
        """What it will cost, about: the sum, its currency, and whose price is not known."""
        total, currency, unknown = 0.0, "USD", []
        for used, agent in self._uses():
            costs = costs_of([used], prices(agent))
            total, currency = total + costs.total, costs.currency
            if not costs.complete:
                unknown.append(f"{used.provider} {used.model}".strip())
        return total, currency, tuple(dict.fromkeys(unknown))

    def _uses(self) -> Iterable[tuple[Used, Agent]]:
        for choice, agent in self.ears.values():
            yield Used("stt", choice.provider, choice.model, "seconds", TIMES * SECONDS, reckoned=True), agent
        for choice, agent in self.models.values():
            asked = len(INSTRUCTIONS + TOOL.description) // CHARACTERS_A_TOKEN + WORDS
            yield Used("llm", choice.provider, choice.model, "tokens_in", TIMES * asked, reckoned=True), agent
            yield Used("llm", choice.provider, choice.model, "tokens_out", TIMES * WORDS, reckoned=True), agent
        for choice, agent in self.voices.values():
            letters = TIMES * len(question(agent.language))
            yield Used("tts", choice.provider, choice.model, "characters", letters, reckoned=True), agent


def question(language: str) -> str:
    return QUESTIONS.get(language.partition("-")[0], QUESTIONS["en"])


async def measure(settings: Settings, plan: Plan) -> list[Measured]:
    """Send the requests: of one provider one after the other, of several at once. Voices first: they make the sound."""
    async with AsyncExitStack() as stack:
        makers = Makers(settings, stack)
        spoken: dict[str, bytes] = {}
        voices = [_voice(makers, choice, agent, spoken) for choice, agent in plan.voices.values()]
        measured = list(await asyncio.gather(*voices))
        others = [_model(makers, choice, agent) for choice, agent in plan.models.values()]
        ears = [_ears(makers, choice, agent, spoken) for choice, agent in plan.ears.values()]
        return [*await asyncio.gather(*ears), *await asyncio.gather(*others), *measured]


def _named(part: str, choice: ProviderChoice) -> str:
    return f"{part}: {choice.provider} {choice.model}".strip()


@asynccontextmanager
async def _request(measured: Measured) -> AsyncIterator[Callable[[str], None]]:
    """One request: its stages are told as they are reached; what goes wrong is noted, and the next one is sent."""
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(WITHIN):
            yield lambda stage: measured.took(stage, asyncio.get_running_loop().time() - began)
    except TimeoutError:
        measured.failures.append(f"no answer within {WITHIN:g} s")
    except ProviderError as error:
        measured.failures.append(error.problem)
    except PhoneagentError as error:
        measured.failures.append(str(error))


async def _voice(makers: Makers, choice: ProviderChoice, agent: Agent, spoken: dict[str, bytes]) -> Measured:
    measured, text = Measured(_named("voice", choice)), question(agent.language)
    voice: TextToSpeech | None = None
    for number in range(1, TIMES + 1):
        async with _request(measured) as reached:
            if voice is None:
                voice = makers.voice(choice, agent)
                makers.stack.push_async_callback(voice.aclose)
            speech = await voice.connect(call="doctor")
            try:
                reached("connected")
                speech.speak(number, text)
                speech.finish(number)
                audio = b""
                async for piece in speech:
                    if isinstance(piece, SpeechChunk) and piece.audio:
                        if not audio:
                            reached("first audio")
                        audio += piece.audio
                    elif isinstance(piece, SpeechFailed):
                        raise ProviderError(choice.provider, piece.problem)
                    elif isinstance(piece, SpeechDone):
                        reached("whole phrase")
                        break
                spoken.setdefault(agent.language, audio)
            finally:
                await speech.aclose()
    return measured


async def _model(makers: Makers, choice: ProviderChoice, agent: Agent) -> Measured:
    measured = Measured(_named("mind", choice))
    model: LanguageModel | None = None
    turns = (Turn("caller", question(agent.language), 0.0),)
    for number in range(1, TIMES + 1):
        async with _request(measured) as reached:
            if model is None:
                model = makers.mind(choice, agent)
                makers.stack.push_async_callback(model.aclose)
                await model.warm()  # as when the telephone rings
            begun = False
            thoughts = model.reply(number, instructions=INSTRUCTIONS, turns=turns, tools=(TOOL,))
            async with aclosing(thoughts):
                async for thought in thoughts:
                    if isinstance(thought, ReplyText) and not thought.text:
                        continue
                    if not begun and not isinstance(thought, ReplyDone):
                        reached("first word or call")
                        begun = True
            reached("whole answer")
    return measured


async def _ears(makers: Makers, choice: ProviderChoice, agent: Agent, spoken: Mapping[str, bytes]) -> Measured:
    measured = Measured(_named("ears", choice))
    audio = spoken.get(agent.language)
    if not audio:
        measured.failures.append("no voice has spoken what it should hear")
        return measured
    ears: SpeechToText | None = None
    for _ in range(TIMES):
        async with _request(measured) as reached:
            if ears is None:
                ears = makers.ears(choice)
                makers.stack.push_async_callback(ears.aclose)
            await _hear(ears, agent.language, audio, measured, reached)
    return measured


async def _hear(
    ears: SpeechToText, language: str, audio: bytes, measured: Measured, reached: Callable[[str], None]
) -> None:
    """Let it hear the question at the speed of a call; its times count from the last sound of it."""
    loop = asyncio.get_running_loop()
    transcription = await ears.connect(call="doctor", language=language)
    reached("connected")
    frames, last = _frames(audio)
    said_at = loop.time() + (last + 1) * FRAME_SECONDS

    async def play() -> None:
        began = loop.time()
        for number, frame in enumerate(frames):
            transcription.send(frame)
            await asyncio.sleep(began + (number + 1) * FRAME_SECONDS - loop.time())

    playing = asyncio.ensure_future(play())
    try:
        async for heard in transcription:
            since = max(0.0, loop.time() - said_at)
            if isinstance(heard, EagerEndOfTurn):
                measured.took("eager end of turn", since)
            elif isinstance(heard, EndOfTurn) and heard.text:
                measured.took("end of turn", since)
                measured.heard = heard.text
                break
            elif isinstance(heard, PartialTranscript) and heard.final and heard.text and not ears.turn_events:
                measured.took("final words", since)
                measured.heard = heard.text
                break
        else:
            raise ProviderError("ears", "heard nothing of the question")
    finally:
        playing.cancel()
        await asyncio.wait([playing])
        await transcription.aclose()


def _frames(audio: bytes) -> tuple[Sequence[bytes], int]:
    """The question with silence around it, in frames of a call; and which of them has its last sound."""
    import audioop

    padded = audio + SILENCE * (-len(audio) % FRAME)
    speech = [padded[at : at + FRAME] for at in range(0, len(padded), FRAME)]
    quiet = [SILENCE * FRAME]
    before, behind = quiet * round(BEFORE / FRAME_SECONDS), quiet * round(QUIET / FRAME_SECONDS)
    loud = [number for number, frame in enumerate(speech) if audioop.rms(audioop.ulaw2lin(frame, 2), 2) >= AUDIBLE]
    return (*before, *speech, *behind), len(before) + (loud[-1] if loud else len(speech) - 1)
