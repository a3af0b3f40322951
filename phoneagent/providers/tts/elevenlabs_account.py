"""What ElevenLabs says of a key and a voice, and how its errors read; through the official SDK."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from phoneagent.catalogue.elevenlabs import model_of
from phoneagent.catalogue.languages import closest
from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import ACCOUNT_STATUSES, PERMANENT_STATUSES, http_url

if TYPE_CHECKING:
    from elevenlabs import AsyncElevenLabs, Model, Voice
    from elevenlabs.core.request_options import RequestOptions

T = TypeVar("T")

CHECK_WITHIN = 5.0  # seconds
ONCE: RequestOptions = {"max_retries": 0}
SHOWN = 5  # names in an error


async def check_account(api_key: str, url: str, *, voice: str, model: str, language: str) -> str:
    """Look up the voice, the model and the language. Returns a line for people; raises `ProviderError`."""
    import httpx
    from elevenlabs import AsyncElevenLabs

    async with httpx.AsyncClient(timeout=CHECK_WITHIN) as http:
        client = AsyncElevenLabs(api_key=api_key, base_url=http_url(url), httpx_client=http)
        try:
            found = await _look_up(lambda: _voice(client, voice))
            models = await _look_up(lambda: client.models.list(request_options=ONCE))
        except httpx.HTTPError as failed:
            raise ProviderError("elevenlabs", f"cannot connect: {failed or type(failed).__name__}") from failed
    if models is not None:
        _check_model(models, model, language)
    unseen = [what for what, answer in (("voices", found), ("models", models)) if answer is None]
    told = "key accepted" if found is None else f"key accepted, voice {found.name or voice}"
    told += f"; it may not look up {' or '.join(unseen)}" if unseen else ""
    if successor := model_of(model).successor:
        told += f"; {model} is being retired, take {successor}"
    return told


async def _look_up(ask: Callable[[], Awaitable[T]]) -> T | None:
    """The answer, or None if this key is not allowed to look: one that may speak need not be allowed to."""
    from elevenlabs.core.api_error import ApiError

    try:
        return await ask()
    except ApiError as refused:
        problem = refusal(refused.status_code or 0, refused.body)
        if "missing_permissions" in problem.problem:
            return None
        raise problem from refused


async def _voice(client: AsyncElevenLabs, voice: str) -> Voice:
    """Raises `ProviderError` with the nearest ones if there is none."""
    from elevenlabs.core.api_error import ApiError

    try:
        found: Voice = await client.voices.get(voice, request_options=ONCE)
        return found
    except ApiError as refused:
        problem = refusal(refused.status_code or 0, refused.body)
        if "voice_not_found" not in problem.problem:
            raise
    there = await client.voices.get_all(request_options=ONCE)
    names = {each.voice_id: each.name or each.voice_id for each in there.voices}
    nearest = _nearest(voice, [*names, *names.values()])
    meant = [f"{name} ({key})" for key, name in names.items() if key in nearest or name in nearest]
    raise ProviderError("elevenlabs", f"{problem.problem}{_or(meant, 'voices', names.values())}", retryable=False)


def _check_model(models: Sequence[Model], model: str, language: str) -> None:
    """Raises `ProviderError`."""
    speaking = {each.model_id: each for each in models if each.can_do_text_to_speech is not False}
    found = speaking.get(model)
    if found is None:
        nearest = _nearest(model, speaking)
        raise ProviderError(
            "elevenlabs", f"there is no voice model {model}{_or(nearest, 'models', speaking)}", retryable=False
        )
    offered = [each.language_id for each in found.languages or ()]
    if language and offered and closest(language, offered) is None:
        able = [each for each in speaking if closest(language, [o.language_id for o in speaking[each].languages or ()])]
        raise ProviderError(
            "elevenlabs", f"{model} does not speak {language}{_or(able, 'languages', offered)}", retryable=False
        )


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    """Names that may have been meant; in whichever case they are written."""
    spelled = {each.casefold(): each for each in known}
    return [spelled[each] for each in difflib.get_close_matches(name.casefold(), spelled, n=3)]


def _or(meant: Sequence[str], what: str, known: Iterable[str]) -> str:
    if meant:
        return f"; did you mean {' or '.join(meant[:SHOWN])}?"
    return f"; its {what} are {', '.join(list(known)[:SHOWN])}"


def refusal(status: int, body: Any) -> ProviderError:
    """An error answer in the provider's words: `detail` is an object, a list of complaints, or missing."""
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        code = detail.get("status") or detail.get("code") or ""
        told = f"{code}: {detail.get('message') or ''}"
    elif isinstance(detail, list):
        told = "; ".join(str(each.get("msg", each)) if isinstance(each, dict) else str(each) for each in detail)
    else:
        told = str(detail or "")
    return ProviderError(
        "elevenlabs",
        f"HTTP {status} {told[:300]}".rstrip(),
        retryable=status not in PERMANENT_STATUSES,
        kind="account" if status in ACCOUNT_STATUSES else "",
    )
