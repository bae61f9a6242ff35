"""What an update changes, line by line, for the operator who is about to make it."""

import hashlib
from dataclasses import dataclass

from idp.domain.registration import RegistrationFacts
from idp.domain.service_provider import ServiceProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`what` is the name of the line; empty texts stand for nothing."""

    what: str
    before: str
    after: str


def differences(
    old: ServiceProvider, old_facts: RegistrationFacts | None, new: ServiceProvider, new_facts: RegistrationFacts
) -> tuple[Difference, ...]:
    """The lines that differ, in the order of `show`. `old_facts` is None if the old description cannot be read."""
    before = (*_of_site(old), *_of_description(old, old_facts))
    after = (*_of_site(new), *_of_description(new, new_facts))
    return tuple(
        Difference(what=what, before=was, after=becomes)
        for (what, was), (_, becomes) in zip(before, after, strict=True)
        if was != becomes
    )


def _of_site(site: ServiceProvider) -> tuple[tuple[str, str], ...]:
    return (
        ("sector", site.sector),
        ("tier", site.tier.name.lower()),
        ("circle", site.circle),
        ("name.ja", site.name.ja),
        ("name.en", site.name.en),
        ("operator.ja", site.operator.ja),
        ("operator.en", site.operator.en),
        ("home_url", site.home_url),
        ("marks", ", ".join(sorted(site.marks))),
        ("source", site.source or ""),
        ("registration_ends_at", site.registration_ends_at.isoformat() if site.registration_ends_at else ""),
    )


def _of_description(site: ServiceProvider, facts: RegistrationFacts | None) -> tuple[tuple[str, str], ...]:
    """What changes unseen in a long document: who holds a key, what is told, and how it is guarded."""
    return (
        ("receives", ", ".join(told.name for told in facts.receives) if facts else ""),
        ("protections", ", ".join(sorted(facts.protections)) if facts else ""),
        ("keys", ", ".join(f"{key.use} {key.fingerprint}" for key in facts.keys) if facts else ""),
        ("description (SHA-256)", hashlib.sha256(site.registration.encode()).hexdigest()),
    )
