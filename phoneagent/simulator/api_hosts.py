"""Hosts of the REST interface at which nobody answers since 2026-04-28 (Twilio's change log, 2026-02-04)."""

from __future__ import annotations

RETIRED_HOSTS = frozenset(f"api.{region}.twilio.com" for region in ("ie1", "au1", "br1", "de1", "jp1", "sg1", "us2"))
