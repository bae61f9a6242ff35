"""The virtual reader as a process: it obeys, remembers, and takes everything with it when it ends."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.card_memory import load_card, save_card
from testbed.reader_control import ReaderControl, ReaderControlError, ReaderState
from tests.support.cards import a_card
from tests.support.reader import (
    RunningReader,
    a_run_folder,
    a_running_reader,
    end_reader,
    need_reader_stack,
    start_reader,
    until_ready,
)

TIME_LIMIT = 20


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    folder = tmp_path / "cards"
    save_card(folder, a_card())
    save_card(folder, a_card(card_id="taro"))
    return folder


@pytest.fixture
def reader(cards: Path) -> Iterator[RunningReader]:
    need_reader_stack("opensc-tool")
    with a_running_reader(cards) as running:
        yield running


@pytest.fixture
def direct_reader(cards: Path) -> Iterator[RunningReader]:
    with a_running_reader(cards, without_pcscd=True) as running:
        yield running


def card_name(reader: RunningReader) -> str:
    command = ["opensc-tool", "--name"]
    done = subprocess.run(  # noqa: S603 (Debian's own tool)
        command, env=reader.environment(), timeout=TIME_LIMIT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_pcsc_sees_each_insertion_and_each_pull_at_once(reader: RunningReader) -> None:
    assert card_name(reader) == ""
    reader.control.insert("hanako")
    assert card_name(reader) == "jpki"
    reader.control.pull()
    assert card_name(reader) == ""
    reader.control.swap("taro")
    assert card_name(reader) == "jpki"


def test_the_daemon_does_not_run_as_root(reader: RunningReader) -> None:
    daemon = daemon_of(reader)
    owner = next(line for line in (daemon / "status").read_text().splitlines() if line.startswith("Uid:"))
    assert "0" not in owner.split()[1:]


def test_the_driver_listens_in_a_network_of_its_own_or_the_reader_says_so(reader: RunningReader) -> None:
    own, daemons = ((path / "ns/net").readlink() for path in (Path("/proc/self"), daemon_of(reader)))
    is_alone = own != daemons
    assert is_alone == reader.ready["namespace"]
    assert is_alone != any(word.startswith("NOTE ") for word in reader.words)


def test_only_this_user_reaches_the_card(reader: RunningReader) -> None:
    sockets = [path for path in reader.run_folder.iterdir() if path.is_socket()]
    assert {path.name: path.stat().st_mode & 0o077 for path in sockets} == {"pcscd.sock": 0, "control.sock": 0}


def test_the_daemon_dies_with_a_killed_reader(reader: RunningReader) -> None:
    descriptor = os.pidfd_open(int(daemon_of(reader).name))
    reader.process.kill()
    ended, _, _ = select.select([descriptor], [], [], TIME_LIMIT)
    os.close(descriptor)
    assert ended


def test_a_reader_ends_when_its_daemon_dies(reader: RunningReader) -> None:
    os.kill(int(daemon_of(reader).name), signal.SIGKILL)
    assert reader.process.wait(TIME_LIMIT) == 1


def test_a_reader_that_is_told_to_end_leaves_no_sockets(cards: Path) -> None:
    need_reader_stack()
    with a_run_folder() as folder:
        with a_running_reader(cards, run_folder=folder) as reader:
            daemon = daemon_of(reader)
        assert reader.process.returncode == 0
        assert not [path for path in folder.iterdir() if path.is_socket()]
        assert not daemon.exists()


def test_a_reader_ends_when_its_parent_dies(cards: Path) -> None:
    with a_run_folder() as folder:
        command = f"{sys.executable} -m testbed.virtual_reader --without-pcscd --run-folder {folder} --cards {cards}"
        parent = subprocess.Popen(  # noqa: S603 (a shell that starts our own program and waits)
            ["/bin/sh", "-c", f"{command} & echo $!; wait"], stdout=subprocess.PIPE, bufsize=0
        )
        words = until_ready(parent)
        descriptor = os.pidfd_open(int(words[0]))
        parent.kill()
        parent.wait(TIME_LIMIT)
        ended, _, _ = select.select([descriptor], [], [], TIME_LIMIT)
        os.close(descriptor)
        assert parent.stdout is not None
        parent.stdout.close()
        assert ended


def test_a_restarted_reader_has_the_same_card_in_it(cards: Path) -> None:
    need_reader_stack("opensc-tool")
    with a_run_folder() as folder:
        with a_running_reader(cards, run_folder=folder) as first:
            first.control.insert("taro")
        with a_running_reader(cards, run_folder=folder) as second:
            assert second.ready["card"] == "taro"
            assert card_name(second) == "jpki"


def test_a_second_reader_in_the_same_folder_is_refused(direct_reader: RunningReader, cards: Path) -> None:
    second = start_reader(cards, direct_reader.run_folder, "--without-pcscd")
    assert second.wait(TIME_LIMIT) == 1
    end_reader(second)
    assert direct_reader.control.state().card is None


def test_a_folder_with_too_long_a_path_is_refused(cards: Path, tmp_path: Path) -> None:
    reader = start_reader(cards, tmp_path / ("long" * 30), "--without-pcscd")
    assert reader.wait(TIME_LIMIT) == 1
    end_reader(reader)


def test_state_names_the_card_and_what_could_be_inserted(direct_reader: RunningReader) -> None:
    direct_reader.control.insert("taro", contactless=True)
    assert direct_reader.control.state() == ReaderState(card="taro", contactless=True, cards=("hanako", "taro"))


def test_unlocking_reaches_the_disk(direct_reader: RunningReader, cards: Path) -> None:
    save_card(cards, a_card(pin_tries_left=0))
    direct_reader.control.unlock("hanako")
    assert load_card(cards, "hanako").pin_tries_left == 3


def test_a_wish_that_cannot_be_granted_says_why(direct_reader: RunningReader) -> None:
    with pytest.raises(ReaderControlError, match="no card 'jiro'"):
        direct_reader.control.insert("jiro")
    with pytest.raises(ReaderControlError, match="no card is in the reader"):
        direct_reader.control.pull_during_next_signature()


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[1]\n", b'{"wish": "explode"}\n', b"\xff\n", b"x" * 70_000 + b"\n"])
def test_nonsense_on_the_control_socket_harms_nobody(direct_reader: RunningReader, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIME_LIMIT)
        connection.connect(str(direct_reader.run_folder / "control.sock"))
        try:
            connection.sendall(line)
            answer = connection.recv(1000)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert answer == b"" or b"not understood" in answer
    assert direct_reader.control.state().card is None


def test_a_reader_that_does_not_run_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(ReaderControlError, match="is not running"):
        ReaderControl(tmp_path).state()


def daemon_of(reader: RunningReader) -> Path:
    """The folder in `/proc` of the `pcscd` that `reader` started."""
    children = Path(f"/proc/{reader.process.pid}/task/{reader.process.pid}/children").read_text().split()
    found = [Path("/proc") / child for child in children if (Path("/proc") / child / "comm").read_text() == "pcscd\n"]
    assert len(found) == 1
    return found[0]
