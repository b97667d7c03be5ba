"""Peer of the readout case: stcal's jump detection and its ramp fits on the ramp that irisbench wrote."""

import json
import resource
import sys
import time

import numpy

GAIN, READ_NOISE, STEP = 3.0, 12.0, 4.0


class Meta(dict):
    """A part of a data model's metadata: found by name and by attribute."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Model:
    """What stcal's ramp fit reads of a data model."""

    def __init__(self, data, groupdq, pixeldq):
        self.data, self.groupdq, self.pixeldq = data, groupdq, pixeldq
        exposure = Meta(
            frame_time=STEP, group_time=STEP, groupgap=0, nframes=1, ngroups=data.shape[1], drop_frames1=0)
        self.meta = Meta(instrument=Meta(name="NIRCAM", detector="NRCA1"), exposure=exposure)
        self.average_dark_current = numpy.zeros(data.shape[2:], numpy.float32)


FLAGS = {
    "GOOD": 0, "DO_NOT_USE": 1, "SATURATED": 2, "JUMP_DET": 4, "NO_GAIN_VALUE": 1 << 19, "UNRELIABLE_SLOPE": 1 << 24,
    "REFERENCE_PIXEL": 1 << 31, "CHARGELOSS": 128, "AD_FLOOR": 64,
}


def fit(ramp, algorithm):
    from stcal.ramp_fitting import ramp_fit

    _, _, height, width = ramp.shape
    model = Model(ramp, numpy.zeros(ramp.shape, numpy.uint8), numpy.zeros((height, width), numpy.uint32))
    noise = numpy.full((height, width), READ_NOISE / GAIN, numpy.float32)
    gain = numpy.full((height, width), GAIN, numpy.float32)
    start = time.perf_counter()
    ramp_fit.ramp_fit(
        model, 512_000_000, False, noise * GAIN, gain, algorithm, "optimal", "none", FLAGS, False)
    return time.perf_counter() - start


def find_jumps(ramp):
    from stcal.jump.twopoint_difference import find_crs
    from stcal.jump.twopoint_difference_class import TwoPointParams

    _, _, height, width = ramp.shape
    options = TwoPointParams()
    options.normal_rej_thresh, options.two_diff_rej_thresh, options.three_diff_rej_thresh = 4.5, 6.0, 5.0
    options.nframes, options.flag_4_neighbors, options.max_jump_to_flag_neighbors = 1, True, 200.0
    options.min_jump_to_flag_neighbors = 10.0
    options.minimum_groups, options.minimum_sigclip_groups, options.only_use_ints = 3, 100, True
    options.min_diffs_single_pass = 10
    options.after_jump_flag_e1 = options.after_jump_flag_e2 = 0.0
    options.after_jump_flag_n1 = options.after_jump_flag_n2 = 0
    options.fl_good, options.fl_sat, options.fl_jump, options.fl_ngv, options.fl_dnu, options.fl_ref = (
        0, 2, 4, 1 << 19, 1, 1 << 31)
    noise = numpy.full((height, width), READ_NOISE, numpy.float32)
    flags = numpy.zeros(ramp.shape, numpy.uint8)
    counts = ramp * numpy.float32(GAIN)
    start = time.perf_counter()
    find_crs(counts, flags, noise, options)
    return time.perf_counter() - start


def main():
    path, size, reads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ramp = numpy.fromfile(path, numpy.int32).reshape(1, reads, size, size).astype(numpy.float32)
    fit(ramp[:, :, :8], "OLS_C")  # what is imported late is imported now
    answer = {"ols_c": [fit(ramp, "OLS_C")], "jump": [find_jumps(ramp)]}
    answer["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(answer))


main()
