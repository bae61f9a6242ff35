"""The card agent's way to the virtual card on a machine without a smart-card service: a Unix socket of the reader.

It keeps the promises of PC/SC that the agent counts on: one exclusive connection, power off at its end, and a clear
error for every reason why the card cannot be reached.
"""

import asyncio
import socket
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from card_agent.transport import (
    CardConnection,
    CardPulled,
    CardUnreadable,
    NoCard,
    NoReader,
    NoReaderService,
    ReaderBusy,
)
from testbed.card_link import serve_card, write_frame
from testbed.card_slot import CardSlot, Control
from testbed.reader_control import ReaderControl, ReaderControlError

APDU_SOCKET = "apdu.sock"
DIRECT_READER = "Testbed Direct Reader 00 00"
_PATIENCE = 5.0
"""Seconds for one answer of the card."""


class Greeting(StrEnum):
    """The first frame of a connection, from the reader."""

    READY = "ready"
    EMPTY = "empty"
    BUSY = "busy"


class DirectTransport:
    """A `card_agent.transport.CardTransport` to the reader that runs in `run_folder` with `--without-pcscd`."""

    name = "testbed, without PC/SC"

    def __init__(self, run_folder: Path) -> None:
        self._socket = run_folder / APDU_SOCKET
        self._control = ReaderControl(run_folder)

    def readers(self) -> list[str]:
        """Always the one reader. Raises `NoReaderService` while the reader's process does not run."""
        try:
            self._control.state()
        except ReaderControlError as error:
            raise NoReaderService(str(error)) from error
        return [DIRECT_READER]

    def connect(self, reader: str) -> CardConnection:
        if reader != DIRECT_READER:
            raise NoReader(f"there is no reader {reader!r}")
        connection = DirectConnection(self._open())
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(self._socket))
        except OSError as error:
            connection.close()
            raise NoReaderService("the virtual card reader is not running") from error
        return connection


class DirectConnection:
    """A `card_agent.transport.CardConnection`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")

    def begin(self) -> None:
        """Take the reader's greeting and power the card. Raises `NoCard`, `ReaderBusy`, `CardUnreadable`."""
        match self._read():
            case b"ready":
                self._write(Control.POWER_ON)
            case b"empty":
                raise NoCard("the virtual card reader is empty")
            case b"busy":
                raise ReaderBusy("another program holds the virtual card")
            case _:
                raise CardUnreadable("the virtual card reader gave a strange greeting")

    def transmit(self, apdu: bytes) -> bytes:
        self._write(apdu)
        return self._read()

    def close(self) -> None:
        """Wait until the reader has powered the card off and ended its side: the next connection finds it free."""
        if self._stream.closed:
            return
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._stream.read()
        self._stream.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.close()

    def _write(self, content: bytes) -> None:
        try:
            self._connection.sendall(len(content).to_bytes(2, "big") + content)
        except OSError as error:
            raise CardPulled("the virtual card is gone") from error

    def _read(self) -> bytes:
        try:
            length = int.from_bytes(self._take(2), "big")
            return self._take(length)
        except OSError as error:
            raise CardPulled("the virtual card is gone") from error

    def _take(self, size: int) -> bytes:
        taken = self._stream.read(size)
        if len(taken) < size:
            raise CardPulled("the virtual card is gone")
        return taken


class DirectServer:
    """The reader's side: greets, and lets one connection at a time talk to the card."""

    def __init__(self, slot: CardSlot) -> None:
        self._slot = slot
        self._is_taken = False

    async def serve_forever(self, listener: socket.socket) -> None:
        """Accept connections on a non-blocking `listener` until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                connection, _ = await loop.sock_accept(listener)
                group.create_task(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                await self._greet_and_talk(connection)
            except OSError:
                return  # The client left in the middle of a word; the card was powered off on the way out.

    async def _greet_and_talk(self, connection: socket.socket) -> None:
        insertion = self._slot.insertion
        if self._is_taken:
            await write_frame(connection, Greeting.BUSY.encode())
        elif insertion is None:
            await write_frame(connection, Greeting.EMPTY.encode())
        else:
            self._is_taken = True
            try:
                await write_frame(connection, Greeting.READY.encode())
                await serve_card(self._slot, insertion, connection, silence=None)
            finally:
                self._is_taken = False
