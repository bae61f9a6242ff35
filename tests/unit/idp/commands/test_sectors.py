from tests.support.office import Office

WORDS = ("--owner", "Agency", "--purpose", "Filing", "--legal-basis", "Act")


def test_sector_is_defined_once_and_listed(office: Office) -> None:
    assert office.idp("sector", "add", "tax", *WORDS).out == "tax: added\n"
    assert office.idp("sector", "add", "tax", *WORDS).out == "tax: unchanged\n"
    assert office.idp("sector", "list").out.splitlines()[1].split() == ["tax", "Agency", "Filing", "Act"]


def test_sector_is_told_to_programs(office: Office) -> None:
    sector = {"code": "tax", "owner": "Agency", "purpose": "Filing", "legal_basis": "Act"}
    assert office.idp("sector", "add", "tax", *WORDS, "--json").json == {"change": "added", "sector": sector}
    assert office.idp("sector", "list", "--json").json == {"sectors": [sector]}


def test_empty_list_says_what_to_do(office: Office) -> None:
    assert office.idp("sector", "list").out == "no sector yet: idp sector add CODE\n"


def test_sector_that_is_not_described_is_refused(office: Office) -> None:
    said = office.idp(
        "sector", "add", "two words", "--owner", "", "--purpose", "Filing", "--legal-basis", "Act", "--json"
    )
    assert (said.status, [option for _, option, _ in said.faults]) == (1, ["--sector", "--owner"])


def test_sector_does_not_change_its_words_by_being_added_again(office: Office) -> None:
    office.idp("sector", "add", "tax", *WORDS)
    said = office.idp("sector", "add", "tax", "--owner", "Other", "--purpose", "Filing", "--legal-basis", "Act")
    assert (said.status, said.err) == (1, "there is a sector tax already, with other words\n")
