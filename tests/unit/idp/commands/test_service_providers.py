import io
import re
import sys
from datetime import UTC, datetime

import pytest

from idp.commands.service_providers import REASONS
from idp.commands.site_entries import TIERS
from idp.domain.service_provider import SuspensionReason
from tests.support import oidc, saml
from tests.support.office import NAMES, Office

METADATA = saml.a_registration()
UNSIGNED = saml.a_registration(signs_requests=False)
OVER = saml.a_registration(attributes='validUntil="2020-01-01T00:00:00Z"')


def test_site_is_added_and_shown_with_what_it_receives(office: Office) -> None:
    added = office.add(METADATA)
    assert (added.status, added.err) == (0, "")
    for words in ("ministry.example: added", "見本省 / Sample Ministry", "It receives:", "NameID", "Its keys:"):
        assert words in added.out
    shown = office.idp("sp", "show", "ministry.example")
    assert shown.status == 0
    assert added.out.partition("\n")[2] == shown.out


def test_added_site_is_told_to_programs(office: Office) -> None:
    said = office.add(METADATA, "--id", "ministry", "--circle", "government", "--json").json
    assert set(said) == {"change", "dry_run", "service_provider", "differences", "warnings", "receives", "keys"}
    assert (said["change"], said["dry_run"], said["differences"]) == ("added", False, [])
    assert said["service_provider"] == {
        "id": "ministry",
        "protocol": "saml",
        "protocol_id": saml.SITE_ID,
        "standing": "active",
        "marks": [],
        "sector": "tax",
        "tier": "standard",
        "circle": "government",
        "name": {"ja": "見本省", "en": "Sample Ministry"},
        "operator": {"ja": "見本省本省", "en": "Sample Ministry Proper"},
        "home_url": "https://ministry.example/",
        "source": None,
        "registration_ends_at": None,
    }


def test_everything_wrong_is_said_at_once_with_its_place_or_its_option(office: Office) -> None:
    broken = saml.a_registration(return_addresses=[saml.a_return_address("http://ministry.example/acs", 0)])
    said = office.idp("sp", "add", office.file("broken.xml", broken), "--sector", "taxes", "--home-url", "javascript:1")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Nothing was changed. This is wrong:\n")
    assert "line 1, md:SPSSODescriptor/md:AssertionConsumerService\n" in said.err
    assert "  --sector\n      there is no sector taxes; known are: none yet; `idp sector add` makes one\n" in said.err
    assert "  --home-url\n" in said.err


def test_missing_entries_are_said_with_their_options(office: Office) -> None:
    said = office.idp("sp", "add", office.file("metadata.xml", METADATA), "--json")
    assert said.status == 1
    assert [(place, option) for place, option, _ in said.faults] == [
        ("sector", "--sector"),
        ("name.ja", "--name-ja"),
        ("name.en", "--name-en"),
        ("operator.ja", "--operator-ja"),
        ("operator.en", "--operator-en"),
        ("home_url", "--home-url"),
    ]


def test_rehearsal_writes_nothing(office: Office) -> None:
    said = office.add(METADATA, "--dry-run")
    assert "added (rehearsed: nothing was written)" in said.out
    assert "no service provider" in office.idp("sp", "list").out


def test_site_that_does_not_sign_is_added_with_a_plain_warning_and_a_mark(office: Office) -> None:
    added = office.add(UNSIGNED, "--json")
    site = added.json["service_provider"]
    assert isinstance(site, dict)
    assert site["marks"] == ["unsigned_requests"]
    assert "unsigned_requests" in str(added.json["warnings"])


def test_site_that_does_not_sign_is_refused_for_the_high_tier(office: Office) -> None:
    said = office.add(UNSIGNED, "--tier", "high", "--json")
    assert (said.status, [place for place, _, _ in said.faults]) == (1, ["tier"])


def test_metadata_that_is_over_is_refused(office: Office) -> None:
    said = office.add(OVER)
    assert said.status == 1
    assert "  METADATA\n      it was valid until 2020-01-01 00:00 UTC" in said.err


def test_entity_that_is_there_already_is_told_with_the_command_that_changes_it(office: Office) -> None:
    office.add(METADATA, "--id", "first")
    said = office.add(METADATA, "--id", "second")
    assert said.status == 1
    assert f"{saml.SITE_ID} is registered already, as first; `idp sp update` changes it" in said.err


def test_metadata_is_read_from_standard_input(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(METADATA.encode())))
    office.sector("tax")
    assert office.idp("sp", "add", "-", "--sector", "tax", *NAMES).status == 0


