import pytest
from cryptography import x509

from jpki.attributes import ADDRESS, DATE_OF_BIRTH, NAME, SEX, DateOfBirth, basic_four_attributes
from jpki.errors import AttributesMalformed

KANA = x509.ObjectIdentifier("1.2.392.200149.8.5.5.99")
GOOD = {NAME: "番号 花子", SEX: "2", DATE_OF_BIRTH: "319850401", ADDRESS: "東京都千代田区見本町九丁目99番99号"}


def utf8(text: str) -> bytes:
    content = text.encode()
    return bytes((0x0C, len(content))) + content


def extensions(*names: x509.OtherName) -> x509.Extensions:
    alternative = x509.SubjectAlternativeName(names)
    return x509.Extensions([x509.Extension(alternative.oid, critical=False, value=alternative)])


def other_names(texts: dict[x509.ObjectIdentifier, str]) -> list[x509.OtherName]:
    return [x509.OtherName(oid, utf8(text)) for oid, text in texts.items()]


def test_unknown_other_names_are_ignored() -> None:
    attributes = basic_four_attributes(extensions(*other_names(GOOD | {KANA: "バンゴウ ハナコ"})))
    assert attributes.name == "番号 花子"


@pytest.mark.parametrize("missing", GOOD, ids=lambda oid: oid.dotted_string)
def test_each_missing_attribute_is_refused(missing: x509.ObjectIdentifier) -> None:
    with pytest.raises(AttributesMalformed):
        basic_four_attributes(extensions(*other_names({k: v for k, v in GOOD.items() if k != missing})))


def test_certificate_without_alternative_name_is_refused() -> None:
    with pytest.raises(AttributesMalformed):
        basic_four_attributes(x509.Extensions([]))


def test_attribute_given_twice_is_refused() -> None:
    names = other_names(GOOD)
    with pytest.raises(AttributesMalformed, match="twice"):
        basic_four_attributes(extensions(*names, names[0]))


@pytest.mark.parametrize(
    "value",
    [b"", b"\x0c\x00", b"\x0c\x05ab", b"\x13\x01a", b"\x0c\x01\xff", utf8("番号") + b"\0"],
    ids=["nothing", "empty", "cut", "other type", "not UTF-8", "trailing"],
)
def test_value_that_is_not_one_utf8_string_is_refused(value: bytes) -> None:
    names = [name for name in other_names(GOOD) if name.type_id != NAME]
    with pytest.raises(AttributesMalformed):
        basic_four_attributes(extensions(*names, x509.OtherName(NAME, value)))


def test_unknown_month_and_day_of_birth_stay_unknown() -> None:
    attributes = basic_four_attributes(extensions(*other_names(GOOD | {DATE_OF_BIRTH: "319290000"})))
    assert attributes.date_of_birth == DateOfBirth(year=1929, month=None, day=None)


@pytest.mark.parametrize("text", ["", "19850401", "31985040a", "319851301", "319850432", "３19850401", "3198504011"])
def test_date_of_birth_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(AttributesMalformed):
        basic_four_attributes(extensions(*other_names(GOOD | {DATE_OF_BIRTH: text})))


def test_sex_outside_the_three_values_is_refused() -> None:
    with pytest.raises(AttributesMalformed):
        basic_four_attributes(extensions(*other_names(GOOD | {SEX: "4"})))
