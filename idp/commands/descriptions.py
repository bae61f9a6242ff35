"""Where a site's description comes from: a file, standard input, its own address, or a source that we keep."""

import argparse
import re
import sys
from pathlib import Path

from idp.commands.output import CommandRefused
from idp.domain.metadata_source import MetadataSourceName
from idp.domain.service_provider import FederationProtocol
from idp.usecases.orders import Description
from idp.usecases.sourced_sites import Address, Member, Origin

LONGEST_DESCRIPTION = 16 * 1024 * 1024
"""Bytes that are read at all. What a site may use of them is each protocol's own rule."""

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def add_origin(parser: argparse.ArgumentParser, *, is_new: bool) -> None:
    """Declare METADATA and what belongs to it."""
    parser.add_argument(
        "metadata",
        metavar="METADATA",
        nargs=None if is_new else "?",
        help="a file (SAML metadata, or client metadata in JSON as RFC 7591 has it), - for standard input,"
        " an address with --signer, or an entityID with --from" + ("" if is_new else " (default: what is registered)"),
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=MetadataSourceName,
        metavar="SOURCE",
        help="take it from this source of `idp metadata list`, and follow that (default: METADATA is where it is)",
    )
    parser.add_argument(
        "--signer",
        action="append",
        default=[],
        metavar="FILE",
        help="certificate (PEM) of who signs what is at the address; can be repeated (default: none, for a file)",
    )


def origin_of(given: argparse.Namespace) -> Origin | None:
    """What was said; None if nothing. Raises `CommandRefused`."""
    metadata: str | None = given.metadata
    if metadata == "":
        raise CommandRefused("METADATA is empty; name a file, an address or an entityID, or - for standard input.")
    if given.source is not None:
        return Member(source=given.source, entity_id=metadata)
    if metadata is not None and _ADDRESS.match(metadata):
        if not given.signer:
            raise CommandRefused("Who signs the metadata at that address? Name the certificate: --signer FILE.")
        return Address(url=metadata, signers=tuple(_text(file) for file in given.signer))
    if given.signer:
        raise CommandRefused("--signer belongs to an address; a file is believed as it is.")
    return None if metadata is None else description_from_file(metadata)


def description_from_file(file: str) -> Description:
    """The description in `file`, or on standard input for `-`. Raises `CommandRefused`."""
    text = _text(file)
    match text.lstrip()[:1]:
        case "<":
            protocol = FederationProtocol.SAML
        case "{":
            protocol = FederationProtocol.OIDC
        case _:
            raise CommandRefused(f"{file}: neither SAML metadata (XML) nor OpenID Connect client metadata (JSON)")
    return Description(protocol=protocol, text=text)


def _text(file: str) -> str:
    try:
        content = sys.stdin.buffer.read(LONGEST_DESCRIPTION + 1) if file == "-" else _read(Path(file))
        if len(content) > LONGEST_DESCRIPTION:
            raise CommandRefused(f"{file}: longer than {LONGEST_DESCRIPTION} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CommandRefused(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CommandRefused(f"{file}: is not text in UTF-8") from error


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(LONGEST_DESCRIPTION + 1)
