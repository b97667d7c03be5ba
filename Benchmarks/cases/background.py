"""The background mesh of a frame and its subtraction, beside the SEP library's own whole-frame call in the same process."""

import statistics

from .bench_run import BenchFailure, Row

AIM_SEP = 1.1


def run(bench):
    answer, _ = bench.json(
        [bench.program("irisbench"), "mesh-background", "--size", bench.options.size, "--repeats",
         bench.options.repeats])
    # Float32 subtraction of levels near 1000: the last bit is 6e-5.
    if not answer["largest_difference"] < 1e-3:
        raise BenchFailure(f"the backgrounds differ by {answer['largest_difference']}")
    bench.say(f"  ours {answer['ours']}, SEP {answer['peer']}: the same within {answer['largest_difference']}")
    ratio = statistics.median(answer["ours"]) / statistics.median(answer["peer"])
    label = f"mesh background {bench.options.size}²"
    return [
        Row(
            f"{label}, subtracted", answer["ours"], answer["peer"], aim=f"<= {AIM_SEP} x", met=ratio <= AIM_SEP,
            peak_bytes=answer["peak_bytes"], peer_name="SEP, one call"),
        Row(f"{label}, biweight boxes, clipped", answer["boxes"]),
    ]
