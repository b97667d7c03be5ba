"""Times the drizzle package on frames that are one image of float32 without a header, turned by three degrees, and writes the result."""

import json
import sys
import time

import numpy
from drizzle.resample import Drizzle


def main():
    size, image, result, kernel, images = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
    data = numpy.fromfile(image, dtype=numpy.float32).reshape(size, size)
    middle, angle = (size - 1) / 2, numpy.radians(3)
    y, x = numpy.indices((size, size), dtype=float) - middle
    places = numpy.stack(
        [numpy.cos(angle) * x - numpy.sin(angle) * y, numpy.sin(angle) * x + numpy.cos(angle) * y], axis=-1) + middle
    # The first round touches the memory.
    for _ in range(2):
        drizzle = None
        start = time.perf_counter()
        drizzle = Drizzle(kernel=kernel, out_shape=(size, size), fillval="NaN")
        for _ in range(images):
            drizzle.add_image(data, exptime=1, pixmap=places, pixfrac=1)
        seconds = time.perf_counter() - start
    drizzle.out_img.astype(numpy.float32).tofile(result)
    print(json.dumps({"seconds": [seconds]}))


if __name__ == "__main__":
    main()
