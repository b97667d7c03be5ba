"""The published CRDS client, taught that there is an observatory `tmt`.

The client of PyPI knows the observatories of one institute only. What it needs of an observatory to choose references
is a package of that name; an empty one with the helpers of its own test observatory is put in its place. Selectors,
mappings and checksums are the client's own, unchanged.
"""

import os
import sys
import types


def load(cache):
    """The client's module `rmap`, with `cache` as CRDS_PATH."""
    os.environ.update(
        CRDS_PATH=str(cache), CRDS_SERVER_URL="https://crds-serverless-mode.stsci.edu", CRDS_OBSERVATORY="tmt",
        CRDS_MODE="local")
    import crds
    import crds.tobs.locate

    for name in ("crds.tmt", "crds.tmt.iris"):
        sys.modules[name] = types.ModuleType(name)
    crds.tmt = sys.modules["crds.tmt"]
    crds.tmt.__path__ = []
    crds.tmt.iris = sys.modules["crds.tmt.iris"]
    crds.tmt.locate = sys.modules["crds.tmt.locate"] = crds.tobs.locate
    from crds.core import log, rmap

    log.set_verbose(-3)
    log.set_exception_trap("test")
    return rmap


def word(answer):
    """A client's answer in the words of `irisbench lookups`."""
    if answer is None:
        return "omitted"
    if isinstance(answer, tuple):
        files = flat(answer)
        # Rows that match equally and give no selectors that can be merged come out as a tuple of what they hold.
        return " ".join(files) if all(isinstance(f, str) and f.endswith(".fits") for f in files) else "none"
    if answer == "NOT FOUND n/a":
        return "n/a"
    return "none" if answer.startswith("NOT FOUND") else answer


def flat(answer):
    """The files of a bracket of brackets; one file twice is one."""
    if not isinstance(answer, tuple):
        return [answer]
    sides = [flat(side) for side in answer]
    return sides[0] if all(side == sides[0] for side in sides) else sum(sides, [])
