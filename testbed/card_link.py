"""What runs between a reader's driver and the card: frames of a 2-byte big-endian length and that many bytes.

The driver of vsmartcard-vpcd speaks so over TCP, and `testbed.direct_transport` over a Unix socket. A one-byte frame
is a control (0 power off, 1 power on, 2 reset, 4 tell the ATR; only the last is answered), a longer one an APDU.
"""

import asyncio
import socket
from contextlib import suppress

from testbed.card_slot import CardGone, CardSlot, Insertion

_LARGEST_READ = 0x10000
_PREFIX = 2
_BETWEEN_ATTEMPTS = 0.05
_SILENCE = 5.0
"""Seconds. The daemon asks every 0.4 s whether the card is there; a driver this silent has lost the connection."""


class FrameReader:
    """Cuts what a socket delivers into frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    async def next(self) -> bytes:
        """The next frame's content. Raises `CardGone` at the end of the stream."""
        while len(self._buffer) < _PREFIX or len(self._buffer) < self._end:
            self._buffer += await self._receive()
        frame, self._buffer = self._buffer[_PREFIX : self._end], self._buffer[self._end :]
        return frame

    @property
    def _end(self) -> int:
        return _PREFIX + int.from_bytes(self._buffer[:_PREFIX], "big")

    async def _receive(self) -> bytes:
        _acknowledge_at_once(self._connection)
        chunk = await asyncio.get_running_loop().sock_recv(self._connection, _LARGEST_READ)
        _acknowledge_at_once(self._connection)
        if not chunk:
            raise CardGone
        return chunk


async def write_frame(connection: socket.socket, content: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, len(content).to_bytes(_PREFIX, "big") + content)


async def serve_card(slot: CardSlot, insertion: Insertion, connection: socket.socket, *, silence: float | None) -> None:
    """Answer frames until the card is pulled, the other side leaves, or says nothing for `silence` seconds."""
    insertion.link_up()
    talking = asyncio.create_task(_talk(slot, insertion, connection, silence))
    leaving = asyncio.create_task(insertion.gone.wait())
    try:
        await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        talking.cancel()
        leaving.cancel()
        await asyncio.gather(talking, leaving, return_exceptions=True)
        insertion.power(on=False)


async def keep_linked(slot: CardSlot, port: int) -> None:
    """For ever: while a card lies in the slot, be connected to the driver on `port`. To connect is to insert."""
    while True:
        insertion = await slot.arrival()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)  # noqa: FBT003 (the standard library's own parameter)
            try:
                await _serve_driver(slot, insertion, connection, port)
            except OSError:
                await asyncio.sleep(_BETWEEN_ATTEMPTS)
        if insertion.gone.is_set():
            insertion.left.set()


async def _serve_driver(slot: CardSlot, insertion: Insertion, connection: socket.socket, port: int) -> None:
    """Raises `OSError` when the driver cannot be reached."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    await serve_card(slot, insertion, connection, silence=_SILENCE)
    await _until_noticed(connection)


async def _until_noticed(connection: socket.socket) -> None:
    """End our side of the connection, and wait until the driver ends its own: then it knows that the card is out.

    A new connection before that moment looks to the driver like the old card, and the daemon would keep the old
    card's state.
    """
    connection.shutdown(socket.SHUT_WR)
    with suppress(TimeoutError):
        async with asyncio.timeout(_SILENCE):
            while await asyncio.get_running_loop().sock_recv(connection, _LARGEST_READ):
                pass


async def _talk(slot: CardSlot, insertion: Insertion, connection: socket.socket, silence: float | None) -> None:
    frames = FrameReader(connection)
    while True:
        try:
            async with asyncio.timeout(silence):
                message = await frames.next()
            answer = slot.handle(insertion, message)
            if answer is not None:
                await write_frame(connection, answer)
        except (CardGone, OSError):
            return


def _acknowledge_at_once(connection: socket.socket) -> None:
    """The driver sends length and body apart and waits for the ACK in between: a delayed one costs 40 ms per frame.

    The kernel forgets the option with every read, so it is set before and after each.
    """
    if connection.family == socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
