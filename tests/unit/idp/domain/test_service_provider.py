from idp.domain.service_provider import LocalText


def test_text_is_given_in_the_language_asked_for() -> None:
    text = LocalText(ja="見本省", en="Sample Ministry")
    assert text.in_language("ja") == "見本省"
    assert text.in_language("en") == "Sample Ministry"
