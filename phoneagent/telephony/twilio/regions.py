"""Where Twilio's REST interface is: by processing region, and the edge through which it is reached.

From twilio.com/docs/global-infrastructure/edge-locations/legacy-regions (November 2026). `api.REGION.twilio.com`, which
the SDK makes of a region alone, was retired on 2026-04-28, but for us1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

REGIONS: Mapping[str, str] = {"us1": "ashburn", "ie1": "dublin", "au1": "sydney"}
"""Regions that process calls, and the edge beside each."""

FORMER_REGIONS: Mapping[str, str] = {
    "us2": "umatilla", "br1": "sao-paulo", "de1": "frankfurt", "jp1": "tokyo", "sg1": "singapore", "gll": "roaming",
}  # fmt: skip
"""What edges were called while they were written as regions: calls are processed in us1."""


class ApiPlace(NamedTuple):
    """What to give to the SDK; both empty: `api.twilio.com`. `note`: what an operator should know of it."""

    region: str = ""
    edge: str = ""
    note: str = ""


def api_place(region: str, edge: str) -> ApiPlace:
    """Of the settings, either of which may be empty. Raises `ValueError` for a region whose edge nobody knows."""
    region, edge = region.lower(), edge.lower()
    if edge or not region:
        return ApiPlace(region or ("us1" if edge else ""), edge)
    if region in FORMER_REGIONS:
        return ApiPlace(
            note=f"TWILIO_REGION: {region} is the former name of the edge {FORMER_REGIONS[region]}, and no region; "
            "requests go to api.twilio.com"
        )
    if region not in REGIONS:
        raise ValueError(f"expected the edge of the region {region}, which is not one of {', '.join(REGIONS)}")
    place = REGIONS[region]
    return ApiPlace(
        region, place, f"TWILIO_REGION is {region} and TWILIO_EDGE is not set: {place} is taken, which lies beside it"
    )
