"""Whether Deepgram accepts a key; through the official SDK."""

from __future__ import annotations

from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import PERMANENT_STATUSES, http_url, websocket_url

CHECK_WITHIN = 5.0  # seconds


async def check_key(api_key: str, url: str) -> str:
    """Ask which projects the key belongs to. Returns a line for people; raises `ProviderError`.

    `url` is the base of the sockets, such as `wss://api.deepgram.com`; REST has the same host.
    """
    import httpx
    from deepgram import AsyncDeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.environment import DeepgramClientEnvironment

    sockets, rest = websocket_url(url), http_url(url)
    environment = DeepgramClientEnvironment(base=rest, production=sockets, agent=sockets, agent_rest=rest)
    async with httpx.AsyncClient(timeout=CHECK_WITHIN) as http:
        client = AsyncDeepgramClient(api_key=api_key, environment=environment, httpx_client=http)
        try:
            answer = await client.manage.v1.projects.list(request_options={"max_retries": 0})
        except ApiError as refused:
            status = refused.status_code or 0
            raise ProviderError("deepgram", f"HTTP {status}", retryable=status not in PERMANENT_STATUSES) from refused
        except httpx.HTTPError as failed:
            raise ProviderError("deepgram", f"cannot connect: {failed or type(failed).__name__}") from failed
    names = ", ".join(project.name or "unnamed" for project in answer.projects or ())
    return f"key accepted, project {names}" if names else "key accepted"
