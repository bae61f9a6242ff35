"""`make run`: start everything, say where it is, and wait for Ctrl-C."""

import signal
import sys
import time
from types import FrameType

from foundation.clock import system_clock
from testbed.acts import Desk
from testbed.page_words import CONDITIONS
from testbed.pcsc_daemon import ReaderStackMissing, find_reader_stack
from testbed.plan import Plan
from testbed.processes import StackError
from testbed.stack import Stack, running_stack


class Ended(Exception):
    """Somebody asked for the end."""


def run(plan: Plan, *, without_pcscd: bool = False) -> int:
    """Run until Ctrl-C or SIGTERM. Exit status 0, or 1 with one sentence."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    began = time.monotonic()
    if not without_pcscd and not _has_reader_stack():
        print("No smart-card service is installed here: the agent uses the testbed's own way to the card, not PC/SC.")
        without_pcscd = True
    try:
        with running_stack(plan, _say, without_pcscd=without_pcscd) as stack:
            _print_places(stack, time.monotonic() - began)
            while True:
                stack.require_alive()
                time.sleep(0.5)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Ended:
        print("\nEverything has ended. The data is kept; `make run` goes on with it.")
        return 0


def _print_places(stack: Stack, seconds: float) -> None:
    plan = stack.plan
    print(f"\nEverything runs (after {seconds:.0f} seconds).\n")
    print(f"  Ministry site     {plan.origin('ministry')}   (SAML)")
    print(f"  Private site      {plan.origin('shop')}   (OpenID Connect)")
    print(f"  Identity provider {plan.origin('idp')}")
    print(f"  Card agent        {plan.origin('agent')}   ({'PC/SC' if stack.uses_pcsc else 'without PC/SC'})")
    print(f"  National PKI      {plan.origin('pki')}   (simulated: CRL and OCSP)")
    print(f"  Sample cards      {plan.origin('testbed')}")
    print("\nSample cards (the one marked * lies on the reader):\n")
    for shown in Desk(state=plan.state, reader=plan.reader, clock=system_clock).cards():
        mark = "*" if shown.is_inserted else " "
        words = CONDITIONS["en"][shown.condition.value] if shown.condition else ""
        print(f"  {mark} {shown.card.card_id:<10} PIN {shown.card.pin}   {words}")
    print(f"\nNext: open {plan.origin('ministry')} in a browser, press the login button, and type the PIN when the")
    print(f"card agent asks. Then open {plan.origin('shop')}: you are in without the card.")
    print("Other cards: .venv/bin/python -m testbed insert taro     Ctrl-C ends everything.", flush=True)


def _has_reader_stack() -> bool:
    try:
        find_reader_stack()
    except ReaderStackMissing:
        return False
    return True


def _say(line: str) -> None:
    print(line, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Ended
