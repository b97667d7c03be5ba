"""Peers of the combination case, on the SCI planes of the same files; reading them is timed apart."""

import json
import resource
import sys
import time

import numpy
from astropy.io import fits


def load(paths):
    with fits.open(paths[0]) as first:
        stack = numpy.empty((len(paths), *first["SCI"].shape), numpy.float32)
    for index, path in enumerate(paths):
        with fits.open(path) as file:
            stack[index] = file["SCI"].data
    return stack


def clipped_mean(stack):
    from astropy.stats import sigma_clip

    return numpy.nanmean(sigma_clip(stack, sigma=3, axis=0, masked=False, copy=True), axis=0)


def main():
    work = {"median": lambda stack: numpy.median(stack, axis=0), "clipped-mean": clipped_mean}[sys.argv[1]]
    start = time.perf_counter()
    stack = load(sys.argv[2:])
    reading = time.perf_counter() - start
    work(stack[:, :16])  # what is imported late is imported now
    start = time.perf_counter()
    work(stack)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": [seconds], "seconds_with_reading": [reading + seconds], "peak_bytes": peak}))


main()
