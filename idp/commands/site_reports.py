"""Service providers in words and in JSON, for `idp sp`. The keys of the JSON are documented in docs/operations.md."""

from collections.abc import Iterable, Sequence

from idp.commands.output import Json, instant, remark_json, remark_lines, table
from idp.domain.registration import RegistrationFacts, Remark
from idp.domain.service_provider import LocalText, ServiceProvider
from idp.usecases.service_providers import Change, Outcome, View
from idp.usecases.site_test import Finding

HEADINGS = ("ID", "PROTOCOL", "STANDING", "SECTOR", "TIER", "CIRCLE", "ENDS", "SOURCE", "MARKS", "NAME")


def site_table(sites: Sequence[ServiceProvider]) -> Iterable[str]:
    """One line for each site."""
    return table([HEADINGS, *(_row(site) for site in sites)])


def _row(site: ServiceProvider) -> tuple[str, ...]:
    return (
        site.id,
        site.protocol.value,
        site.standing.value,
        site.sector,
        site.tier.name.lower(),
        site.circle,
        site.registration_ends_at.strftime("%Y-%m-%d") if site.registration_ends_at else "-",
        site.source or "-",
        " ".join(sorted(site.marks)) or "-",
        site.name.en,
    )


def site_lines(site: ServiceProvider) -> Iterable[str]:
    """All that is registered, but the description."""
    return table(
        [
            ("  id", site.id),
            ("  protocol", f"{site.protocol.value}, as {site.protocol_id}"),
            ("  standing", site.standing.value),
            ("  marks", ", ".join(sorted(site.marks)) or "none"),
            ("  sector", site.sector),
            ("  tier", site.tier.name.lower()),
            ("  circle", site.circle),
            ("  name", _both(site.name)),
            ("  operator", _both(site.operator)),
            ("  home page", site.home_url),
            ("  source", site.source or "the operator"),
            ("  ends", instant(site.registration_ends_at) or "never"),
        ]
    )


def outcome_lines(outcome: Outcome, *, rehearsed: bool) -> Iterable[str]:
    """What was done, or would be."""
    yield f"{outcome.site.id}: {outcome.change.value}{' (rehearsed: nothing was written)' if rehearsed else ''}"
    if outcome.differences:
        yield "What changes:"
        for difference in outcome.differences:
            yield f"  {difference.what}: {difference.before or 'none'} -> {difference.after or 'none'}"
    if outcome.facts is not None:
        yield from site_lines(outcome.site)
        yield from _facts_lines(outcome.facts, outcome.warnings)


def applied_lines(outcome: Outcome) -> Iterable[str]:
    """One of many: what was done, and what the operator should know if it is news."""
    yield f"{outcome.site.id}: {outcome.change.value}"
    if outcome.change is not Change.UNCHANGED:
        yield from _warning_lines(outcome.warnings)


def view_lines(view: View) -> Iterable[str]:
    """Everything about one site."""
    yield from site_lines(view.site)
    if view.facts is not None:
        yield from _facts_lines(view.facts, view.facts.warnings)
    if view.faults:
        yield "Its description would not be accepted today:"
        for fault in view.faults:
            yield from remark_lines(fault)


def finding_lines(findings: Iterable[Finding]) -> Iterable[str]:
    """One line for each check."""
    return table([(finding.verdict.value, finding.check, finding.words) for finding in findings])


def _facts_lines(facts: RegistrationFacts, warnings: Iterable[Remark]) -> Iterable[str]:
    yield "It receives:"
    for told in facts.receives:
        yield from remark_lines(Remark(place=told.name, words=told.meaning))
    if facts.keys:
        yield "Its keys:"
        keys = facts.keys
        yield from table([(f"  {k.use}", k.kind, k.fingerprint, instant(k.ends_at) or "") for k in keys])
    yield from _warning_lines(warnings)


def _warning_lines(warnings: Iterable[Remark]) -> Iterable[str]:
    warned = [line for warning in warnings for line in remark_lines(warning)]
    return ["Warnings:", *warned] if warned else []


def _both(text: LocalText) -> str:
    return text.en if text.ja == text.en else f"{text.ja} / {text.en}"


def site_json(site: ServiceProvider) -> dict[str, Json]:
    """What is registered of one site."""
    return {
        "id": site.id,
        "protocol": site.protocol.value,
        "protocol_id": site.protocol_id,
        "standing": site.standing.value,
        "marks": sorted(site.marks),
        "sector": site.sector,
        "tier": site.tier.name.lower(),
        "circle": site.circle,
        "name": {"ja": site.name.ja, "en": site.name.en},
        "operator": {"ja": site.operator.ja, "en": site.operator.en},
        "home_url": site.home_url,
        "source": site.source,
        "registration_ends_at": instant(site.registration_ends_at),
    }


def outcome_json(outcome: Outcome, *, rehearsed: bool) -> dict[str, Json]:
    """What was done, or would be."""
    return {
        "change": outcome.change.value,
        "dry_run": rehearsed,
        "service_provider": site_json(outcome.site),
        "differences": [
            {"what": each.what, "before": each.before, "after": each.after} for each in outcome.differences
        ],
        **_facts_json(outcome.facts, outcome.warnings),
    }


def view_json(view: View) -> dict[str, Json]:
    """Everything about one site."""
    return {
        "service_provider": site_json(view.site),
        "faults": [remark_json(fault) for fault in view.faults],
        **_facts_json(view.facts, view.facts.warnings if view.facts else ()),
    }


def finding_json(finding: Finding) -> dict[str, Json]:
    """The outcome of one check."""
    return {"check": finding.check, "verdict": finding.verdict.value, "words": finding.words}


def _facts_json(facts: RegistrationFacts | None, warnings: Iterable[Remark]) -> dict[str, Json]:
    return {
        "warnings": [remark_json(warning) for warning in warnings],
        "receives": [{"name": told.name, "meaning": told.meaning} for told in facts.receives] if facts else [],
        "keys": [
            {"use": key.use, "kind": key.kind, "fingerprint": key.fingerprint, "ends_at": instant(key.ends_at)}
            for key in (facts.keys if facts else ())
        ],
    }
