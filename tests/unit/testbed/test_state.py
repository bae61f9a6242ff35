import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from testbed.profiles import Authority
from testbed.state import StateError, make_pki, open_pki
from tests.support.pki import A_MOMENT, SamplePki, a_pki, pooled_authority_keys


def test_second_making_overwrites_nothing(sample: SamplePki) -> None:
    before = sample.pki.authority(Authority.SIGNATURE).certificate_der
    again = make_pki(sample.state, now=A_MOMENT + timedelta(days=1), ocsp_url="http://elsewhere.invalid/ocsp")
    assert again.authority(Authority.SIGNATURE).certificate_der == before
    assert again.ocsp_url == sample.pki.ocsp_url


def test_two_at_once_make_one_pki(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: a_pki(tmp_path).trust(Authority.SIGNATURE), range(2)))
    assert made[0] == made[1]


def test_leftovers_of_an_interrupted_making_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pki.new").mkdir()
    (tmp_path / "pki.new" / "authentication-older").mkdir()
    a_pki(tmp_path)
    assert not (tmp_path / "pki.new").exists()


@pytest.mark.parametrize(
    "part", ["register.sqlite", "pki.json", "signature-older/ca.key", "signature-stranger/ocsp.crt"]
)
def test_missing_part_is_reported_in_one_sentence(sample: SamplePki, part: str) -> None:
    (sample.state / "pki" / part).unlink()
    with pytest.raises(StateError, match=r"incomplete or damaged .* remove .* and start again\.$") as caught:
        make_pki(sample.state, now=A_MOMENT)
    assert "\n" not in str(caught.value)


def test_damaged_register_is_reported(sample: SamplePki) -> None:
    for file in (sample.state / "pki").glob("register.sqlite*"):
        file.write_bytes(b"this is no database at all, only some text" * 40)
    with pytest.raises(StateError, match="damaged"):
        open_pki(sample.state)


def test_nothing_to_open_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="There is no simulated PKI"):
        open_pki(tmp_path)


def test_only_the_owner_may_read_keys(sample: SamplePki) -> None:
    keys = list((sample.state / "pki").glob("*/*.key"))
    assert len(keys) == 12
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE((sample.state / "pki").stat().st_mode) == 0o700


def test_reopened_pki_signs_with_the_same_keys(sample: SamplePki) -> None:
    reopened = open_pki(sample.state)
    for which, made in sample.pki.authorities.items():
        assert reopened.authorities[which].root.private_key.public_key() == made.certificate.public_key()


def test_removed_state_can_be_made_again(sample: SamplePki) -> None:
    shutil.rmtree(sample.state)
    make_pki(sample.state, now=A_MOMENT, new_key=pooled_authority_keys())
