import argparse
from pathlib import Path

import pytest

from idp.commands.descriptions import LONGEST_DESCRIPTION, add_origin, description_from_file, origin_of
from idp.commands.output import CommandRefused
from idp.domain.metadata_source import MetadataSourceName
from idp.domain.service_provider import FederationProtocol
from idp.usecases.orders import Description
from idp.usecases.sourced_sites import Address, Member, Origin


def said(*words: str) -> Origin | None:
    parser = argparse.ArgumentParser()
    add_origin(parser, is_new=False)
    return origin_of(parser.parse_args(words))


def test_origin_is_told_by_what_was_said(tmp_path: Path) -> None:
    signer = tmp_path / "signer.pem"
    signer.write_text("PEM", encoding="utf-8")
    file = tmp_path / "metadata.xml"
    file.write_text("<a/>", encoding="utf-8")
    url = "https://sp.example/metadata"
    federation = MetadataSourceName("federation")
    assert said() is None
    assert said(str(file)) == Description(protocol=FederationProtocol.SAML, text="<a/>")
    assert said(url, "--signer", str(signer)) == Address(url=url, signers=("PEM",))
    assert said(url, "--from", "federation") == Member(source=federation, entity_id=url)
    assert said("--from", "federation") == Member(source=federation, entity_id=None)


@pytest.mark.parametrize("words", [("",), ("", "--from", "federation")])
def test_empty_metadata_is_called_empty(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandRefused, match="METADATA is empty"):
        said(*words)


def test_address_is_not_believed_without_a_signer() -> None:
    for url in ("https://sp.example/metadata", "HTTPS://sp.example/metadata", "http://127.0.0.1/metadata"):
        with pytest.raises(CommandRefused, match="--signer"):
            said(url)


def test_signer_without_an_address_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused, match="belongs to an address"):
        said(str(tmp_path / "metadata.xml"), "--signer", str(tmp_path / "signer.pem"))


def test_signer_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused, match=r"signer.pem: cannot be read"):
        said("https://sp.example/metadata", "--signer", str(tmp_path / "signer.pem"))


@pytest.mark.parametrize(
    ("content", "protocol"),
    [
        (b"<md:EntityDescriptor/>", FederationProtocol.SAML),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><a/>", FederationProtocol.SAML),
        (b'\n{"redirect_uris": []}', FederationProtocol.OIDC),
    ],
)
def test_protocol_is_told_by_the_description(tmp_path: Path, content: bytes, protocol: FederationProtocol) -> None:
    file = tmp_path / "description"
    file.write_bytes(content)
    description = description_from_file(str(file))
    assert description.protocol is protocol
    assert description.text == content.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither"),
        (b"hello", "neither"),
        (b"[1]", "neither"),
        ("<a/>".encode("utf-16"), "UTF-8"),
        (b"<a>\xff</a>", "UTF-8"),
        (b"<" + b"a" * LONGEST_DESCRIPTION, "longer"),
    ],
)
def test_what_is_no_description_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "description"
    file.write_bytes(content)
    with pytest.raises(CommandRefused, match=words):
        description_from_file(str(file))


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "missing", tmp_path):
        with pytest.raises(CommandRefused, match="cannot be read"):
            description_from_file(str(file))
