"""Whether Deepgram accepts a key, and has a model that speaks a language; by the official SDK, without any audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from phoneagent.catalogue.deepgram import CODE_SWITCHING, MODELS
from phoneagent.catalogue.languages import closest
from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import PERMANENT_STATUSES, http_url, websocket_url

CHECK_WITHIN = 5.0  # seconds
PROJECTS = 3  # in which a model of one's own is looked for
SHOWN = 5  # names in an error
NO_RETRY: Any = {"max_retries": 0}


async def check_account(api_key: str, url: str, *, model: str, language: str) -> str:
    """Look up the key's projects, the model and the language. Returns a line for people; raises `ProviderError`.

    `url` is the base of the sockets, such as `wss://api.deepgram.com`; REST has the same host. A server of your own may
    have no lists of models: then it says nothing of them.
    """
    import httpx
    from deepgram import AsyncDeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.environment import DeepgramClientEnvironment

    sockets, rest = websocket_url(url), http_url(url)
    environment = DeepgramClientEnvironment(base=rest, production=sockets, agent=sockets, agent_rest=rest)
    async with httpx.AsyncClient(timeout=CHECK_WITHIN) as http:
        account = AsyncDeepgramClient(api_key=api_key, environment=environment, httpx_client=http).manage.v1
        try:
            projects = (await account.projects.list(request_options=NO_RETRY)).projects or ()
            try:
                languages = _languages((await account.models.list(request_options=NO_RETRY)).stt or ())
                if languages and _named(model, languages) is None:
                    for project in projects[:PROJECTS]:
                        own = await account.projects.models.list(project.project_id or "", request_options=NO_RETRY)
                        languages |= _languages(own.stt or ())
            except ApiError as refused:
                if refused.status_code not in (403, 404, 405):  # 403: the key may only transcribe
                    raise
                languages = {}
        except ApiError as refused:
            status = refused.status_code or 0
            raise ProviderError("deepgram", f"HTTP {status}", retryable=status not in PERMANENT_STATUSES) from refused
        except httpx.HTTPError as failed:
            raise ProviderError("deepgram", f"cannot connect: {failed or type(failed).__name__}") from failed
    names = ", ".join(project.name or "unnamed" for project in projects)
    found = f"key accepted, project {names}" if names else "key accepted"
    if not languages:
        return found
    _look_up(model, language, languages)
    return found if _named(model, languages) else f"{found}; its list of models has no {model}"


def _languages(models: Iterable[Any]) -> dict[str, set[str]]:
    """What each model speaks, by the name that requests give."""
    spoken: dict[str, set[str]] = {}
    for model in models:
        if model.streaming is not False and (name := model.canonical_name or model.name):
            spoken.setdefault(name, set()).update(model.languages or ())
    return spoken


def _named(model: str, languages: Mapping[str, set[str]]) -> str | None:
    """The model as it is listed: `nova-3` is `nova-3-general`."""
    return next((name for name in (model, f"{model}-general") if name in languages), None)


def _look_up(model: str, language: str, languages: Mapping[str, set[str]]) -> None:
    """Raises `ProviderError` with the nearest ones for what neither Deepgram's lists have nor its documents."""
    name, documented = _named(model, languages), MODELS.get(model)
    if name is None and documented is None:
        known = sorted(languages.keys() | MODELS.keys())
        raise ProviderError("deepgram", f"no model {model}; {_nearest(model, known)}", retryable=False)
    spoken = languages.get(name or "", set()).union(documented.languages if documented is not None else ())
    if spoken and language != CODE_SWITCHING and closest(language, spoken) is None:
        others = [other for other, theirs in languages.items() if closest(language, theirs) is not None]
        instead = f"these do: {', '.join(others[:SHOWN])}" if others else "nor does any other"
        raise ProviderError("deepgram", f"{model} does not speak {language}; {instead}", retryable=False)


def _nearest(wanted: str, known: Sequence[str]) -> str:
    close = get_close_matches(wanted, known, n=3)
    return f"the nearest are {', '.join(close)}" if close else f"there are {', '.join(known[:SHOWN])} and others"
