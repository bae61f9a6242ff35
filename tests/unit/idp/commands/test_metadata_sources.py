"""What needs no network; the rest is in `tests/protocol/saml`."""

import pytest

from idp.commands.metadata_sources import LONGEST_SIGNER
from tests.support.federation import a_publisher
from tests.support.office import Office

URL = "https://federation.example/all.xml"


def add(office: Office, *more: str, url: str = URL, kind: str = "aggregate") -> tuple[str, ...]:
    signer = office.file("signer.pem", a_publisher().certificate)
    return ("metadata", "add", "federation", "--kind", kind, "--url", url, "--signer", signer, *more)


def test_source_is_added_listed_and_removed(office: Office) -> None:
    said = office.idp(*add(office))
    assert (said.status, said.out.splitlines()[0]) == (0, "federation: added")
    assert "idp metadata refresh federation" in said.out
    assert office.idp(*add(office)).out == "federation: unchanged\n"
    listed = office.idp("metadata", "list").out
    assert listed.splitlines()[1].split() == ["federation", "aggregate", "0", "-", "-", "-", URL]
    assert office.idp("metadata", "remove", "federation").out == "federation: removed\n"
    assert "idp metadata add" in office.idp("metadata", "list").out


def test_source_is_told_to_programs(office: Office) -> None:
    said = office.idp(*add(office, "--json"))
    assert said.json == {
        "change": "added",
        "source": {"name": "federation", "kind": "aggregate", "url": URL, "signers": [a_publisher().certificate]},
    }
    (source,) = office.idp("metadata", "list", "--json").json["sources"]  # type: ignore[misc]
    assert (source["sites"], source["readings"]) == (0, [])
    assert office.idp("metadata", "remove", "federation", "--json").json["change"] == "removed"


def test_everything_wrong_is_said_at_once(office: Office) -> None:
    said = office.idp(
        "metadata", "add", "a b", "--kind", "query", "--url", "http://x", "--signer", office.file("a", "b")
    )
    assert said.status == 1
    for word in ("name", "address", "Signer 1"):
        assert word in said.err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"x" * (LONGEST_SIGNER + 1), "longer"), (b"\xff", "PEM"), (None, "cannot be read")],
    ids=["long", "binary", "missing"],
)
def test_signer_that_cannot_be_read_is_named(office: Office, content: bytes | None, words: str) -> None:
    file = office.folder / "other.pem"
    if content is not None:
        file.write_bytes(content)
    said = office.idp(*add(office, "--signer", str(file)))
    assert said.status == 1
    assert f"{file}: " in said.err
    assert words in said.err


@pytest.mark.parametrize("words", [("refresh",), ("remove",), ("search", "x")], ids=lambda words: words[0])
def test_unknown_source_is_named(office: Office, words: tuple[str, ...]) -> None:
    said = office.idp("metadata", words[0], "else", *words[1:])
    assert (said.status, said.err) == (1, "There is no source else.\n")


def test_federation_that_was_never_read_has_no_members(office: Office) -> None:
    office.idp(*add(office))
    assert office.idp("metadata", "search", "federation", "x").out == "no member has all these words\n"


def test_site_of_its_own_is_no_kind_that_can_be_added_here(office: Office) -> None:
    assert office.idp(*add(office, kind="entity")).status == 2
