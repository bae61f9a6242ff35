"""What is encrypted, how it is chosen, and that xmlsec1 and openssl can open it."""

from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from idp.protocols.saml.xml.canonical import Xml, declare, element, text
from idp.protocols.saml.xml.encryption import (
    DataAlgorithm,
    EncryptionImpossible,
    EncryptionMethod,
    EncryptionTarget,
    encrypt,
)
from tests.support.saml_replies import a_decryption_key, a_target
from tests.support.saml_witness import openssl_opens_key, xmlsec1_decrypts
from tests.support.xml import canonical

SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
MGF1 = "http://www.w3.org/2009/xmlenc11#mgf1"
OAEP_OLD = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
OAEP = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
RSA_V1_5 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
AES128_CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
AES192_CBC = "http://www.w3.org/2001/04/xmlenc#aes192-cbc"
AES256_CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
AES128_GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
APEX = element("saml:NameID", text("誰か & <else>"), declares=declare("saml"))


def a_method(algorithm: str, digest: str | None = None, mgf: str | None = None) -> EncryptionMethod:
    return EncryptionMethod(algorithm=algorithm, digest=digest, mgf=mgf)


def encrypted(target: EncryptionTarget, apex: Xml = APEX) -> Xml:
    return encrypt(apex, target, recipient="https://ministry.example/metadata")


def target_with(data: DataAlgorithm) -> EncryptionTarget:
    return a_target(data.value, unsafe_cbc=True)


def cipher_values(written: Xml) -> list[bytes]:
    """The sealed key, and the content."""
    return [b64decode(value.text or "") for value in etree.fromstring(written).iter("{*}CipherValue")]


@pytest.mark.parametrize("data", list(DataAlgorithm))
def test_xmlsec1_opens_every_cipher(data: DataAlgorithm, tmp_path: Path) -> None:
    target = target_with(data)
    assert target.data is data
    opened = xmlsec1_decrypts(encrypted(target).encode(), a_decryption_key(), tmp_path)
    assert opened is not None
    assert canonical(opened.decode()) == APEX


@pytest.mark.parametrize("length", range(33))
def test_cbc_pads_every_length_as_xml_encryption_wants(length: int, tmp_path: Path) -> None:
    apex = element("saml:A", text("x" * length), declares=declare("saml"))
    opened = xmlsec1_decrypts(
        encrypted(target_with(DataAlgorithm.AES128_CBC), apex).encode(), a_decryption_key(), tmp_path
    )
    assert opened is not None
    assert canonical(opened.decode()) == apex


@pytest.mark.parametrize("data", [DataAlgorithm.AES128_GCM, DataAlgorithm.AES192_GCM, DataAlgorithm.AES256_GCM])
def test_changed_text_does_not_open(data: DataAlgorithm, tmp_path: Path) -> None:
    root = etree.fromstring(encrypted(target_with(data)))
    value = root.findall("{*}CipherData/{*}CipherValue")[0]
    value.text = ("B" if (value.text or "").startswith("A") else "A") + (value.text or "")[1:]
    assert xmlsec1_decrypts(etree.tostring(root), a_decryption_key(), tmp_path) is None


@pytest.mark.parametrize(
    ("method", "digest", "mask"),
    [
        (a_method(OAEP), "sha1", "sha1"),
        (a_method(OAEP, SHA256), "sha256", "sha1"),
        (a_method(OAEP, SHA256, MGF1 + "sha256"), "sha256", "sha256"),
        (a_method(OAEP, SHA384, MGF1 + "sha384"), "sha384", "sha384"),
        (a_method(OAEP, SHA512, MGF1 + "sha512"), "sha512", "sha512"),
        (a_method(OAEP, None, MGF1 + "sha256"), "sha1", "sha256"),
        (a_method(OAEP_OLD), "sha1", "sha1"),
        (a_method(OAEP_OLD, SHA256), "sha256", "sha1"),
        (a_method(OAEP_OLD, SHA1, MGF1 + "sha1"), "sha1", "sha1"),
    ],
)
def test_openssl_opens_the_key_by_the_parameters_of_the_metadata(
    method: EncryptionMethod, digest: str, mask: str, tmp_path: Path
) -> None:
    sealed, content = cipher_values(encrypted(a_target(method)))
    key = openssl_opens_key(sealed, a_decryption_key(), tmp_path, digest=digest, mask=mask)
    assert AESGCM(key).decrypt(content[:12], content[12:], None).decode() == APEX


