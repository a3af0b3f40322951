"""Deepgram Nova over `/v1/listen`: continuous transcripts in many languages; the conversation ends the turns."""

from __future__ import annotations

from urllib.parse import urlencode

from phoneagent.catalogue.deepgram import MODELS
from phoneagent.catalogue.languages import closest
from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import ProviderSocket, open_patiently, open_websocket, websocket_url

from .deepgram_account import check_account
from .deepgram_keyterms import CallKeyterms, StaticKeyterms, nova_changes_keyterms
from .deepgram_messages import FINALIZE, NovaMessage
from .deepgram_transcription import DeepgramTranscription, Manners
from .nova_segments import NovaSegments

MANNERS = Manners(
    batch=320,  # 40 ms: partial transcripts tell a barge-in from a cough, so they should be early
    batch_in_turn=320,  # its results come by the second; they are not waited for frame by frame
    keep_alive=True,
    fill_silence=False,  # turns are ended by our own clock
    last_request=FINALIZE,
    padding=0,  # CloseStream has all that was sent understood
    patience=0.2,
    answers_within=6.0,  # interim results come about once a second, empty ones in silence
    answers_silence=True,
)


class DeepgramNova:
    """Implements `ports.SpeechToText`.

    `endpointing_ms` is the silence after which a segment is final; shorter makes finals earlier and splits more.
    `utterance_end_ms` (from 1000; 0: off) is Deepgram's. `language`: another than the agent's, such as `multi` for
    callers who change between languages.
    """

    turn_events = False

    def __init__(
        self,
        api_key: str,
        *,
        url: str = "wss://api.deepgram.com",
        model: str = "nova-3",
        language: str = "",
        endpointing_ms: int = 300,
        utterance_end_ms: int = 1000,
        smart_format: bool = True,
        punctuate: bool = True,
        keyterms: tuple[str, ...] = (),
        mip_opt_out: bool = False,
    ) -> None:
        self._headers = {"Authorization": f"Token {api_key}"}
        self._api_key = api_key
        self._url = websocket_url(url)
        self._model = model
        self._language = language
        self._keyterms = StaticKeyterms(keyterms, model=model)
        self.advice = self._keyterms.advice
        self._parameters: list[tuple[str, str | int]] = [
            ("model", model),
            ("encoding", "mulaw"),
            ("sample_rate", 8000),
            ("channels", 1),
            ("interim_results", "true"),
            ("vad_events", "true"),
            ("endpointing", endpointing_ms),
            ("smart_format", _flag(smart_format)),
            ("punctuate", _flag(punctuate)),
        ]
        if smart_format:
            self._parameters.append(("no_delay", "true"))  # else finals with numbers come up to 3 s late
        if utterance_end_ms:
            self._parameters.append(("utterance_end_ms", utterance_end_ms))
        if mip_opt_out:
            self._parameters.append(("mip_opt_out", "true"))

    async def connect(self, *, call: str, language: str = "en") -> DeepgramTranscription[NovaMessage]:
        """Open ears; of the languages that the model speaks, the closest is heard: `de` for `de-DE`."""
        spoken = self._spoken(self._language or language)

        async def connect(keyterms: tuple[str, ...]) -> ProviderSocket:
            parameters = [*self._parameters, ("language", spoken), *(("keyterm", term) for term in keyterms)]
            return await open_websocket("deepgram", f"{self._url}/v1/listen?{urlencode(parameters)}", self._headers)

        missed: list[ProviderError] = []
        keyterms = CallKeyterms(self._keyterms, changeable=nova_changes_keyterms(self._url), call=call)
        return DeepgramTranscription(
            await open_patiently(lambda: keyterms.connected(connect), missed=missed.append),
            reconnect=connect,
            dialect=NovaSegments(),
            manners=MANNERS,
            keyterms=keyterms,
            missed=missed,
            call=call,
        )

    def _spoken(self, language: str) -> str:
        """The language as Deepgram spells it; of a model that is not known here, such as your own, as it is given."""
        known = MODELS.get(self._model)
        return (closest(language, known.languages) or language) if known is not None else language

    async def check(self, *, language: str = "en") -> str:
        """See whether the key is accepted, and the model there and speaks the language. Raises `ProviderError`."""
        spoken = self._language or language
        return await check_account(self._api_key, self._url, model=self._model, language=spoken)

    async def aclose(self) -> None:
        """Nothing is open but what calls have opened."""


def _flag(on: bool) -> str:
    return "true" if on else "false"
