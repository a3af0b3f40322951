"""Deepgram Flux over `/v2/listen`: ears that know when a turn ends."""

from __future__ import annotations

from urllib.parse import urlencode

from phoneagent.catalogue.deepgram import DEFAULT_MODEL as ENGLISH
from phoneagent.catalogue.deepgram import MODELS
from phoneagent.catalogue.deepgram import MULTILINGUAL_FLUX as MULTILINGUAL
from phoneagent.catalogue.languages import closest
from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import ProviderSocket, open_patiently, open_websocket, websocket_url

from .deepgram_account import check_account
from .deepgram_keyterms import CallKeyterms, StaticKeyterms
from .deepgram_messages import FORCE_END_TURN, FluxMessage
from .deepgram_transcription import DeepgramTranscription, Manners
from .flux_turns import FluxTurns

MANNERS = Manners(
    batch=640,  # 80 ms, which Deepgram recommends strongly
    batch_in_turn=160,  # 20 ms
    keep_alive=False,  # /v2 closes on one; pings keep it open
    fill_silence=True,
    last_request=FORCE_END_TURN,
    padding=3840,  # 480 ms: more than the 260 in which a turn ends by itself
    patience=0.45,
    answers_within=1.2,  # updates come for every quarter of a second of an open turn
    answers_silence=False,
)


class DeepgramFlux:
    """Implements `ports.SpeechToText`.

    `eot_threshold` 0.5 to 1.0: how sure Flux must be that a turn is over. `eager_eot_threshold` 0.3 to 0.9 and at most
    that: how sure for an eager end of turn, None for none. `eot_timeout_ms`: silence that ends a turn anyway.
    `keyterms`: words it shall expect. Ranges and defaults are Deepgram's, but for the eager one, whose 0.4 is what
    others use.
    """

    turn_events = True

    def __init__(
        self,
        api_key: str,
        *,
        url: str = "wss://api.deepgram.com",
        model: str = ENGLISH,
        eot_threshold: float = 0.7,
        eager_eot_threshold: float | None = 0.4,
        eot_timeout_ms: int = 5000,
        keyterms: tuple[str, ...] = (),
        mip_opt_out: bool = False,
    ) -> None:
        self._headers = {"Authorization": f"Token {api_key}"}
        self._api_key = api_key
        self._url = websocket_url(url)
        self._model = model
        self._keyterms = StaticKeyterms(keyterms, model=model)
        self.advice = self._keyterms.advice
        self._parameters: list[tuple[str, str | float]] = [
            ("encoding", "mulaw"),
            ("sample_rate", 8000),
            ("eot_threshold", eot_threshold),
            ("eot_timeout_ms", eot_timeout_ms),
        ]
        if eager_eot_threshold is not None:
            self._parameters.append(("eager_eot_threshold", min(eager_eot_threshold, eot_threshold)))
        if mip_opt_out:
            self._parameters.append(("mip_opt_out", "true"))

    async def connect(self, *, call: str, language: str = "en") -> DeepgramTranscription[FluxMessage]:
        """Open ears. Another language than English is heard by the multilingual model, with a hint."""

        async def connect(keyterms: tuple[str, ...]) -> ProviderSocket:
            return await open_websocket("deepgram", self._listen_url(language, keyterms), self._headers)

        missed: list[ProviderError] = []
        keyterms = CallKeyterms(self._keyterms, changeable=True, call=call)
        return DeepgramTranscription(
            await open_patiently(lambda: keyterms.connected(connect), missed=missed.append),
            reconnect=connect,
            dialect=FluxTurns(),
            manners=MANNERS,
            keyterms=keyterms,
            missed=missed,
            call=call,
        )

    async def check(self, *, language: str = "en") -> str:
        """See whether the key is accepted, and the model there and speaks the language. Raises `ProviderError`."""
        return await check_account(self._api_key, self._url, model=self._model_for(language), language=language)

    async def aclose(self) -> None:
        """Nothing is open but what calls have opened."""

    def _listen_url(self, language: str, keyterms: tuple[str, ...]) -> str:
        model = self._model_for(language)
        parameters = [("model", model), *self._parameters, *(("keyterm", term) for term in keyterms)]
        if model == MULTILINGUAL and (hint := closest(language, MODELS[MULTILINGUAL].languages)) is not None:
            parameters.append(("language_hint", hint))  # without one it finds out by itself
        return f"{self._url}/v2/listen?{urlencode(parameters)}"

    def _model_for(self, language: str) -> str:
        english = closest(language, MODELS[ENGLISH].languages) is not None
        return MULTILINGUAL if self._model == ENGLISH and not english else self._model
