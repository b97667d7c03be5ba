"""Background, search and catalog of a frame, beside the SEP library's own calls in the same process."""

import statistics

from .bench_run import BenchFailure, Row


def run(bench):
    size = bench.options.size
    answer, _ = bench.json(
        [bench.program("irisbench"), "detection", "--size", size, "--stars", 5000 * size * size // 4096 ** 2 + 20,
         "--repeats", bench.options.repeats])
    found = answer["sources"]
    if found["ours"] < 10 or abs(found["ours"] - found["peer"]) > 0.001 * found["peer"]:
        raise BenchFailure(f"{found['ours']} sources, and {found['peer']} by SEP's own")
    seconds = answer["seconds"]
    met = statistics.median(seconds["ours"]) <= statistics.median(seconds["peer"])
    return [
        Row(
            f"detection {size}², {found['ours']} sources", seconds["ours"], seconds["peer"], aim="<= 1 x", met=met,
            peak_bytes=answer["peakBytes"], peer_name="SEP, background + subtract + extract")
    ]
