"""`idp metadata`: where the metadata of SAML sites comes from. A source describes; who is served, `idp sp add` says."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from foundation.clock import system_clock
from idp.adapters.db import schema
from idp.commands.output import CommandRefused, Json, instant, say, table
from idp.commands.parsers import Commands, command, group
from idp.composition import metadata_sources, open_engine, site_metadata
from idp.domain.metadata_source import EntityDescription, MetadataSource, MetadataSourceName, SourceKind
from idp.settings import IdpSettings
from idp.usecases.metadata_sources import MOST_FOUND, SourceState
from idp.usecases.service_providers import Change
from idp.usecases.site_metadata import Attempt, News

ADD_EXAMPLES = """\
examples:
  idp metadata add federation --kind aggregate --url https://federation.example/all.xml --signer signer.pem
  idp metadata add mdq --kind query --url https://mdq.example --signer old.pem --signer new.pem
"""
REFRESH_EXAMPLES = """\
examples:
  idp metadata refresh federation
  idp metadata refresh federation --anew    (after "it is older" or "far fewer", if the federation says it is right)
"""
SEARCH_EXAMPLES = """\
example:
  idp metadata search federation tax agency    (then: idp sp add --from federation ENTITYID --sector CODE)
"""
KINDS = (SourceKind.AGGREGATE.value, SourceKind.QUERY.value)
"""The address of a single site becomes a source by `idp sp add`."""

LONGEST_SIGNER = 64 * 1024


def metadata_add(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Keep a source."""
    source = MetadataSource(
        name=given.name,
        kind=SourceKind(given.kind),
        url=given.url,
        signers=tuple(_signer(file) for file in given.signer),
    )
    change = metadata_sources(settings, _engine(settings)).add(source, now=system_clock())
    lines = [f"{source.name}: {change.value}"]
    if change is not Change.UNCHANGED:
        lines.append(f"The worker reads it within a minute; `idp metadata refresh {source.name}` reads it now.")
    say(given, {"change": change.value, "source": _source_json(source)}, lines)


