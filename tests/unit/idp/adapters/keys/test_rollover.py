import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509

from foundation.keys import SignatureAlgorithm
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.key_folder import CERTIFICATE_LIFETIME, KeyFolder, load_saml_keys
from idp.adapters.keys.pem import certify, find_certificate, generate_key, load_signer
from idp.adapters.keys.rollover import prepare_saml_key, ready_at, retire_saml_key, roll_saml_key

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
ENDED = 9
"""The exit status of a process that was ended in the middle."""


def _write_pair(key: Path, certificate: Path, *, now: datetime = NOW) -> None:
    generate_key(key, SignatureAlgorithm.ES256, for_development=False)
    signer = load_signer(key, development_allowed=False)
    certify(certificate, signer, common_name="idp", now=now, lifetime=CERTIFICATE_LIFETIME, for_development=False)


def _prepare(folder: KeyFolder, *, now: datetime = NOW) -> bool:
    _, is_new = prepare_saml_key(folder, name="idp.example", now=now, for_development=False)
    return is_new


def _roll(folder: KeyFolder, *, now: datetime = NOW + WEEK, published_for: timedelta | None = WEEK) -> None:
    roll_saml_key(folder, now=now, published_for=published_for, development_allowed=False)


def _retire(folder: KeyFolder) -> bool:
    return retire_saml_key(folder, development_allowed=False)


def _certificate(file: Path) -> x509.Certificate:
    found = find_certificate(file, development_allowed=False)
    assert found is not None
    return found


def _published(folder: KeyFolder) -> list[x509.Certificate]:
    keys = load_saml_keys(folder, development_allowed=False)
    assert keys.in_use.certificate.public_key() == keys.in_use.public_key
    return list(keys.published)


def _contents(folder: KeyFolder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.path.iterdir()}


@pytest.fixture
def fresh(tmp_path: Path) -> KeyFolder:
    """With a key in use and nothing else."""
    folder = KeyFolder(path=tmp_path / "keys")
    folder.path.mkdir()
    _write_pair(folder.saml_key, folder.saml_certificate, now=NOW - timedelta(days=300))
    return folder


@pytest.fixture
def prepared(fresh: KeyFolder) -> KeyFolder:
    """With a next key as well."""
    _write_pair(fresh.saml_next_key, fresh.saml_next_certificate)
    return fresh


def test_prepared_key_is_published_behind_the_one_in_use(fresh: KeyFolder) -> None:
    in_use = _certificate(fresh.saml_certificate)
    assert _published(fresh) == [in_use]
    assert _prepare(fresh)
    assert _published(fresh) == [in_use, _certificate(fresh.saml_next_certificate)]
    assert load_signer(fresh.saml_next_key, development_allowed=False).algorithm is SignatureAlgorithm.RS256


def test_preparing_again_changes_nothing(prepared: KeyFolder) -> None:
    before = _contents(prepared)
    assert not _prepare(prepared, now=NOW + timedelta(days=3))
    assert _contents(prepared) == before


def test_rolled_key_signs_and_the_one_before_stays_published(prepared: KeyFolder) -> None:
    before, upcoming = _published(prepared)
    _roll(prepared)
    assert _published(prepared) == [upcoming, before]
    keys = load_saml_keys(prepared, development_allowed=False)
    assert (keys.next, keys.previous) == (None, before)


def test_retired_certificate_is_published_no_more(prepared: KeyFolder) -> None:
    _, upcoming = _published(prepared)
    _roll(prepared)
    assert _retire(prepared)
    assert _published(prepared) == [upcoming]
    assert not _retire(prepared)


def test_next_key_may_be_prepared_while_the_previous_is_still_published(prepared: KeyFolder) -> None:
    before, upcoming = _published(prepared)
    _roll(prepared)
    assert _prepare(prepared)
    assert _published(prepared) == [upcoming, _certificate(prepared.saml_next_certificate), before]


def test_key_is_not_rolled_before_every_site_can_know_it(prepared: KeyFolder) -> None:
    ready = ready_at(_certificate(prepared.saml_next_certificate), WEEK)
    before = _contents(prepared)
    with pytest.raises(KeyUnusable, match=r"unknown to some sites until 2026-11-28 09:00 UTC; .* --now"):
        _roll(prepared, now=ready - timedelta(seconds=1))
    assert _contents(prepared) == before
    _roll(prepared, now=ready)


def test_key_is_rolled_at_once_if_that_is_asked_for(prepared: KeyFolder) -> None:
    _, upcoming = _published(prepared)
    _roll(prepared, now=NOW, published_for=None)
    assert _published(prepared)[0] == upcoming


def test_roll_without_a_next_key_is_refused(fresh: KeyFolder) -> None:
    with pytest.raises(KeyUnusable, match=r"saml-signing-next\.key\.pem: is missing; `idp key prepare saml`"):
        _roll(fresh)