def test_client_is_added_by_the_same_command(office: Office) -> None:
    client = oidc.a_registration(client_id="shop", **{"client_name": "Sample Shop", "client_name#ja": "見本ショップ"})
    office.sector("shop")
    words = (
        "--sector",
        "shop",
        "--operator-ja",
        "見本",
        "--operator-en",
        "Sample",
        "--home-url",
        "https://shop.example/",
    )
    said = office.idp("sp", "add", office.file("client.json", client), *words, "--json")
    site = said.json["service_provider"]
    assert isinstance(site, dict)
    assert (site["id"], site["protocol"], site["protocol_id"]) == ("shop", "oidc", "shop")
    assert "cert_status" in str(said.json["receives"])
    assert office.idp("sp", "test", "shop").status == 0


def test_update_shows_what_changes_and_keeps_the_rest(office: Office) -> None:
    office.add(METADATA, "--id", "ministry")
    newer = saml.a_registration(keys=[saml.a_key_descriptor(saml.an_ec_signer("newer").certificate)])
    file = office.file("newer.xml", newer)
    rehearsed = office.idp("sp", "update", "ministry", file, "--tier", "high", "--dry-run", "--json")
    assert rehearsed.json["dry_run"] is True
    said = office.idp("sp", "update", "ministry", file, "--tier", "high")
    assert said.status == 0
    assert "ministry: changed\nWhat changes:\n  tier: standard -> high\n  keys: signing " in said.out
    assert "見本省 / Sample Ministry" in said.out
    assert "unchanged" in office.idp("sp", "update", "ministry", file).out


def test_marks_are_given_and_taken_away(office: Office) -> None:
    office.add(METADATA, "--id", "ministry", "--starts-here")
    assert "marks      starts_here" in office.idp("sp", "show", "ministry").out
    office.idp("sp", "update", "ministry", "--no-starts-here")
    assert "marks      none" in office.idp("sp", "show", "ministry").out


def test_list_shows_standing_marks_end_and_source(office: Office) -> None:
    ends = saml.a_registration(attributes='validUntil="2099-03-31T00:00:00Z"', signs_requests=False)
    office.add(ends, "--id", "ministry")
    heading, line = office.idp("sp", "list").out.splitlines()
    assert " ".join(heading.split()) == "ID PROTOCOL STANDING SECTOR TIER CIRCLE ENDS SOURCE MARKS NAME"
    facts = "ministry saml active tax standard ministry 2099-03-31 - unsigned_requests Sample Ministry"
    assert " ".join(line.split()) == facts
    (site,) = office.idp("sp", "list", "--json").json["service_providers"]  # type: ignore[misc]
    assert site["registration_ends_at"] == "2099-03-31T00:00:00Z"


def test_site_is_suspended_resumed_and_removed(office: Office) -> None:
    office.add(METADATA, "--id", "ministry")
    assert office.idp("sp", "suspend", "ministry", "--reason", "incident").out == "ministry: suspended\n"
    assert " suspended " in office.idp("sp", "list").out
    assert office.idp("sp", "resume", "ministry").out.startswith("ministry: resumed\n")
    assert office.idp("sp", "remove", "ministry", "--yes", "--json").json["change"] == "removed"
    assert "no service provider" in office.idp("sp", "list").out
    assert " removed " in office.idp("sp", "list", "--all").out
    assert office.idp("sp", "resume", "ministry").err == "ministry is removed, and an id is never given again\n"


def test_suspension_needs_a_reason_out_of_the_list(office: Office) -> None:
    assert office.idp("sp", "suspend", "ministry").status == 2
    assert office.idp("sp", "suspend", "ministry", "--reason", "Hanako called").status == 2


def test_every_reason_is_the_operators_but_the_federations() -> None:
    assert set(REASONS) == set(SuspensionReason) - {SuspensionReason.WITHDRAWN}


@pytest.mark.parametrize("words", [(), ("sp",), ("metadata",), ("sector",), ("key",), ("db",)])
def test_command_that_is_missing_is_called_so(office: Office, words: tuple[str, ...]) -> None:
    said = office.idp(*words)
    assert said.status == 2
    assert "required: COMMAND" in said.err


class Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("yes\n", 0), ("Y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_removal_is_asked_for_on_a_terminal(
    office: Office, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    office.add(METADATA, "--id", "ministry")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    said = office.idp("sp", "remove", "ministry", "--json")
    assert said.status == status
    assert said.err.startswith(f"ministry (Sample Ministry, {saml.SITE_ID}) can never be resumed. Remove it? [y/N] ")
    assert said.json["change" if status == 0 else "error"]
    assert ("no service" in office.idp("sp", "list").out) is (status == 0)


def test_nobody_is_removed_without_a_terminal_and_without_yes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.add(METADATA, "--id", "ministry")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    said = office.idp("sp", "remove", "ministry")
    assert (said.status, said.err) == (1, "Nothing was changed: there is no terminal to ask; say --yes.\n")


def test_good_site_passes_its_test(office: Office) -> None:
    office.add(METADATA, "--id", "ministry")
    said = office.idp("sp", "test", "ministry", "--json")
    assert (said.status, said.json["id"], said.json["passed"]) == (0, "ministry", True)
    checks = said.json["checks"]
    assert isinstance(checks, list)
    assert checks[-1] == {"check": "answer", "verdict": "ok", "words": "an answer was made and thrown away"}
    assert "ok       answer" in office.idp("sp", "test", "ministry").out


def test_suspended_site_fails_its_test(office: Office) -> None:
    office.add(METADATA, "--id", "ministry")
    office.idp("sp", "suspend", "ministry", "--reason", "other")
    said = office.idp("sp", "test", "ministry")
    assert said.status == 1
    assert said.out.startswith("fault    standing")


@pytest.mark.parametrize(
    "words", [("show",), ("test",), ("suspend", "--reason=other"), ("resume",), ("remove", "--yes")]
)
def test_site_that_is_not_there_is_said_in_one_sentence(office: Office, words: tuple[str, ...]) -> None:
    said = office.idp("sp", words[0], "stranger", *words[1:])
    assert (said.status, said.out, said.err) == (1, "", "no service provider has the id stranger\n")


def test_errors_are_json_for_programs_too(office: Office) -> None:
    said = office.idp("sp", "show", "stranger", "--json")
    assert (said.status, said.err) == (1, "")
    assert said.json == {"error": {"words": "no service provider has the id stranger", "faults": []}}


def test_hostile_text_cannot_move_the_terminals_cursor(office: Office) -> None:
    """C1 control characters may stand in XML."""
    hostile = "https://ministry.example/\u009b2J"
    said = office.idp("sp", "add", office.file("x.xml", saml.a_registration(entity_id=hostile)), "--sector", "x")
    assert said.status == 1
    assert "\u009b" not in said.err


@pytest.mark.parametrize("command", ["add", "update", "apply", "list", "show", "test", "suspend", "resume", "remove"])
def test_every_command_explains_itself_and_answers_in_json(office: Office, command: str) -> None:
    said = office.idp("sp", command, "--help")
    assert said.status == 0
    assert "--json" in said.out


@pytest.mark.parametrize("command", ["add", "update"])
def test_options_are_told_with_their_defaults_and_examples(office: Office, command: str) -> None:
    explained, _, examples = office.idp("sp", command, "--help").out.partition("examples:\n")
    assert f"idp sp {command} " in examples
    _, _, *options = re.split(r"\n  (?=-)", explained)
    assert len(options) > 10
    assert [option for option in options if "(default:" not in option] == []


def test_every_tier_can_be_named() -> None:
    assert list(TIERS) == ["standard", "high"]


def test_file_is_applied_through_the_same_checks(office: Office) -> None:
    office.file("metadata.xml", UNSIGNED)
    file = office.file("sites.toml", SITES.format(tier="high"))
    said = office.idp("sp", "apply", file, "--json")
    assert (said.status, [place for place, _, _ in said.faults]) == (1, ["ministry, tier"])
    assert office.idp("sector", "list", "--json").json == {"sectors": []}
    file = office.file("sites.toml", SITES.format(tier="standard"))
    added = office.idp("sp", "apply", file).out
    assert added.startswith("ministry: added\nWarnings:\n")
    assert "unsigned_requests" in added
    assert office.idp("sp", "apply", file).out == "ministry: unchanged\n"
    (outcome,) = office.idp("sp", "apply", file, "--json").json["outcomes"]  # type: ignore[misc]
    assert outcome["service_provider"]["marks"] == ["starts_here", "unsigned_requests"]


SITES = """
[[sector]]
code = "tax"
owner = "Agency"
purpose = "Filing"
legal_basis = "Act"
[[service_provider]]
id = "ministry"
protocol = "saml"
sector = "tax"
tier = "{tier}"
circle = "government"
home_url = "https://ministry.example/"
metadata_file = "metadata.xml"
starts_here = true
[service_provider.name]
ja = "見本省"
en = "Sample Ministry"
[service_provider.operator]
ja = "見本省"
en = "Sample Ministry"
"""


def test_instants_are_in_utc(office: Office) -> None:
    office.add(METADATA)
    (key,) = office.idp("sp", "show", "ministry.example", "--json").json["keys"]  # type: ignore[misc]
    assert datetime.fromisoformat(key["ends_at"]).astimezone(UTC) == datetime(2027, 11, 2, 9, 30, tzinfo=UTC)
