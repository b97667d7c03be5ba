"""Drizzle of frames onto a turned grid, beside the drizzle package; the map of all pixels is given to both."""

import statistics

from .bench_run import BenchFailure, Row

AIM = 0.5
FRAMES = 4


def run(bench):
    size = bench.options.size
    image = bench.folder("drizzle") / "image.raw"
    program = bench.program("irisbench")
    bench.run([program, "drizzle", "--size", size, "--make", image])
    return [compare(bench, program, size, image, kernel) for kernel in ("square", "turbo", "point")]


def compare(bench, program, size, image, kernel):
    results = [image.with_suffix(f".{who}.{kernel}") for who in ("ours", "peer")]
    ours, peers, memory, peer_memory = [], [], 0, 0
    for _ in range(bench.options.repeats):
        answer, _ = bench.json(
            [program, "drizzle", "--size", size, "--image", image, "--kernel", kernel, "--images",
             FRAMES, "--result", results[0]])
        ours += answer["seconds"]
        memory = max(memory, answer["peak_bytes"])
        answer, child = bench.json(bench.peer("drizzle_package.py", size, image, results[1], kernel, FRAMES))
        peers += answer["seconds"]
        peer_memory = max(peer_memory, child.peak_bytes)
    answer, _ = bench.json(bench.peer("compare_images.py", *results))
    # The package passes over input pixels at the output's edge: a pixel or two of each side differ.
    if answer["share"] < 0.85 or answer["beyond"] > 2 / size:
        raise BenchFailure(f"{kernel}: {answer}")
    return Row(
        f"drizzle of {FRAMES} x {size}², {kernel}, errors and flags", ours, peers, aim="<= 1/2 x",
        met=statistics.median(ours) <= AIM * statistics.median(peers), peak_bytes=memory, peer_peak_bytes=peer_memory,
        peer_name="drizzle, one thread")
