#pragma once
#include <stdint.h>

/* The arithmetic of the instrument's C readout library in loops of the same order: what the benchmarks of the readout
   steps are measured against. Reads are (read, y, x), one thread, neither errors nor flags. Written anew from the
   definition; compiled with -O3. */

/* Least-squares slope with equal weights, times the length of the ramp, in double precision. */
void readout_loop_utr(const int32_t *reads, const int32_t *times, int count, long pixels, float *out);

/* Mean of the last `coadds` reads minus the mean of the first. */
void readout_loop_mcds(const int32_t *reads, int count, long pixels, int coadds, float *out);

/* x (1 + c0 + c1 x + ... + c4 x^4) of every read, powers by pow(), with the library's order of loops (x outermost). */
void readout_loop_linearity(
    const int32_t *reads, int count, long side, const float *const coefficients[5], float *out);
