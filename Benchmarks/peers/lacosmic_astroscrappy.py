"""Times astroscrappy on a frame of float32 electrons without a header and writes its mask, a byte a pixel."""

import json
import sys
import time

import astroscrappy
import numpy


def main():
    size, frame, mask, medians = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    image = numpy.fromfile(frame, dtype=numpy.float32).reshape(size, size)
    # The first call of a process is no slower than the next: nothing is compiled.
    start = time.perf_counter()
    found, _ = astroscrappy.detect_cosmics(image, sepmed=medians == "separable")
    seconds = time.perf_counter() - start
    found.astype(numpy.uint8).tofile(mask)
    print(json.dumps({"seconds": [seconds], "pixels": int(found.sum())}))


if __name__ == "__main__":
    main()
