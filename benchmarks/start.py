"""How long a worker needs to be wired: keys read and checked, trust anchors, schema, texts, templates' environment."""

import time

from benchmarks.figures import Figure, figure
from idp.composition import build
from idp.settings import IdpSettings

_TIMES = 5


def build_ms(settings: IdpSettings) -> Figure:
    """Milliseconds on the wall for `idp.composition.build`, the program's modules loaded before."""
    spent = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        built = build(settings)
        spent.append((time.perf_counter() - began) * 1e3)
        built.engine.dispose()
    return figure(spent)
