from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.revocation.crl_files import (
    ListFileUnreadable,
    ListHead,
    ListRolledBack,
    MappedList,
    compile_list,
    list_file,
    read_head,
)
from jpki.crl import RevokedEntry, VerifiedCrl, verify_crl
from jpki.errors import CrlRejected
from jpki.revocation import RevocationReason
from tests.support.certificates import anchors_of
from tests.support.pki import LeafCertificate, SamplePki

Verify = Callable[[bytes], VerifiedCrl]


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def verify(pki: SamplePki) -> Verify:
    anchors = anchors_of(pki)
    return lambda crl: verify_crl(crl, anchors, now=pki.now, max_skew=timedelta(0))


class ListOf(VerifiedCrl):
    """A verified list with entries of the test's choice: signing thousands would only take time."""

    __slots__ = ("chosen",)
    chosen: list[RevokedEntry]

    def entries(self) -> list[RevokedEntry]:  # type: ignore[override]  # a list is iterated as well
        return self.chosen


def a_list(model: VerifiedCrl, entries: list[RevokedEntry]) -> VerifiedCrl:
    made = ListOf(
        issuer=model.issuer,
        distribution_point=model.distribution_point,
        number=model.number,
        this_update=model.this_update,
        next_update=model.next_update,
        _list=b"",
        _entries=(0, 0),
    )
    object.__setattr__(made, "chosen", entries)
    return made


def file_of(head: ListHead, folder: Path) -> Path:
    return list_file(folder, issuer_key_digest=head.issuer_key_digest, distribution_point=head.distribution_point)


def test_header_of_the_file_says_what_the_list_said(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    crl = verify(pki.a_crl(leaf, revoked=[leaf]))
    head = compile_list(crl, tmp_path)
    assert read_head(file_of(head, tmp_path)) == head
    assert (head.number, head.this_update, head.next_update) == (crl.number, crl.this_update, crl.next_update)
    assert head.entries == 1


def test_file_names_show_digests_only(leaf: LeafCertificate, pki: SamplePki, verify: Verify, tmp_path: Path) -> None:
    name = compile_list(verify(pki.a_crl(leaf)), tmp_path).name
    assert len(name) == 65
    assert set(name) <= set("0123456789abcdef-")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(serials=st.sets(st.one_of(st.integers(1, 2**32), st.integers(1, 2**159)), max_size=300), data=st.data())
def test_listed_serials_are_found_and_no_others(  # noqa: PLR0917 (fixtures and drawn values)
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path, serials: set[int], data: st.DataObject
) -> None:
    entries = [RevokedEntry(serial.to_bytes(20, "big").lstrip(b"\0"), serial % 7, serial % 2**33) for serial in serials]
    model = verify(pki.a_crl(leaf))
    head = compile_list(a_list(model, entries), tmp_path)
    mapped = MappedList(file_of(head, tmp_path))
    for serial in serials:
        found = mapped.find(serial)
        assert found is not None
        assert found[0] == RevocationReason(serial % 7)
        assert found[1].timestamp() == serial % 2**33
    absent = data.draw(st.integers(1, 2**159).filter(lambda serial: serial not in serials))
    assert mapped.find(absent) is None
    assert all((mapped.find(serial + 1) is None) == (serial + 1 not in serials) for serial in serials)


def test_newer_list_takes_the_place_of_the_older(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    older = compile_list(verify(pki.a_crl(leaf, this_update=pki.now - timedelta(hours=1))), tmp_path)
    newer = compile_list(verify(pki.a_crl(leaf)), tmp_path)
    assert file_of(older, tmp_path) == file_of(newer, tmp_path)
    assert read_head(file_of(newer, tmp_path)) == newer


def test_same_list_again_changes_nothing(pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path) -> None:
    crl = verify(pki.a_crl(leaf))
    assert compile_list(crl, tmp_path) == compile_list(crl, tmp_path)


def test_older_list_is_refused_and_the_newer_stays(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    newer = compile_list(verify(pki.a_crl(leaf, revoked=[leaf])), tmp_path)
    with pytest.raises(ListRolledBack):
        compile_list(verify(pki.a_crl(leaf, this_update=pki.now - timedelta(hours=1))), tmp_path)
    assert read_head(file_of(newer, tmp_path)) == newer


def test_older_time_under_a_higher_number_is_refused(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    model = verify(pki.a_crl(leaf))
    compile_list(model, tmp_path)
    forged = VerifiedCrl(
        issuer=model.issuer,
        distribution_point=model.distribution_point,
        number=model.number + 1,
        this_update=model.this_update - timedelta(seconds=1),
        next_update=model.next_update,
        _list=b"",
        _entries=(0, 0),
    )
    with pytest.raises(ListRolledBack):
        compile_list(forged, tmp_path)


def test_malformed_entry_leaves_the_list_in_use(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    model = verify(pki.a_crl(leaf))
    used = compile_list(model, tmp_path)
    broken = VerifiedCrl(
        issuer=model.issuer,
        distribution_point=model.distribution_point,
        number=model.number + 1,
        this_update=model.this_update,
        next_update=model.next_update,
        _list=b"\x30\x03\x02\x01\x05",
        _entries=(0, 5),
    )
    with pytest.raises(CrlRejected):
        compile_list(broken, tmp_path)
    assert read_head(file_of(used, tmp_path)) == used


def test_no_half_written_file_is_left_behind(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    head = compile_list(verify(pki.a_crl(leaf)), tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {".lock", file_of(head, tmp_path).name}


def test_mapped_list_stays_whole_while_a_newer_one_replaces_it(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    older = verify(pki.a_crl(leaf, revoked=[leaf], this_update=pki.now - timedelta(hours=1)))
    mapped = MappedList(file_of(compile_list(older, tmp_path), tmp_path))
    compile_list(verify(pki.a_crl(leaf)), tmp_path)
    assert mapped.find(leaf.serial) is not None


@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "other format"])
def test_damaged_file_is_not_read_and_a_good_list_replaces_it(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path, damage: str
) -> None:
    crl = verify(pki.a_crl(leaf, revoked=[leaf]))
    file = file_of(compile_list(crl, tmp_path), tmp_path)
    content = file.read_bytes()
    damaged = {
        "cut": content[:-1],
        "longer": content + b"\0",
        "empty": b"",
        "other format": b"X" + content[1:],
    }
    file.write_bytes(damaged[damage])
    with pytest.raises(ListFileUnreadable):
        MappedList(file)
    compile_list(crl, tmp_path)
    assert MappedList(file).find(leaf.serial) is not None


def test_entry_with_an_impossible_reason_is_unreadable_not_good(
    pki: SamplePki, leaf: LeafCertificate, verify: Verify, tmp_path: Path
) -> None:
    model = verify(pki.a_crl(leaf))
    serial = leaf.serial.to_bytes(4, "big").lstrip(b"\0")
    head = compile_list(a_list(model, [RevokedEntry(serial, 77, 0)]), tmp_path)
    with pytest.raises(ListFileUnreadable):
        MappedList(file_of(head, tmp_path)).find(leaf.serial)
