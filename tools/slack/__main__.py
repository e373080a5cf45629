"""`python -m tools.slack`: run the stand-in until it is told to stop."""

from __future__ import annotations

import socket
import sys
from typing import Annotated

import typer
import uvicorn

from tools.slack.app import StandIn
from tools.slack.faults import RateLimit
from tools.slack.running import config


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 9077,
    token: Annotated[str | None, typer.Option(help="The only token that is let in; default: any xoxb-...")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Known channel, repeatable; default: each is made when first used.")
    ] = None,
    rate_limit: Annotated[bool, typer.Option(help="One post a second in each channel, as the real one.")] = False,
) -> None:
    """Run a stand-in for Slack; its page shows channels and threads."""
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        print(f"--port {port}: cannot listen on {host}: {error.strerror}\nnext: choose another --port", file=sys.stderr)
        raise typer.Exit(1) from None
    with listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        print(f"Slack stand-in: page {url}/  SLACK_API_URL={url}/api", flush=True)
        standin = StandIn(token, tuple(channel or ()), RateLimit() if rate_limit else None)
        uvicorn.Server(config(standin)).run([listener])


if __name__ == "__main__":
    typer.run(main)
