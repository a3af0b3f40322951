"""Agent files whose voice could not speak: what is told when they are loaded."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
import structlog

from phoneagent.agent_file import parse_agent
from phoneagent.app import Makers, create_app
from phoneagent.conversation.policy import Phrasing
from phoneagent.errors import SettingsError
from phoneagent.providers.tts.elevenlabs import ElevenLabs
from phoneagent.providers.tts.elevenlabs_http import ElevenLabsHttp
from phoneagent.records import Agent, ProviderChoice
from phoneagent.settings import Settings


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_agent(f'name = "a"\n{text}', "a.toml")
    return tuple(caught.value.problems)


def tts(model: str, options: str = "", language: str = "en") -> str:
    chosen = f"options = {{ {options} }}\n" if options else ""
    return f'language = "{language}"\n[tts]\nprovider = "elevenlabs"\nmodel = "{model}"\n{chosen}'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (tts("eleven_v3", 'transport = "websocket"'), "6: tts.options.transport", ("eleven_v3", "WebSocket", "'http'")),
        (tts("eleven_v3_conversational", 'transport = "websocket"'), "6: ", ("eleven_v3_conversational",)),
        (tts("eleven_v4_turbo", 'transport = "websocket"'), "6: ", ("eleven_v4_turbo", "eleven_flash_v2_5")),
        (tts("eleven_flash_v2_5", 'transport = "htp"'), "6: ", ("websocket or http", "did you mean 'http'")),
        (tts("eleven_flash_v2_5", 'language = "fa"'), "6: tts.options.language", ("'fa'", "eleven_v3")),
        (tts("eleven_flash_v2", 'language = "de-DE"'), "6: tts.options.language", ("'de-DE'", "eleven_flash_v2_5")),
        (tts("eleven_flash_v2", language="de"), "5: tts.model", ("eleven_flash_v2", "'de'", "eleven_flash_v2_5")),
        (tts("eleven_turbo_v2", language="pl"), "5: tts.model", ("'pl'", "eleven_flash_v2_5")),
        (tts("eleven_multilingual_v2", language="hu"), "5: tts.model", ("'hu'", "eleven_flash_v2_5")),
        (tts("eleven_v3", language="mn"), "5: tts.model", ("'mn'", "no model of ElevenLabs")),
        (tts("eleven_v3", "language = 7"), "6: tts.options.language", ("got 7",)),
        (tts("eleven_v3", "stability = 0.4"), "6: tts.options.stability", ("0, 0.5 or 1", "got 0.4")),
        ('language = "he"\n', "2: language", ("eleven_flash_v2_5", "'he'", "eleven_v3")),
        ('language = "he"\n[tts]\nprovider = "elevenlabs"\n', "4: tts.provider", ("'he'", "eleven_v3")),
        (
            (
                f'{tts("eleven_v3")}[[tts.fallback]]\nprovider = "elevenlabs"\nmodel = "eleven_v3"\n'
                'options = { transport = "websocket" }\n'
            ),
            "9: tts.fallback[0].options.transport",
            ("eleven_v3",),
        ),
    ],
)
def test_what_a_model_cannot_do_is_told_with_its_line_and_what_to_take(text, line, words):
    (problem,) = problems(text)
    assert problem.startswith(f"a.toml:{line}")
    for word in words:
        assert word in problem


@pytest.mark.parametrize(
    "text",
    [
        tts("eleven_v3", 'transport = "http", stability = 0.5', language="he-IL"),
        tts("eleven_flash_v2_5", 'transport = "websocket", language = "de-DE"'),
        tts("eleven_multilingual_v2", 'language = "de"'),
        tts("my-own-model", 'language = "tlh"'),
        tts("eleven_v4_turbo", language="mn"),
        'language = "he"\n[tts]\nprovider = "espeak"\n',
    ],
)
def test_what_may_be_right_is_let_through(text):
    assert parse_agent(f'name = "a"\n{text}', "a.toml")


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        (ProviderChoice("elevenlabs"), ElevenLabs),
        (ProviderChoice("elevenlabs", "eleven_multilingual_v2"), ElevenLabs),
        (ProviderChoice("elevenlabs", "eleven_v3"), ElevenLabsHttp),
        (ProviderChoice("elevenlabs", "eleven_v3_conversational"), ElevenLabsHttp),
        (ProviderChoice("elevenlabs", "eleven_v4_turbo", {"speed": 1.1}), ElevenLabsHttp),
        (ProviderChoice("elevenlabs", "eleven_flash_v2_5", {"transport": "http"}), ElevenLabsHttp),
        (ProviderChoice("elevenlabs", "eleven_v3", {"transport": "websocket"}), ElevenLabs),
    ],
)
async def test_a_model_is_asked_where_it_is_offered(choice, kind):
    async with AsyncExitStack() as stack:
        voice = Makers(Settings(), stack).voice(choice, Agent("a", Phrasing()))
        assert type(voice) is kind
        await voice.aclose()


async def test_a_model_that_is_being_retired_is_warned_of():
    async with AsyncExitStack() as stack:
        with structlog.testing.capture_logs() as logs:
            makers = Makers(Settings(), stack)
            for model in ("eleven_turbo_v2_5", "eleven_flash_v2_5"):
                makers.voice(ProviderChoice("elevenlabs", model), Agent("a", Phrasing()))
    (told,) = logs
    assert (told["event"], told["take"]) == ("voice_model_is_retired_soon", "eleven_flash_v2_5")


def problems_of_app(**chosen):
    made = Agent("desk", Phrasing(), **chosen)
    try:
        create_app(made, settings=Settings())
    except SettingsError as wrong:
        return wrong.problems
    return ()


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        (
            {"tts": ProviderChoice("elevenlabs", "eleven_v3", {"transport": "websocket"})},
            "agent 'desk': tts.options.transport: eleven_v3 is not offered over the WebSocket",
        ),
        (
            {"language": "pl", "tts": ProviderChoice("espeak")},
            "agent 'desk': stt.model: expected a model that speaks 'pl', such as nova-3",
        ),
        (
            {"language": "pl", "stt": ProviderChoice("deepgram", "nova-3", fallback=(ProviderChoice("deepgram"),))},
            "agent 'desk': stt.fallback[0].model: expected a model that speaks 'pl', such as nova-3",
        ),
        (
            {
                "language": "hr",
                "stt": ProviderChoice("deepgram", "nova-3"),
                "tts": ProviderChoice("elevenlabs", "eleven_flash_v2"),
            },
            "agent 'desk': tts.model: the voice model eleven_flash_v2 does not speak 'hr'",
        ),
    ],
)
def test_an_agent_that_is_made_in_python_is_looked_at_too(chosen, problem):
    (told,) = problems_of_app(**chosen)
    assert told.startswith(problem)


@pytest.mark.parametrize("language", ["en", "en-GB", "es", "de-AT", "ja"])
def test_the_ears_that_are_there_by_themselves_hear_the_languages_of_flux(language):
    assert problems_of_app(language=language) == ()
