"""A document that was signed as a whole, by libxml2 in one go, is proven in parts, whatever is in it."""

import io
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from idp.domain.metadata_source import MetadataRefused
from idp.protocols.saml.federation.canonical_stream import StreamRefused
from idp.protocols.saml.federation.pieces import PieceLimits, read_parts
from idp.protocols.saml.federation.pinned_signers import signer_keys
from idp.protocols.saml.federation.signed_parts import SignedParts
from idp.protocols.saml.xml.signatures import SignatureRefused
from tests.support.federation import HERE, METADATA, a_publisher, canonical_text

PUBLISHER = a_publisher()
GROUP = "md:EntitiesDescriptor"
URIS = (METADATA, "urn:a", "https://b.example/?c&amp;d")


class Trickle(io.BytesIO):
    """A file that gives its bytes in portions of these sizes, and then as many as are asked for."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._sizes.pop(0) if self._sizes else size)


def prove(document: bytes, *, sizes: list[int] | None = None) -> None:
    """The root's start tag must be in the first portion."""
    file = Trickle(document, [document.index(b"<ds:Signature"), *(sizes or [])])
    for _ in SignedParts(read_parts(file, PieceLimits()), signer_keys([PUBLISHER.certificate])):
        pass


def characters() -> st.SearchStrategy[str]:
    """Character data in every way to write it."""
    plain = st.text("ab あ🦊\n\t'\"\u2028\x85", max_size=4)
    return st.lists(
        plain | st.sampled_from(["&amp;", "&lt;", "&gt;", "&#13;", "\r\n", "&#10;", "&quot;", "<![CDATA[<&]]>"]),
        max_size=3,
    ).map("".join)


def attribute_values() -> st.SearchStrategy[str]:
    plain = st.text("ab> あ\n\t/'", max_size=4)
    return st.lists(plain | st.sampled_from(["&amp;", "&lt;", "&#10;", "&#9;", "&#13;", "&quot;"]), max_size=3).map(
        "".join
    )


def asides() -> st.SearchStrategy[str]:
    return st.sampled_from(["<!-- > --><!--x-->", "<?pi a>b?>", "<?pi?>", ""])


@dataclass(frozen=True, slots=True)
class Scope:
    """The prefixes that are declared; the empty one if there is a default namespace."""

    prefixes: frozenset[str] = field(default=frozenset({"md"}))


@st.composite
def start_tags(draw: st.DrawFn, scope: Scope, name: str | None = None) -> tuple[str, str, Scope]:
    """The start tag, the name, and what is in scope inside."""
    declared = {prefix: draw(st.sampled_from(URIS)) for prefix in draw(st.sets(st.sampled_from(["", "a", "b"])))}
    if draw(st.booleans()) and "" not in declared:
        declared[""] = ""
    inside = Scope(scope.prefixes | {prefix for prefix in declared if prefix})
    if name is None:
        prefix = draw(st.sampled_from(["", *sorted(inside.prefixes)]))
        name = f"{prefix}:{draw(st.sampled_from('xy'))}" if prefix else "x"
    colons = [f"{prefix}:" for prefix in sorted(inside.prefixes)]
    attributes = "".join(
        f' {prefix}{local}="{draw(attribute_values())}"'
        for local, prefix in zip("pqr", draw(st.permutations(["", *colons])), strict=False)
        if draw(st.booleans())
    )
    namespaces = "".join(
        f' xmlns{":" if prefix else ""}{prefix}="{uri}"'
        for prefix, uri in draw(st.permutations(sorted(declared.items())))
    )
    return f"<{name}{namespaces}{attributes}>", name, inside


@st.composite
def elements(draw: st.DrawFn, scope: Scope, depth: int = 0, name: str | None = None) -> str:
    start, name, inside = draw(start_tags(scope, name))
    content = [draw(characters()), draw(asides())]
    if depth < 3:
        content += draw(st.lists(elements(inside, depth + 1), max_size=2))
    content.append(draw(characters()))
    return f"{start}{''.join(content)}</{name}>"


@st.composite
def groups(draw: st.DrawFn, scope: Scope = Scope(), depth: int = 0) -> str:
    """A group with members and groups within; the root has the place of the signature."""
    start, name, inside = draw(start_tags(scope, GROUP))
    if depth == 0:
        start = start.replace(f"<{GROUP}", f'<{GROUP} xmlns:md="{METADATA}" ID="_document"', 1)
        start += draw(st.text(" \n\t", max_size=2)) + HERE
    members = elements(inside, name="md:EntityDescriptor") | asides() | characters()
    if depth < 2:
        members |= groups(inside, depth + 1)
    return f"{start}{''.join(draw(st.lists(members, max_size=4)))}</{name}>"


@given(
    document=groups(),
    prefixes=st.lists(st.sampled_from(["md", "a", "b", "#default", "unknown"]), unique=True),
    sizes=st.lists(st.integers(min_value=1, max_value=400), max_size=20),
)
def test_whole_and_parts_have_one_digest(document: str, prefixes: list[str], sizes: list[int]) -> None:
    prove(PUBLISHER.sign(document, prefixes=prefixes), sizes=sizes)


@settings(max_examples=50)
@given(document=groups(), data=st.data())
def test_any_other_character_is_found_out(document: str, data: st.DataObject) -> None:
    """A change is refused, or it is none in the canonical form."""
    signed = PUBLISHER.sign(document)
    text = signed.decode()
    place = data.draw(st.integers(min_value=text.index("</ds:Signature>") + 15, max_value=len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from("axy<>& \"'/")) + text[place + 1 :]
    try:
        prove(changed.encode())
    except (MetadataRefused, SignatureRefused, StreamRefused):
        return
    assert canonical_text(changed.encode()) == canonical_text(signed)
