"""Compares two images of float32 without a header: which part is in both, and which share of that differs by more than 1e-4."""

import json
import sys

import numpy


def main():
    a, b = (numpy.fromfile(path, dtype=numpy.float32).astype(float) for path in sys.argv[1:3])
    both = numpy.isfinite(a) & numpy.isfinite(b)
    differences = numpy.abs(a[both] - b[both]) / numpy.maximum(numpy.abs(b[both]), 1e-6)
    print(json.dumps({"share": float(both.mean()), "beyond": float((differences > 1e-4).mean())}))


if __name__ == "__main__":
    main()
