"""Audio files as Twilio plays them on a telephone line."""

from __future__ import annotations

import audioop
import io
import wave

from phoneagent.conversation.words import SAMPLE_RATE

from . import twiml
from .violation import WEBHOOK_FAILED
from .webhooks import Answer, WebhookFailed


def telephone_audio(answer: Answer) -> bytes:
    """μ-law of a WAV file (PCM of any rate, mono or stereo). Raises `NotSimulated` for other formats."""
    if answer.status != 200:
        raise WebhookFailed(WEBHOOK_FAILED, f"{answer.url}: status {answer.status}")
    try:
        with wave.open(io.BytesIO(answer.body)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            samples = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as exc:
        raise twiml.NotSimulated(f"<Play> of {answer.content_type}: only WAV with PCM is simulated") from exc
    if channels == 2:
        samples = audioop.tomono(samples, width, 0.5, 0.5)
    if width == 1:
        samples = audioop.bias(samples, 1, -128)
    samples = audioop.lin2lin(samples, width, 2)
    if rate != SAMPLE_RATE:
        samples, _ = audioop.ratecv(samples, 2, 1, rate, SAMPLE_RATE, None)
    return audioop.lin2ulaw(samples, 2)
