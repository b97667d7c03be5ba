"""One iteration of the imager's sky over nine dithers, beside nine catalogs by SExtractor alone (Debian source-extractor)."""

import shutil
import statistics

from .bench_run import BenchFailure, Row

FRAMES = 9
SIZE = 2048
PROGRAMS = ("source-extractor", "sex", "sextractor")


def run(bench):
    folder = bench.folder("dithers")
    size = min(SIZE, bench.options.size)
    ours_command = [
        bench.program("irisbench"), "scaled-sky", "--frames", FRAMES, "--size", size, "--stars",
        1500 * size * size // SIZE ** 2, "--output", folder, "--repeats"]
    bench.run([*ours_command, 0])
    peer = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if peer is None:
        bench.note("source-extractor is not installed: no peer for the sky")
    ours, catalogs, peak = {}, [], 0
    for _ in range(bench.options.repeats):
        answer, _ = bench.json([*ours_command, 1])
        # The median over all pixels: stars on one in nine of them raise it by 2 of 1000.
        if not answer["levelLeft"] < 3:
            raise BenchFailure(f"the sky left a level of {answer['levelLeft']}")
        for name, seconds in answer["seconds"].items():
            ours.setdefault(name, []).extend(seconds)
        peak = max(peak, answer["peakBytes"])
        if peer:
            catalogs.append(sum(catalog(bench, peer, folder, i) for i in range(FRAMES)))
    met = statistics.median(ours["iteration"]) < statistics.median(catalogs) if catalogs else None
    peer_name = f"SExtractor, {FRAMES} catalogs"
    return [
        Row(
            f"sky of {FRAMES} x {size}², one iteration (search, mask, skies, subtract)", ours["iteration"], catalogs,
            aim="< 1 x", met=met, peak_bytes=peak, peer_name=peer_name),
        Row(
            f"sky of {FRAMES} x {size}², and a round of stack and deep search", ours["with_stack"], catalogs,
            peak_bytes=peak, peer_name=peer_name),
    ]


def catalog(bench, program, folder, number):
    """Seconds of one catalog with SExtractor's defaults."""
    (folder / "default.param").write_text("NUMBER\nX_IMAGE\nY_IMAGE\nFLUX_AUTO\nFLAGS\n")
    (folder / "default.conv").write_text("CONV NORM\n1 2 1\n2 4 2\n1 2 1\n")
    (folder / "empty.sex").write_text("")
    child = bench.run(
        [program, f"dither_{number:02d}.fits", "-c", "empty.sex", "-PARAMETERS_NAME", "default.param", "-FILTER_NAME",
         "default.conv", "-CATALOG_NAME", "out.cat", "-VERBOSE_TYPE", "QUIET"], cwd=folder)
    return child.seconds
