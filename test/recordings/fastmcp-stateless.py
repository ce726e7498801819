"""Records how a FastMCP server with stateless_http=True answers on the wire.

What it writes, fastmcp-stateless.json, is replayed behind Fermata's upstream by
test/scenarios/recorded-upstream.test.ts. It holds nothing of the machine it ran on: hosts, ports and dates are left out.
To record again (made with Python 3.11, fastmcp 4.0.10 and mcp 2.3.0):

    python3 -m venv venv && venv/bin/pip install fastmcp==4.0.10 mcp==2.3.0
    venv/bin/python test/recordings/fastmcp-stateless.py > test/recordings/fastmcp-stateless.json
"""

import asyncio
import http.client
import json
import socket
import sys
from importlib.metadata import version

import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError

server = FastMCP("recorded", version="1.0.0")


@server.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool
def fail() -> str:
    """Fail, always."""
    raise ToolError("The shelf is empty.")


@server.tool
async def ask(ctx: Context) -> str:
    """Ask the person for a name."""
    answer = await ctx.elicit("Your name?", response_type=str)
    return f"Hello, {answer}"


KEPT_HEADERS = ("content-type", "allow", "mcp-session-id", "cache-control")
POST_HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
OF_2025 = {"mcp-protocol-version": "2025-11-25"}


def request(name, params=None, id=1):
    return {"jsonrpc": "2.0", "id": id, "method": name, **({} if params is None else {"params": params})}


def call(tool, arguments):
    return request("tools/call", {"name": tool, "arguments": arguments})


HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"elicitation": {}},
    "clientInfo": {"name": "recorder", "version": "1"},
}
EXCHANGES = [
    ("POST", POST_HEADERS, request("initialize", HELLO)),
    ("POST", POST_HEADERS | OF_2025, {"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ("POST", POST_HEADERS | OF_2025, request("tools/list")),
    ("POST", POST_HEADERS | OF_2025, call("add", {"a": 2, "b": 3})),
    ("POST", POST_HEADERS | OF_2025, call("fail", {})),
    ("POST", POST_HEADERS | OF_2025, call("ask", {})),
    ("POST", POST_HEADERS | OF_2025, call("absent", {})),
    ("POST", POST_HEADERS | OF_2025, request("no/such")),
    ("POST", POST_HEADERS | OF_2025, request("server/discover")),
    ("GET", {"accept": "text/event-stream"} | OF_2025, None),
    ("DELETE", OF_2025, None),
]


def exchange(port, method, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/mcp", None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read().decode()
    heads = {name.lower(): value for name, value in response.getheaders() if name.lower() in KEPT_HEADERS}
    return {
        "request": {"method": method, "headers": headers, "body": body},
        "response": {"status": response.status, "headers": heads, "body": text},
    }


async def main():
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    app = server.http_app(path="/mcp", stateless_http=True)
    there = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    serving = asyncio.create_task(there.serve(sockets=[listening]))
    while not there.started:
        await asyncio.sleep(0.05)
    recorded = [await asyncio.to_thread(exchange, port, *each) for each in EXCHANGES]
    there.should_exit = True
    await serving
    versions = {name: version(name) for name in ("fastmcp", "mcp")}
    json.dump({"versions": versions, "exchanges": recorded}, sys.stdout, indent=2)
    sys.stdout.write("\n")


asyncio.run(main())
