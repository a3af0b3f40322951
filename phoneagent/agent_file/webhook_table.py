"""`[[webhooks]]` and `[incoming]`: the operator's own systems, which are told of calls, and asked about them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from phoneagent.deliveries import MESSAGE_TYPES, Incoming, MessageType, Webhook
from phoneagent.private import Private
from phoneagent.webhooks.receivers import checked_name, checked_reach, checked_url

from .problems import meant, names_of

_INCOMING = Incoming(Webhook("", ()))


def _events(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in MESSAGE_TYPES:
            raise ValueError(f"expected {names_of(MESSAGE_TYPES)}, got {name!r}{meant(name, MESSAGE_TYPES)}")
    return names


Url = Annotated[str, AfterValidator(checked_url)]
Secret = Annotated[str, AfterValidator(checked_name)]
Events = Annotated[tuple[str, ...], AfterValidator(_events)]


class _ReceiverTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    secret: Secret
    private: bool = False

    @model_validator(mode="after")
    def reachable(self) -> Self:
        """Plain http is for one's own network."""
        checked_reach(self.url, private=self.private)
        return self

    def _receiver(self, events: tuple[MessageType, ...] = ()) -> Webhook:
        """Its secret is a `${NAME}` still."""
        return Webhook(self.url, (Private(self.secret),), events, private=self.private)


class WebhookTable(_ReceiverTable):
    """One of `[[webhooks]]`."""

    events: Events = ()

    def webhook(self) -> Webhook:
        """The record."""
        return self._receiver(tuple(name for name in MESSAGE_TYPES if name in self.events))


class IncomingTable(_ReceiverTable):
    """`[incoming]`."""

    within: Annotated[float, Field(gt=0, le=5, allow_inf_nan=False)] = _INCOMING.within

    def incoming(self) -> Incoming:
        """The record."""
        return Incoming(self._receiver(), self.within)
