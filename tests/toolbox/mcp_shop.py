"""An MCP server for tests, by the official package: `python -m tests.toolbox.mcp_shop` serves on its standard input."""

from __future__ import annotations

import os
import sys

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations


def make_shop(orders: list[str]) -> MCPServer:
    """`orders` gets what is ordered."""
    server = MCPServer("shop")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def order_status(number: int) -> dict[str, str]:
        """Look up where an order is."""
        return {"number": str(number), "status": "sent"}

    @server.tool(structured_output=False)
    async def place_order(what: str) -> str:
        """Order something."""
        orders.append(what)
        return f"{what} is ordered."

    @server.tool(name="shop.refuse", structured_output=False)
    async def refuse() -> str:
        """Fail."""
        raise ToolError("we are closed")

    @server.tool(structured_output=False)
    async def dawdle() -> str:
        """Take a minute."""
        await anyio.sleep(60)
        return "done"

    @server.tool(structured_output=False)
    async def picture() -> Image:
        """Show a picture."""
        return Image(data=b"\x89PNG", format="png")

    @server.tool(structured_output=False)
    async def whole_catalogue() -> str:
        """Tell everything there is."""
        return "tea, " * 100_000

    @server.tool(structured_output=False)
    async def secret_ending() -> str:
        """Tell the end of the secret that the server was given."""
        return os.environ.get("SHOP_TOKEN", "none")[-4:]

    @server.tool(structured_output=False)
    async def crash() -> str:
        """End the server."""
        os._exit(1)

    @server.tool(structured_output=False)
    async def open_bakery(context: Context) -> str:
        """Have one tool more."""
        server.add_tool(bake, structured_output=False)
        await context.notify_tools_changed()
        return "open"

    @server.tool(structured_output=False)
    async def grumble(lines: int) -> str:
        """Complain on the standard error."""
        for number in range(lines):
            sys.stderr.write(f"complaint {number}\n")
        sys.stderr.flush()
        return "done"

    return server


async def bake() -> str:
    """Bake bread."""
    return "bread"


if __name__ == "__main__":
    make_shop([]).run()
