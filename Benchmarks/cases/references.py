"""Look-ups of references, beside the published CRDS client on the same rules and headers."""

import json
import pathlib
import random
import statistics
import sys

from .bench_run import BenchFailure, Row

AIM_PUBLISHED = 10.0
AIM_LARGE = 50.0


def run(bench):
    sys.path.insert(0, str(bench.here / "peers"))
    import crds_headers

    count = 1000 if bench.options.quick else 10_000
    rng = random.Random(1)
    folder = bench.folder("rules")
    published = bench.here.parent / "Tests/Golden/crds/cache/mappings/tmt/tmt_iris_dark_0001.rmap"
    large = folder / "tmt_iris_flat_0500.rmap"
    text, parkeys = crds_headers.big_rmap(rng)
    large.write_text(text)
    bench.run([bench.program("tmtrun"), "refs", "checksum", "--update", large])
    rows = []
    for name, path, aim in [
        ("published dark rules", published, AIM_PUBLISHED), ("rules of 500 rows x 5 parkeys", large, AIM_LARGE),
    ]:
        head, _, body = path.read_text().partition("selector = ")
        keys = parkeys if path == large else ["META.INSTRUMENT.DETECTOR", "META.SUBARRAY.NAME"]
        values = crds_headers.rows(body, keys)
        headers = [crds_headers.header(rng, values) for _ in range(count)]
        # Ours knows IMG1 and IRIS1 for one detector, the client does not.
        headers = [{k: "IRIS1" if v == "IMG1" and path == published else v for k, v in h.items()} for h in headers]
        rows.append(measure(bench, f"{count} look-ups, {name}", path, headers, aim, folder))
    return rows


def measure(bench, label, path, headers, aim, folder):
    source = folder / "headers.json"
    source.write_text(json.dumps(headers))
    ours, theirs, peaks = [], [], [0, 0]
    for _ in range(bench.options.repeats):
        mine, child = bench.json([bench.program("irisbench"), "lookups", "--rmap", path, "--rounds", 3, source])
        peer, other = bench.json(bench.peer("crds_lookups.py", "--rmap", path, source))
        if mine["choices"] != peer["choices"]:
            wrong = sum(a != b for a, b in zip(mine["choices"], peer["choices"]))
            raise BenchFailure(f"{label}: the client chooses differently for {wrong} headers")
        ours.append(statistics.median(mine["seconds"]))
        theirs.append(statistics.median(peer["seconds"]))
        peaks = [max(peaks[0], child.peak_bytes), max(peaks[1], other.peak_bytes)]
    faster = statistics.median(theirs) / statistics.median(ours)
    return Row(
        label, ours, theirs, aim=f"{aim:.0f} x faster", met=faster >= aim, peak_bytes=peaks[0],
        peer_peak_bytes=peaks[1], peer_name="crds")
