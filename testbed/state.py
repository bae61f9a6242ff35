"""The simulated PKI on disk: made once, never overwritten, opened by every program of the testbed.

Everything is written to a folder beside and moved into place at the end, so a `pki` folder is whole or absent.
"""

import fcntl
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from testbed.authorities import (
    CertificateAuthority,
    NewKey,
    load_authority,
    make_authority,
    rsa_2048,
    save_authority,
)
from testbed.profiles import Authority, Generation
from testbed.register import Register

DEFAULT_OCSP_URL = "http://127.0.0.5:8475/ocsp"


class StateError(Exception):
    """The state folder cannot be used; the message is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """The opened PKI.

    `strangers` have the names of the authorities and other keys: nobody trusts them. `ocsp_url` is what certificates
    name. `new_key` makes the keys of cards.
    """

    folder: Path
    cards: Path
    authorities: Mapping[tuple[Authority, Generation], CertificateAuthority]
    strangers: Mapping[Authority, CertificateAuthority]
    register: Register
    ocsp_url: str
    new_key: NewKey

    def authority(self, authority: Authority, generation: Generation = Generation.CURRENT) -> CertificateAuthority:
        """The given generation of an authority."""
        return self.authorities[authority, generation]


def make_pki(state: Path, *, now: datetime, ocsp_url: str = DEFAULT_OCSP_URL, new_key: NewKey = rsa_2048) -> Pki:
    """Make `state/pki` unless it is there, and open it. Raises `StateError` for a damaged folder."""
    with locked(state):
        if not (state / "pki").exists():
            draft = state / "pki.new"
            shutil.rmtree(draft, ignore_errors=True)
            _write_all(draft, now=now, ocsp_url=ocsp_url, new_key=new_key)
            draft.rename(state / "pki")
    return open_pki(state, new_key=new_key)


def open_pki(state: Path, *, new_key: NewKey = rsa_2048) -> Pki:
    """Open what `make_pki` made. Raises `StateError` where there is nothing, or only a part."""
    folder = state / "pki"
    if not folder.exists():
        raise StateError(f"There is no simulated PKI in {state}: start the testbed once to make it.")
    try:
        return _open(folder, state / "cards", new_key)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        raise StateError(
            f"The simulated PKI in {folder} is incomplete or damaged ({error}): remove {state} and start again."
        ) from error


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Only one process at a time makes state; the lock goes with the process."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "pki.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_all(folder: Path, *, now: datetime, ocsp_url: str, new_key: NewKey) -> None:
    folder.mkdir(mode=0o700)
    for authority in Authority:
        for generation in Generation:
            made = make_authority(authority, generation, now=now, new_key=new_key)
            save_authority(folder / f"{authority}-{generation}", made)
        stranger = make_authority(authority, Generation.CURRENT, now=now, new_key=new_key)
        save_authority(folder / f"{authority}-stranger", stranger)
    Register(folder / "register.sqlite").create()
    (folder / "pki.json").write_text(json.dumps({"ocsp_url": ocsp_url}, indent=2), encoding="utf-8")


def _open(folder: Path, cards: Path, new_key: NewKey) -> Pki:
    register_file = folder / "register.sqlite"
    if not register_file.is_file():
        raise FileNotFoundError("the register is missing")
    register = Register(register_file)
    register.prepared_cards()
    return Pki(
        folder=folder,
        cards=cards,
        authorities={
            (authority, generation): load_authority(folder / f"{authority}-{generation}", authority, generation)
            for authority in Authority
            for generation in Generation
        },
        strangers={
            authority: load_authority(folder / f"{authority}-stranger", authority, Generation.CURRENT)
            for authority in Authority
        },
        register=register,
        ocsp_url=str(json.loads((folder / "pki.json").read_text(encoding="utf-8"))["ocsp_url"]),
        new_key=new_key,
    )