def metadata_list(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show the sources and how it stands with them."""
    states = metadata_sources(settings, _engine(settings)).all()
    lines = _state_lines(states) if states else ["no source yet: idp metadata add NAME"]
    say(given, {"sources": [_state_json(state) for state in states]}, lines)


def metadata_refresh(settings: IdpSettings, given: argparse.Namespace) -> int:
    """Ask for everything of one now; 1 if something was refused."""
    engine = _engine(settings)
    metadata_sources(settings, engine).get(given.name)
    attempts = site_metadata(settings, engine).refresh(
        given.name, now=system_clock(), anew=given.anew, progress=_show_progress
    )
    _end_progress()
    lines = [_attempt_line(attempt) for attempt in attempts] or [f"no service provider follows {given.name} yet"]
    say(given, {"attempts": [_attempt_json(attempt) for attempt in attempts]}, lines)
    return 1 if any(attempt.news is News.REFUSED for attempt in attempts) else 0


def metadata_search(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Find members of a federation."""
    found = metadata_sources(settings, _engine(settings)).search(given.name, given.words)
    say(given, {"entities": [_entity_json(entity) for entity in found]}, _found_lines(found))


def metadata_remove(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Forget a source that no site follows."""
    metadata_sources(settings, _engine(settings)).remove(given.name, now=system_clock())
    say(given, {"change": Change.REMOVED.value, "name": given.name}, [f"{given.name}: {Change.REMOVED.value}"])


def add_metadata_commands(commands: Commands) -> None:
    """Add `metadata` and what belongs to it."""
    metadata = group(commands, "metadata", about="where the metadata of SAML sites comes from")
    add = command(metadata, "add", metadata_add, about="keep a source; this admits no site", examples=ADD_EXAMPLES)
    _add_name(add)
    add.add_argument(
        "--kind", choices=KINDS, required=True, help="one document about all members, or one question for each (MDQ)"
    )
    add.add_argument("--url", required=True, metavar="URL", help="where it is asked")
    add.add_argument(
        "--signer",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="certificate (PEM) of who signs it; only its key counts; can be repeated",
    )
    command(metadata, "list", metadata_list, about="show the sources, what was read there last, and what was refused")
    refresh = command(
        metadata,
        "refresh",
        metadata_refresh,
        about="ask a source now; exit status 1 if something was refused",
        examples=REFRESH_EXAMPLES,
    )
    _add_name(refresh)
    refresh.add_argument(
        "--anew", action="store_true", help="even if it is older or much smaller than before (default: refuse that)"
    )
    search = command(
        metadata, "search", metadata_search, about="find members of a federation", examples=SEARCH_EXAMPLES
    )
    _add_name(search)
    search.add_argument("words", nargs="+", metavar="WORD", help="each must be in the entityID or in its names")
    _add_name(command(metadata, "remove", metadata_remove, about="forget a source that no service provider follows"))


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=MetadataSourceName, metavar="NAME", help="our name for the source")


def _engine(settings: IdpSettings) -> Engine:
    engine = open_engine(settings)
    schema.require_current(engine)
    return engine


def _signer(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST_SIGNER + 1)
        if len(content) > LONGEST_SIGNER:
            raise CommandRefused(f"{file}: longer than a certificate")
        return content.decode()
    except OSError as error:
        raise CommandRefused(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CommandRefused(f"{file}: is not a certificate in PEM form") from error


def _show_progress(read: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{read} service providers read")
        sys.stderr.flush()


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _state_lines(states: Sequence[SourceState]) -> Iterator[str]:
    rows = [("NAME", "KIND", "SITES", "MEMBERS", "GOOD UNTIL", "LAST TROUBLE", "URL")]
    rows += [_state_row(state) for state in states]
    yield from table(rows)
    for state in states:
        for reading in state.readings:
            if reading.trouble is not None:
                yield f"{state.source.name}, {reading.entity_id or 'as a whole'}: {reading.trouble.words}"


def _state_row(state: SourceState) -> tuple[str, str, str, str, str, str, str]:
    whole = next((reading.good for reading in state.readings if reading.entity_id is None), None)
    troubled = sum(reading.trouble is not None for reading in state.readings)
    return (
        state.source.name,
        state.source.kind.value,
        str(state.sites),
        str(whole.entities) if whole else "-",
        (whole and instant(whole.ends_at)) or "-",
        f"{troubled}, see below" if troubled else "-",
        state.source.url,
    )


def _state_json(state: SourceState) -> dict[str, Json]:
    return {
        **_source_json(state.source),
        "sites": state.sites,
        "readings": [
            {
                "entity_id": reading.entity_id,
                "due_at": instant(reading.due_at),
                "trouble": reading.trouble and reading.trouble.value,
                "read_at": instant(reading.good.read_at) if reading.good else None,
                "published_at": instant(reading.good.published_at) if reading.good else None,
                "ends_at": instant(reading.good.ends_at) if reading.good else None,
                "entities": reading.good.entities if reading.good else None,
            }
            for reading in state.readings
        ],
    }


def _source_json(source: MetadataSource) -> dict[str, Json]:
    return {"name": source.name, "kind": source.kind.value, "url": source.url, "signers": list(source.signers)}


def _attempt_line(attempt: Attempt) -> str:
    words = str(attempt.trouble) if attempt.trouble else _NEWS[attempt.news]
    return f"{attempt.site or attempt.source}: {words}"


_NEWS = {
    News.TAKEN: "a newer one is in use",
    News.UNCHANGED: "unchanged",
    News.REFUSED: "refused",
    News.WITHDRAWN: "the federation names it no more; it is suspended until `idp sp resume`",
}


def _attempt_json(attempt: Attempt) -> dict[str, Json]:
    return {
        "source": attempt.source,
        "service_provider": attempt.site,
        "news": attempt.news.value,
        "code": attempt.trouble.why.value if attempt.trouble else None,
        "words": str(attempt.trouble) if attempt.trouble else None,
    }


def _found_lines(found: Sequence[EntityDescription]) -> Iterator[str]:
    if not found:
        yield "no member has all these words"
        return
    yield from table([("ENTITYID", "NAMES"), *((entity.entity_id, entity.names) for entity in found)])
    if len(found) == MOST_FOUND:
        yield f"These are the first {MOST_FOUND}; say more words."


def _entity_json(entity: EntityDescription) -> dict[str, Json]:
    return {"entity_id": entity.entity_id, "names": entity.names, "ends_at": instant(entity.ends_at)}
