"""The search for cosmic rays in one frame, beside astroscrappy on the same frame, round by round."""

import statistics

from .bench_run import BenchFailure, Row

AIM = 1 / 3


def run(bench):
    size = bench.options.size
    frame = bench.folder("cosmics") / "frame.raw"
    program = bench.program("irisbench")
    bench.run([program, "cosmic-rays", "--size", size, "--make", frame])
    rows = []
    # The peer's full medians take a while: three rounds say enough.
    for medians, rounds in (("separable", bench.options.repeats), ("full", min(bench.options.repeats, 3))):
        rows.append(compare(bench, program, size, frame, medians, rounds))
    return rows


def compare(bench, program, size, frame, medians, rounds):
    ours, peers, memory, peer_memory = [], [], 0, 0
    masks = [frame.with_suffix(f".{who}.{medians}") for who in ("ours", "peer")]
    for _ in range(rounds):
        flags = ["--full"] if medians == "full" else []
        answer, _ = bench.json(
            [program, "cosmic-rays", "--size", size, "--image", frame, "--mask", masks[0], *flags])
        ours += answer["seconds"]
        memory = max(memory, answer["peak_bytes"])
        answer, child = bench.json(bench.peer("lacosmic_astroscrappy.py", size, frame, masks[1], medians))
        peers += answer["seconds"]
        peer_memory = max(peer_memory, child.peak_bytes)
    ours_mask, peer_mask = (path.read_bytes() for path in masks)
    if ours_mask != peer_mask or not any(ours_mask):
        differing = sum(a != b for a, b in zip(ours_mask, peer_mask))
        raise BenchFailure(f"{differing} pixels of the masks differ ({medians} medians)")
    bench.say(f"  {medians}: ours {ours}, astroscrappy {peers}; {sum(ours_mask)} pixels, the same in both")
    return Row(
        f"cosmic rays {size}², {medians} medians", ours, peers, aim="<= 1/3 x",
        met=statistics.median(ours) <= AIM * statistics.median(peers), peak_bytes=memory,
        peer_peak_bytes=peer_memory, peer_name="astroscrappy")
