"""Tools of a shop, as a user writes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from phoneagent.tools import CallInfo, ToolError, tool

ORDERS = {"17": "sent"}


@tool(safe=True, timeout=5.0, start="I am looking it up.", slow={8: "Still looking.", 4: "It takes a moment."})
def order_status(number: Annotated[str, Field(pattern=r"^\d+$")], call: CallInfo) -> str:
    """Look up an order.

    Ask for its number first.

    Args:
        number: the order's number,
            digits only
        call: who asks

    """
    if number not in ORDERS:
        raise ToolError(f"There is no order {number}.")
    return f"{ORDERS[number]}, for {call.caller_number or 'somebody'} ({call.variables.get('name', 'unnamed')})"


@tool
async def opening_hours() -> str:
    """Tell when the shop is open."""
    return "nine to five"


def restock() -> None:
    """No tool: it is not marked."""
