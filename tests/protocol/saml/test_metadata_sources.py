"""Metadata of sites from where it is published: over HTTP, signed by software nobody here wrote, and by commands."""

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml import XMLSigner, methods
from signxml.algorithms import CanonicalizationMethod
from sqlalchemy import Engine

from foundation.clock import system_clock
from idp.domain.metadata_source import SourceKind, WhyRefused
from idp.domain.service_provider import Standing
from idp.settings import load_settings
from idp.worker import make_worker
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.federation import (
    ENVELOPED,
    EXCLUSIVE,
    HERE,
    RSA_SHA256,
    SHA256,
    XML_SIGNATURE,
    a_publisher,
    an_aggregate,
)
from tests.support.house import Foundations, foundations
from tests.support.office import NAMES, Office, office, office_template
from tests.support.publications import (
    SITE,
    MetadataDoor,
    Publication,
    a_document_for,
    a_publication,
    a_registered_entity,
)
from tests.support.saml_witness import XMLSEC1

__all__ = ["foundations", "office", "office_template", "sqlite_engine", "sqlite_template"]

PUBLISHER = a_publisher()
WEEK = timedelta(days=7)
OTHER = "https://other.example/metadata"


@pytest.fixture
def publication() -> Iterator[Publication]:
    with a_publication() as made:
        yield made


@pytest.fixture
def door(sqlite_engine: Engine, publication: Publication) -> MetadataDoor:
    return MetadataDoor(sqlite_engine, publication)


@pytest.mark.parametrize("kind", SourceKind)
def test_source_is_asked_once_in_full_and_then_only_for_news(
    door: MetadataDoor, publication: Publication, kind: SourceKind
) -> None:
    door.follow(kind)
    door.publish(PUBLISHER.sign(a_document_for(kind)), version='"1"')
    assert [door.ask(), door.ask()] == ["taken", "unchanged"]
    first, second = publication.asked
    for line in ("Accept: application/samlmetadata+xml", "Accept-Encoding: identity"):
        assert line in first.split("\r\n")
    assert "If-None-Match" not in first
    assert 'If-None-Match: "1"' in second.split("\r\n")


def test_query_names_the_site_as_the_protocol_says(door: MetadataDoor, publication: Publication) -> None:
    door.follow(SourceKind.QUERY)
    door.publish(PUBLISHER.sign(a_document_for(SourceKind.QUERY)))
    door.ask()
    assert publication.asked[0].startswith("GET /entities/https%3A%2F%2Fsite.example%2Fmetadata HTTP/1.1\r\n")


def test_query_service_that_does_not_know_the_site_says_so(door: MetadataDoor) -> None:
    door.follow(SourceKind.QUERY)
    assert door.ask() == WhyRefused.NOT_THERE


def test_site_that_left_the_federation_is_suspended(door: MetadataDoor) -> None:
    site = door.follow(SourceKind.AGGREGATE)
    door.publish(PUBLISHER.sign(an_aggregate(a_registered_entity(OTHER))))
    assert door.ask() == "withdrawn"
    assert door.site(site).standing is Standing.SUSPENDED


# Signed by others


