"""A player's connection: what is sent and received beside each other, and what is left when the player is gone."""

import asyncio

import pytest

quicker_solara = pytest.importorskip("inv_widgets.workshop.quicker_solara")


class Connection:
    """A websocket whose sends wait until they are let through, and whose player leaves when told to."""

    def __init__(self):
        self.sent = []
        self.through, self.left = asyncio.Event(), asyncio.Event()

    async def send_text(self, text):
        await self.through.wait()
        self.sent.append(text)

    async def receive(self):
        await self.left.wait()
        return {"type": "websocket.disconnect"}


def test_a_player_who_leaves_while_something_is_sent_leaves_no_error():
    async def game():
        connection = Connection()
        socket = quicker_solara.PlayersSocket(connection)
        socket.send_text("one")
        socket.send_text("two")
        await asyncio.sleep(0.01)
        connection.left.set()
        await asyncio.sleep(0.01)
        connection.through.set()
        await asyncio.wait_for(socket._sending, 1)
        return connection.sent, socket._waiting

    assert asyncio.run(game()) == (["one"], 0)
