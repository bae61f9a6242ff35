"""`python -m testbed`: run everything on loopback, and move, lose and renew the sample cards."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from foundation.clock import system_clock
from testbed.acts import WORDS, Act, ActError, Desk
from testbed.defects import Defect
from testbed.faults import CrlFault, Faults, OcspFault, fault_switch
from testbed.page_words import CONDITIONS
from testbed.plan import DEFAULT_STATE, Plan, development_plan
from testbed.run import run
from testbed.sample_cards import Condition
from testbed.state import StateError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 1 with one sentence on standard error."""
    given = _parser().parse_args(arguments)
    plan = development_plan(given.state)
    try:
        return _do(given, plan)
    except (ActError, StateError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _do(given: argparse.Namespace, plan: Plan) -> int:
    desk = Desk(state=plan.state, reader=plan.reader, clock=system_clock)
    match given.command:
        case "run":
            return run(plan, without_pcscd=given.without_pcscd)
        case "cards":
            _print_cards(desk)
        case "issue":
            desk.issue(given.card, given.condition, pin=given.pin)
        case "break":
            desk.spoil(given.card, given.defect)
        case "faults":
            switch = fault_switch(plan.state)
            switch.set(Faults(ocsp=given.ocsp, crl=given.crl))
        case act:
            desk.do(Act(act), getattr(given, "card", ""))
    return 0


def _print_cards(desk: Desk) -> None:
    for shown in desk.cards():
        mark = "*" if shown.is_inserted else " "
        words = CONDITIONS["en"][shown.condition.value] if shown.condition else ""
        tries = f"{shown.card.pin_tries_left} tries left"
        print(f"{mark} {shown.card.card_id:<10} PIN {shown.card.pin} ({tries})   {words}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="folder of the testbed's state")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="", required=True)
    start = commands.add_parser("run", help="start everything on loopback; Ctrl-C ends it")
    start.add_argument("--without-pcscd", action="store_true", help="use no smart-card service")
    commands.add_parser("cards", help="list the sample cards; * marks the one on the reader")
    for act in Act:
        command = commands.add_parser(act.value, help=WORDS[act])
        if act is not Act.PULL:
            command.add_argument("card", help="its id, as `cards` lists it")
    issue = commands.add_parser("issue", help="issue one more card to a sample person")
    issue.add_argument("card", help="its id, which no other card has")
    issue.add_argument(
        "--condition",
        type=Condition,
        choices=list(Condition),
        default=Condition.ORDINARY,
        metavar="CONDITION",
        help=", ".join(Condition),
    )
    issue.add_argument("--pin", default="1234", help="four digits")
    spoil = commands.add_parser("break", help="put a faulty user-authentication certificate on a card")
    spoil.add_argument("card", help="its id, as `cards` lists it")
    spoil.add_argument("defect", type=Defect, choices=list(Defect), metavar="DEFECT", help=", ".join(Defect))
    faults = commands.add_parser("faults", help="let the revocation services misbehave (no option: behave again)")
    faults.add_argument("--ocsp", type=OcspFault, choices=list(OcspFault), metavar="FAULT", help=", ".join(OcspFault))
    faults.add_argument("--crl", type=CrlFault, choices=list(CrlFault), metavar="FAULT", help=", ".join(CrlFault))
    return parser


if __name__ == "__main__":
    sys.exit(main())