def by_signxml(document: str, folder: Path) -> bytes:
    del folder
    place = f'<ds:Signature xmlns:ds="{XML_SIGNATURE}" Id="placeholder"/>'
    root = etree.fromstring(document.replace(HERE, place).encode())
    signer = XMLSigner(
        method=methods.enveloped, c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    key = PUBLISHER.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return bytes(etree.tostring(signer.sign(root, key=key, cert=PUBLISHER.certificate, reference_uri="#_document")))


def by_xmlsec1(document: str, folder: Path) -> bytes:
    template = (
        f'<ds:Signature xmlns:ds="{XML_SIGNATURE}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{RSA_SHA256}"/>'
        f'<ds:Reference URI="#_document"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"><ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="md xs"/>'
        f'</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
        f"</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
    file, key = folder / "document.xml", folder / "key.pem"
    file.write_text(document.replace(HERE, template), encoding="utf-8")
    key.write_bytes(PUBLISHER.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    root = etree.fromstring(document.encode())
    done = subprocess.run(  # noqa: S603 (a fixed program; its files are the test's)
        [
            XMLSEC1,
            "--sign",
            *("--privkey-pem", str(key)),
            *("--id-attr:ID", f"{etree.QName(root).namespace}:{etree.QName(root).localname}"),
            str(file),
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )
    return done.stdout


@pytest.mark.parametrize("kind", [SourceKind.AGGREGATE, SourceKind.QUERY])
@pytest.mark.parametrize("sign", [by_signxml, by_xmlsec1], ids=lambda sign: sign.__name__)
def test_document_that_other_software_signed_is_taken(
    door: MetadataDoor, kind: SourceKind, sign: Callable[[str, Path], bytes], tmp_path: Path
) -> None:
    door.follow(kind)
    document = a_document_for(kind).replace("><", ">\n  <!-- by hand -->\r\n\t<", 3)
    door.publish(sign(document, tmp_path))
    assert door.ask() == "taken"
    assert door.has_new


# By commands, from the first to the last


def a_federation(office: Office, publication: Publication, *members: str, name: str = "all.xml") -> tuple[str, ...]:
    """Publishes `members`; the words that name it."""
    publication.documents[f"/{name}"] = PUBLISHER.sign(an_aggregate(*members, ends_at=system_clock() + WEEK))
    signer = office.file("signer.pem", PUBLISHER.certificate)
    return ("--kind", "aggregate", "--url", f"{publication.url}{name}", "--signer", signer)


def test_federation_is_kept_read_searched_and_a_member_admitted_and_followed(
    office: Office, publication: Publication
) -> None:
    words = a_federation(office, publication, a_registered_entity(), a_registered_entity(OTHER))
    assert "federation: added" in office.idp("metadata", "add", "federation", *words).out
    assert "a newer one is in use" in office.idp("metadata", "refresh", "federation").out
    assert OTHER in office.idp("metadata", "search", "federation", "OTHER", "metadata").out
    office.sector("tax")
    said = office.idp("sp", "add", "--from", "federation", SITE, "--sector", "tax", "--id", "site", *NAMES)
    assert said.status == 0, said.err
    said = office.idp("metadata", "list", "--json")
    (source,) = said.json["sources"]  # type: ignore[misc]
    assert (source["name"], source["kind"], source["sites"]) == ("federation", "aggregate", 1)
    assert source["readings"][0]["entities"] == 2
    newer = a_registered_entity(address="https://site.example/acs/newest")
    a_federation(office, publication, newer, a_registered_entity(OTHER))
    said = office.idp("metadata", "refresh", "federation", "--json")
    assert [(each["service_provider"], each["news"]) for each in said.json["attempts"]] == [  # type: ignore[attr-defined]
        (None, "taken"),
        ("site", "taken"),
    ]
    assert "acs/newest" in office.idp("sp", "show", "site").out


def test_worker_follows_without_a_command(
    office: Office, publication: Publication, foundations: Foundations, caplog: pytest.LogCaptureFixture
) -> None:
    words = a_federation(office, publication, a_registered_entity())
    office.idp("metadata", "add", "federation", *words)
    shutil.copytree(foundations.trust, office.folder / "trust")
    worker = make_worker(load_settings(office.folder / "idp.toml"))
    worker.plan()
    with caplog.at_level(logging.INFO):
        while worker.do_one():
            pass
    assert "metadata of all from federation: taken" in caplog.text
    assert len(publication.asked) == 1
    (source,) = office.idp("metadata", "list", "--json").json["sources"]  # type: ignore[misc]
    assert source["readings"][0]["entities"] == 1


def test_refusal_is_told_in_words_and_by_the_exit_status(office: Office, publication: Publication) -> None:
    words = a_federation(office, publication, a_registered_entity())
    office.idp("metadata", "add", "federation", *words)
    publication.documents["/all.xml"] = a_publisher("stranger").sign(an_aggregate(a_registered_entity()))
    said = office.idp("metadata", "refresh", "federation")
    assert (said.status, said.err) == (1, "")
    assert WhyRefused.WRONGLY_SIGNED.words in said.out
    assert WhyRefused.WRONGLY_SIGNED.words in office.idp("metadata", "list").out
    attempts = office.idp("metadata", "refresh", "federation", "--json").json["attempts"]
    assert [attempt["code"] for attempt in attempts] == ["wrongly_signed"]  # type: ignore[attr-defined]


def test_smaller_federation_is_taken_on_purpose(office: Office, publication: Publication) -> None:
    many = [a_registered_entity(f"https://{number}.example") for number in range(5)]
    words = a_federation(office, publication, *many)
    office.idp("metadata", "add", "federation", *words)
    office.idp("metadata", "refresh", "federation")
    a_federation(office, publication, *many[:1])
    assert office.idp("metadata", "refresh", "federation").status == 1
    assert office.idp("metadata", "refresh", "federation", "--anew").status == 0


def test_query_service_is_followed_for_whom_it_is_asked(office: Office, publication: Publication) -> None:
    signer = office.file("signer.pem", PUBLISHER.certificate)
    said = office.idp("metadata", "add", "mdq", "--kind", "query", "--url", publication.url, "--signer", signer)
    assert said.status == 0, said.err
    assert "no service provider follows mdq yet" in office.idp("metadata", "refresh", "mdq").out
    document = a_document_for(SourceKind.QUERY, ends_at=system_clock() + WEEK)
    publication.documents["/entities/https%3A%2F%2Fsite.example%2Fmetadata"] = PUBLISHER.sign(document)
    office.sector("tax")
    said = office.idp("sp", "add", "--from", "mdq", SITE, "--sector", "tax", "--id", "site", *NAMES)
    assert said.status == 0, said.err
    assert "site: unchanged" in office.idp("metadata", "refresh", "mdq").out
    said = office.idp("metadata", "remove", "mdq")
    assert (said.status, said.err) == (1, "These sites follow mdq: site.\n")
    office.idp("sp", "remove", "site", "--yes")
    assert office.idp("metadata", "remove", "mdq").out == "mdq: removed\n"
    assert json.loads(office.idp("metadata", "list", "--json").out) == {"sources": []}