def test_second_roll_waits_until_the_previous_is_retired(prepared: KeyFolder) -> None:
    _roll(prepared)
    _prepare(prepared, now=NOW)
    before = _contents(prepared)
    with pytest.raises(KeyUnusable, match="is still published; `idp key retire saml`"):
        _roll(prepared, published_for=None)
    assert _contents(prepared) == before


def test_next_key_with_another_keys_certificate_is_refused(prepared: KeyFolder) -> None:
    prepared.saml_next_key.unlink()
    with pytest.raises(KeyUnusable, match="has no key beside it"):
        _prepare(prepared)
    generate_key(prepared.saml_next_key, SignatureAlgorithm.ES256, for_development=False)
    for step in (_prepare, _roll):
        with pytest.raises(KeyUnusable, match=r"is not the certificate of saml-signing-next\.key\.pem"):
            step(prepared)


def test_certificate_of_a_key_that_is_no_longer_there_is_not_retired_with_the_one_in_use(prepared: KeyFolder) -> None:
    old_key = prepared.saml_key.read_bytes()
    _roll(prepared)
    prepared.saml_key.write_bytes(old_key)
    with pytest.raises(KeyUnusable, match=r"is not the certificate of saml-signing\.key\.pem"):
        _retire(prepared)
    assert prepared.saml_previous_certificate.exists()


def test_production_refuses_a_next_key_of_development(fresh: KeyFolder) -> None:
    prepare_saml_key(fresh, name="idp.example", now=NOW, for_development=True)
    with pytest.raises(KeyUnusable, match="development"):
        load_saml_keys(fresh, development_allowed=False)
    with pytest.raises(KeyUnusable, match="development"):
        _roll(fresh)


def test_one_command_at_a_time(prepared: KeyFolder) -> None:
    descriptor = os.open(prepared.path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for step in (_prepare, _roll, _retire):
            with pytest.raises(KeyUnusable, match="is being changed by another command"):
                step(prepared)
    finally:
        os.close(descriptor)


def test_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="`idp init`"):
        _roll(KeyFolder(path=tmp_path / "nowhere"))


@pytest.mark.parametrize("step", [_prepare, _roll, _retire])
def test_step_ended_anywhere_leaves_a_good_folder_and_the_same_command_finishes_it(
    prepared: KeyFolder, tmp_path: Path, step: Callable[[KeyFolder], object]
) -> None:
    start = _start_of(step, prepared)
    whole = _copy(start, tmp_path / "whole")
    step(whole)
    first, last = _published(start), _published(whole)
    for number in count(1):
        folder = _copy(start, tmp_path / str(number))
        status = _in_another_process(partial(step, folder), before_access=number, act=partial(os._exit, ENDED))
        published = _published(folder)
        assert published[0] in (first[0], last[0])
        assert step is not _roll or set(published) == set(first), f"ended before access {number}"
        _finish(step, folder)
        assert _published(folder)[0] == last[0]
        assert _file_names(folder) == _file_names(whole)
        if status == 0:
            break
        assert status == ENDED
    assert number > 5


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_worker_that_starts_during_a_roll_publishes_both_keys(prepared: KeyFolder, number: int) -> None:
    both = set(_published(prepared))

    def start() -> None:
        os._exit(0 if set(_published(prepared)) == both else 1)

    assert _in_another_process(start, before_access=number, act=partial(_roll, prepared)) == 0
    assert prepared.saml_previous_certificate.exists(), "nothing was rolled meanwhile"


def _file_names(folder: KeyFolder) -> set[str]:
    """But drafts, which nobody reads."""
    return {file.name for file in folder.path.iterdir() if not file.name.startswith(".")}


def _start_of(step: Callable[[KeyFolder], object], prepared: KeyFolder) -> KeyFolder:
    if step is _prepare:
        prepared.saml_next_key.unlink()
        prepared.saml_next_certificate.unlink()
    if step is _retire:
        _roll(prepared)
    return prepared


def _finish(step: Callable[[KeyFolder], object], folder: KeyFolder) -> None:
    """Give the command again; a roll that had come to its end has nothing to roll."""
    try:
        step(folder)
    except KeyUnusable as error:
        assert step is _roll
        assert "`idp key prepare saml`" in str(error)  # noqa: PT017 (only if it is raised)


def _copy(folder: KeyFolder, path: Path) -> KeyFolder:
    return KeyFolder(path=Path(shutil.copytree(folder.path, path)))


def _in_another_process(step: Callable[[], object], *, before_access: int, act: Callable[[], object]) -> int:
    """The exit status of a process that does `step`, and `act` once, before its access of that number to a file."""
    process = os.fork()
    if process == 0:
        accesses = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal accesses
            del arguments
            if event in ("open", "os.rename", "os.link", "os.remove"):
                accesses += 1
                if accesses == before_access:
                    act()

        sys.addaudithook(watch)
        try:
            step()
        except BaseException:  # noqa: BLE001 (the process must not go on as a second test run)
            os._exit(2)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
