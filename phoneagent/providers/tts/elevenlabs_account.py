"""What ElevenLabs says of a key and a voice, and how its errors read; through the official SDK."""

from __future__ import annotations

from typing import Any

from phoneagent.errors import ProviderError
from phoneagent.providers.websocket import ACCOUNT_STATUSES, PERMANENT_STATUSES, http_url

CHECK_WITHIN = 5.0  # seconds


async def check_voice(api_key: str, url: str, voice: str) -> str:
    """Look up the voice. Returns a line for people; raises `ProviderError`."""
    import httpx
    from elevenlabs import AsyncElevenLabs
    from elevenlabs.core.api_error import ApiError

    async with httpx.AsyncClient(timeout=CHECK_WITHIN) as http:
        client = AsyncElevenLabs(api_key=api_key, base_url=http_url(url), httpx_client=http)
        try:
            found = await client.voices.get(voice, request_options={"max_retries": 0})
        except ApiError as refused:
            problem = refusal(refused.status_code or 0, refused.body)
            if "missing_permissions" in problem.problem:  # a key that may speak need not be allowed to look around
                return "key accepted; it may not look up voices"
            raise problem from refused
        except httpx.HTTPError as failed:
            raise ProviderError("elevenlabs", f"cannot connect: {failed or type(failed).__name__}") from failed
    return f"key accepted, voice {found.name or voice}"


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
