"""Lines that return the agent's voice."""

from __future__ import annotations

import audioop
from math import log10

import pytest

from phoneagent.audio.echo import CAUTIOUS, WORST, LineEcho
from phoneagent.audio.voice_activity import VoiceActivity

from .lines import NORMAL, TRACE, begins, heard, mixed, quiet, seconds, starts, voice, weaker, white

AGENT = 3  # the speaker who is an agent's voice by default
GREETING = "Trattoria Aurelia, good evening. How can I help you?"
HOURS = "We are open from Tuesday to Sunday, from noon to eleven in the evening. On Mondays we are closed."
MOMENT = "One moment please, I am looking for your reservation."
CALLERS = ("Yes", "Wait a moment", "No, stop that please", "What about tomorrow", "I would like a table")
LOUD = 2 * NORMAL  # as synthesized voices are

DELAYS = (0.04, 0.1, 0.2, 0.4)  # seconds


def conversation(*texts: str, speaker: int = AGENT) -> tuple[tuple[float, bytes], ...]:
    """What the agent says, and when: a second between one and the next."""
    at, said = 1.0, []
    for text in texts:
        said.append((at, voice(text, speaker, LOUD)))
        at += round(seconds(said[-1][1]) + 1.0, 1)
    return tuple(said)


def returned(agent: tuple[tuple[float, bytes], ...], loss: float, delay: float) -> bytes:
    return mixed(*(quiet(at + delay) + weaker(audio, loss) for at, audio in agent))


def line(agent: tuple[tuple[float, bytes], ...], *sounds: bytes) -> bytes:
    return mixed(white(agent[-1][0] + seconds(agent[-1][1]) + 3.0, TRACE), *sounds)


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("loss", [18, 25, 35])
def test_the_agents_echo_is_never_a_voice(loss, delay):
    for speaker in (0, AGENT):
        agent = conversation(GREETING, HOURS, MOMENT, speaker=speaker)
        assert heard(line(agent, returned(agent, loss, delay)), agent=agent) == []


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("loss", [10, 12])
def test_a_loud_echo_is_taken_for_a_voice_once_at_the_most(loss, delay):
    for speaker in (0, AGENT):
        agent = conversation(GREETING, HOURS, MOMENT, speaker=speaker)
        found = starts(heard(line(agent, returned(agent, loss, delay)), agent=agent))
        assert len(found) <= 1
        assert all(at <= 2.0 + delay for at in found), "in the first second of the agent's voice"


@pytest.mark.parametrize("loss", [12, 18, 25, 35])
def test_the_loss_of_the_line_is_known_after_the_greeting(loss):
    agent, activity = conversation(GREETING), VoiceActivity()
    heard(line(agent, returned(agent, loss, 0.2)), agent=agent, activity=activity)
    assert 20 * log10(activity.echo.gain) == pytest.approx(-loss, abs=1.0)


DOUBLE_TALK = [  # loss of the echo, dB; caller below the agent, dB; of 25 so many noticed in 150 ms, and at all
    (None, 0, 25, 25), (None, 6, 23, 25), (None, 12, 23, 25), (None, 20, 23, 25),
    (35, 0, 25, 25), (35, 6, 23, 25), (35, 12, 23, 25),
    (25, 0, 25, 25), (25, 6, 23, 25), (25, 12, 20, 25),
    (18, 0, 23, 25), (18, 6, 20, 25),
    (12, 0, 20, 25),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "below", "soon", "all_in_all"), DOUBLE_TALK)
def test_a_caller_who_talks_over_the_agent_is_noticed(loss, below, soon, all_in_all):
    agent = conversation(GREETING, HOURS)
    echo = b"" if loss is None else returned(agent, loss, 0.2)
    latencies = []
    for since in (0.05, 0.5, 1.4, 2.6, 3.9):
        for number, text in enumerate(CALLERS):
            said = weaker(voice(text, number % 3, LOUD), below)
            at = agent[-1][0] + since
            onset, end = at + begins(said), at + seconds(said)
            found = starts(heard(line(agent, echo, quiet(at) + said), agent=agent))
            latencies += [first - onset for first in found if onset <= first <= end][:1]
    assert sum(latency <= 0.15 for latency in latencies) >= soon
    assert len(latencies) >= all_in_all


