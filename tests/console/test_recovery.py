"""The server goes away under an open console and comes back: the console says so, and is right again by itself."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.clients.server import Server
from tests.console.user import User


def test_a_server_that_was_killed_and_started_again(user: User, server: Server) -> None:
    user.open("/sqs/queues")
    user.sees("There is no queue in this region yet.")
    server.kill()
    user.sees("The connection to the server is lost")
    user.shot("lost")
    server.start()
    server.client("sqs").create_queue(QueueName="made-meanwhile")
    user.sees("The server is back.")
    user.sees("made-meanwhile")
    expect(user.page.get_by_text("The connection to the server is lost")).to_have_count(0)
    user.shot("back")


def test_events_go_on_being_shown_after_a_restart(user: User, server: Server) -> None:
    user.open("/events")
    user.sees_heading("Events")
    server.kill()
    user.sees("The connection to the server is lost")
    server.start()
    user.sees("The server is back.")
    expect(user.page.get_by_role("link", name=f"Connected to 127.0.0.1:{server.port}")).to_be_visible()
