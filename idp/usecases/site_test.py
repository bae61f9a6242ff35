"""`idp sp test`: would a login at this site succeed now, and will it next month? Nobody is told anything."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.errors import IdpError
from idp.domain.service_provider import FederationProtocol, Mark, ServiceProviderId, Standing, Tier
from idp.usecases.admission_checks import certificate_ends_soon, ends_soon
from idp.usecases.ports import AnswerRehearsal, SourceProbe
from idp.usecases.service_providers import ServiceProviders, View


class Verdict(StrEnum):
    """How one check came out. A fault keeps citizens out, now or as soon as something else happens."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check, with its reason in words for the operator."""

    check: str
    verdict: Verdict
    words: str


Check = Callable[[View, datetime], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTest:
    """Tests registered sites. `probe` asks a source whether it is reachable and its document good."""

    sites: ServiceProviders
    rehearsals: Mapping[FederationProtocol, AnswerRehearsal]
    probe: SourceProbe

    def test(self, site: ServiceProviderId, *, now: datetime) -> tuple[Finding, ...]:
        """Every finding, in the order of the checks. Raises `SiteRefused` for an unknown id."""
        view = self.sites.show(site)
        more: tuple[Check, ...] = (_description, _end, _requests, _keys, self._source, self._answer)
        checks = (_standing,) if view.site.standing is Standing.REMOVED else (_standing, *more)
        return tuple(finding for check in checks for finding in check(view, now))

    def _source(self, view: View, now: datetime) -> Iterator[Finding]:
        if view.site.source is None:
            yield _ok("source", "the operator brings newer descriptions")
            return
        trouble = self.probe.trouble(view.site, now=now)
        if trouble is None:
            yield _ok("source", f"{view.site.source} was reached, and its document is good")
        else:
            yield Finding(check="source", verdict=Verdict.WARNING, words=f"{view.site.source}: {trouble}")

    def _answer(self, view: View, now: datetime) -> Iterator[Finding]:
        if view.facts is None:
            return
        try:
            self.rehearsals[view.site.protocol].rehearse(view.site, now=now)
        except IdpError as error:
            words = f"no answer can be made: {error.why or error.code}"
            yield Finding(check="answer", verdict=Verdict.FAULT, words=words)
        else:
            yield _ok("answer", "an answer was made and thrown away")


def _ok(check: str, words: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, words=words)


def _standing(view: View, now: datetime) -> Iterator[Finding]:
    del now
    match view.site.standing:
        case Standing.ACTIVE:
            yield _ok("standing", "active")
        case Standing.SUSPENDED:
            yield Finding(check="standing", verdict=Verdict.FAULT, words="suspended: nothing is released to it")
        case Standing.REMOVED:
            yield Finding(check="standing", verdict=Verdict.FAULT, words="removed")


def _description(view: View, now: datetime) -> Iterator[Finding]:
    del now
    for fault in view.faults:
        yield Finding(check="description", verdict=Verdict.FAULT, words=str(fault))
    if view.facts is None:
        return
    for warning in view.facts.warnings:
        yield Finding(check="description", verdict=Verdict.WARNING, words=str(warning))
    if not view.facts.warnings:
        yield _ok("description", "readable, and nothing to remark")


def _end(view: View, now: datetime) -> Iterator[Finding]:
    end = view.site.registration_ends_at
    if view.facts is None:
        return
    if end is None:
        yield _ok("end", "the description has no end")
    elif end <= now:
        yield Finding(
            check="end", verdict=Verdict.FAULT, words=f"the description is over since {end:%Y-%m-%d %H:%M} UTC"
        )
    elif ends_soon(view.site, now=now):
        yield Finding(check="end", verdict=Verdict.WARNING, words=f"the description ends on {end:%Y-%m-%d %H:%M} UTC")
    else:
        yield _ok("end", f"the description is good until {end:%Y-%m-%d %H:%M} UTC")


def _requests(view: View, now: datetime) -> Iterator[Finding]:
    del now
    if view.facts is None:
        return
    if Mark.UNSIGNED_REQUESTS not in view.facts.marks:
        yield _ok("requests", "only requests that the site signed are answered")
    elif view.site.tier is Tier.HIGH:
        words = "a site that does not sign its requests cannot be of the high tier"
        yield Finding(check="requests", verdict=Verdict.FAULT, words=words)
    else:
        yield Finding(check="requests", verdict=Verdict.WARNING, words="anybody can make a request in the site's name")


def _keys(view: View, now: datetime) -> Iterator[Finding]:
    for key in view.facts.keys if view.facts else ():
        about = f"{key.use} key {key.fingerprint[:16]} ({key.kind})"
        words = certificate_ends_soon(key, now=now)
        if words is not None:
            yield Finding(check="keys", verdict=Verdict.WARNING, words=f"{about}: {words}")
        elif key.ends_at is None:
            yield _ok("keys", about)
        else:
            yield _ok("keys", f"{about}, certificate until {key.ends_at:%Y-%m-%d}")