def test_a_caller_who_interrupts_the_greeting_is_noticed_on_a_line_not_known_yet():
    agent = conversation(GREETING)
    for text in CALLERS:
        said = weaker(voice(text, 0, LOUD), 6)
        assert starts(heard(line(agent, quiet(1.4) + said), agent=agent))[0] < 1.4 + seconds(said) + 0.05


@pytest.mark.parametrize("until", ["within the sentence", "when the agent has gone on"])
def test_a_caller_who_talks_over_the_agent_is_not_learned_as_its_echo(until):
    agent, activity = conversation(GREETING, HOURS, HOURS), VoiceActivity()
    sentence = weaker(voice("I would like to know what is on the menu tonight, and whether you have fish", 0, LOUD), 10)
    begun = agent[1][0] + 0.5
    sounds = line(agent, returned(agent, 30, 0.2), quiet(begun) + sentence)
    if until == "within the sentence":
        sounds = sounds[: int(begun + seconds(sentence)) * 16000]
    heard(sounds, agent=agent, activity=activity)
    assert 20 * log10(activity.echo.gain) == pytest.approx(-30, abs=1.5)


def frames(echo: LineEcho, count: int, level: int = 0, *, voiced: bool = False) -> float:
    """Let frames of this loudness pass; the last bound."""
    bound = 0.0
    for _ in range(count):
        bound = echo.bound()
        if voiced:
            echo.hear_voice(level)
        else:
            echo.hear(level)
    return bound


def playing(length: float, rms: int = 4000) -> bytes:
    return audioop.lin2ulaw(white(length, rms), 2)


def test_nothing_played_is_no_echo():
    assert frames(LineEcho(), 100, 3000) == 0.0


def test_an_echo_is_awaited_for_half_a_second_after_the_last_sound():
    echo = LineEcho()
    echo.plays(playing(1.0))
    assert frames(echo, 50) > 0
    assert frames(echo, 25) > 0
    assert frames(echo, 5) == 0.0


def test_what_was_cleared_is_not_played():
    echo = LineEcho()
    echo.plays(playing(10.0))
    frames(echo, 10)
    echo.silenced()
    assert frames(echo, 40) == 0.0


def test_pieces_of_any_length_play_one_after_the_other():
    whole, cut = LineEcho(), LineEcho()
    audio = playing(1.0)
    whole.plays(audio)
    for at in range(0, len(audio), 70):
        cut.plays(audio[at : at + 70])
    assert [whole.bound() for _ in range(90)] == [cut.bound() for _ in range(90)]


def test_a_sound_that_ends_with_the_agents_voice_was_its_echo():
    """The line has begun to return the voice: the caller has switched to the loudspeaker."""
    echo = LineEcho()
    echo.plays(playing(3.0))
    frames(echo, 150, 20)
    assert echo.gain < CAUTIOUS / 5, "a line without echo"
    echo.plays(playing(3.0))
    frames(echo, 5, 1000, voiced=True)
    echo.silenced()
    frames(echo, 10, 1000, voiced=True)
    echo.sound_ended()
    assert echo.gain == pytest.approx(0.25, rel=0.15)


@pytest.mark.parametrize("louder", [False, True])
def test_a_sound_that_goes_on_or_is_too_loud_for_an_echo_is_a_callers(louder):
    echo = LineEcho()
    echo.plays(playing(3.0))
    frames(echo, 150, 20)
    gain = echo.gain
    echo.plays(playing(3.0))
    frames(echo, 5, int(4000 * WORST * 1.2) if louder else 1000, voiced=True)
    echo.silenced()
    frames(echo, 10 if louder else 30, 1000, voiced=True)
    echo.sound_ended()
    assert echo.gain == pytest.approx(gain, rel=0.3)
    assert echo.gain < CAUTIOUS / 5


def test_a_sound_that_ends_while_the_agent_speaks_is_a_callers():
    echo = LineEcho()
    echo.plays(playing(9.0))
    frames(echo, 100, 20)
    frames(echo, 30, 1000, voiced=True)
    echo.sound_ended()
    assert echo.gain < CAUTIOUS / 5


def test_a_word_that_was_learned_as_an_echo_is_forgotten_in_a_second_of_speech():
    echo = LineEcho()
    echo.plays(playing(1.0))
    frames(echo, 15, 1000, voiced=True)
    echo.silenced()
    frames(echo, 10, 1000, voiced=True)
    echo.sound_ended()
    assert echo.gain > 0.2
    echo.plays(playing(3.0))
    frames(echo, 27 + 60, 20)
    assert echo.gain < 0.02