def test_message_names_the_parameters_it_was_encrypted_with() -> None:
    root = etree.fromstring(encrypted(a_target(a_method(OAEP, SHA256, MGF1 + "sha256"))))
    method = root.findall("{*}KeyInfo/{*}EncryptedKey/{*}EncryptionMethod")[0]
    assert method.get("Algorithm") == OAEP
    assert [(child.tag, child.get("Algorithm")) for child in method] == [
        ("{http://www.w3.org/2000/09/xmldsig#}DigestMethod", SHA256),
        ("{http://www.w3.org/2009/xmlenc11#}MGF", MGF1 + "sha256"),
    ]


def test_older_algorithm_fixes_its_mask_and_names_none() -> None:
    root = etree.fromstring(encrypted(a_target(a_method(OAEP_OLD, SHA256))))
    method = root.findall("{*}KeyInfo/{*}EncryptedKey/{*}EncryptionMethod")[0]
    assert [(etree.QName(child).localname, child.get("Algorithm")) for child in method] == [("DigestMethod", SHA256)]


def test_key_stands_inside_and_names_its_recipient() -> None:
    root = etree.fromstring(encrypted(a_target()))
    assert root.get("Type") == "http://www.w3.org/2001/04/xmlenc#Element"
    keys = root.findall("{*}KeyInfo/{*}EncryptedKey")
    assert [key.get("Recipient") for key in keys] == ["https://ministry.example/metadata"]


def test_no_two_messages_share_a_key_or_a_beginning(tmp_path: Path) -> None:
    pairs = [cipher_values(encrypted(a_target())) for _ in range(3)]
    keys = {openssl_opens_key(sealed, a_decryption_key(), tmp_path) for sealed, _ in pairs}
    assert len(keys) == len({content[:12] for _, content in pairs}) == 3


@given(method=st.sampled_from([a_method(OAEP), a_method(OAEP_OLD)]), data=st.sampled_from(list(DataAlgorithm)))
def test_what_is_written_is_its_own_canonical_form(method: EncryptionMethod, data: DataAlgorithm) -> None:
    written = encrypted(a_target(data.value, method, unsafe_cbc=True))
    assert canonical(written) == written


def test_site_that_lists_nothing_gets_what_everybody_must_have() -> None:
    target = a_target()
    assert (target.data, target.transport.algorithm) == (DataAlgorithm.AES128_GCM, OAEP_OLD)
    assert (target.transport.digest, target.transport.mgf) == (SHA1, None)


def test_first_of_each_kind_that_we_use_is_chosen() -> None:
    target = a_target(AES192_CBC, AES256_GCM, AES128_GCM, RSA_V1_5, a_method(OAEP, "urn:unknown"), a_method(OAEP_OLD))
    assert (target.data, target.transport.algorithm) == (DataAlgorithm.AES256_GCM, OAEP_OLD)


@pytest.mark.parametrize("listed", [[AES128_CBC, AES256_GCM], [AES256_GCM, AES128_CBC]])
def test_cipher_that_shows_changes_goes_before_one_that_does_not(listed: list[str]) -> None:
    assert a_target(*listed, unsafe_cbc=True).data is DataAlgorithm.AES256_GCM


def test_marked_site_gets_cbc_if_it_lists_no_better_or_nothing() -> None:
    assert a_target(AES256_CBC, AES128_CBC, unsafe_cbc=True).data is DataAlgorithm.AES256_CBC
    assert a_target(unsafe_cbc=True).data is DataAlgorithm.AES128_CBC


@pytest.mark.parametrize(
    ("listed", "unsafe_cbc", "words"),
    [
        ([AES128_CBC, AES256_CBC], False, "--unsafe-cbc"),
        ([AES128_CBC, RSA_V1_5], False, "--unsafe-cbc allows it; and it lists only rsa-1_5"),
        ([AES192_CBC], True, "no cipher that we use"),
        (["http://www.w3.org/2001/04/xmlenc#tripledes-cbc"], False, "no cipher that we use"),
        (["urn:unknown"], False, "no cipher that we use"),
        ([RSA_V1_5], False, "only rsa-1_5"),
        ([a_method(OAEP, "http://www.w3.org/2001/04/xmldsig-more#md5")], False, "digest or mask"),
        ([a_method(OAEP, SHA256, MGF1 + "md5")], False, "digest or mask"),
        ([a_method(OAEP_OLD, SHA256, MGF1 + "sha256")], False, "digest or mask"),
        ([RSA_V1_5, a_method(OAEP, "urn:unknown")], False, "digest or mask"),
    ],
)
def test_site_that_lists_only_what_we_refuse_is_told_why(
    listed: list[str | EncryptionMethod], words: str, *, unsafe_cbc: bool
) -> None:
    with pytest.raises(EncryptionImpossible, match=words):
        a_target(*listed, unsafe_cbc=unsafe_cbc)


def test_target_does_not_show_its_key() -> None:
    assert "RSAPublicKey" not in repr(a_target())
