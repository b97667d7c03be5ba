#include "readout_loops.h"

#include <math.h>

void readout_loop_utr(const int32_t *reads, const int32_t *times, int count, long pixels, float *out) {
  for (long i = 0; i < pixels; i++) {
    double time_read = 0, time = 0, read = 0, time_time = 0;
    for (int j = 0; j < count; j++) {
      int32_t value = reads[i + j * pixels];
      time_read += (double)(times[j] * value);
      time += times[j];
      read += value;
      time_time += (double)(times[j] * times[j]);
    }
    double slope = (count * time_read - time * read) / (count * time_time - time * time);
    out[i] = (float)(slope * (times[count - 1] - times[0]));
  }
}

void readout_loop_mcds(const int32_t *reads, int count, long pixels, int coadds, float *out) {
  for (long i = 0; i < pixels; i++) {
    double first = 0, last = 0;
    for (int j = 0; j < coadds; j++) first += reads[i + j * pixels];
    for (int j = count - 1; j > count - 1 - coadds; j--) last += reads[i + j * pixels];
    out[i] = (float)(last / coadds - first / coadds);
  }
}

void readout_loop_linearity(
    const int32_t *reads, int count, long side, const float *const coefficients[5], float *out) {
  for (long x = 0; x < side; x++) {
    for (long y = 0; y < side; y++) {
      for (int k = 0; k < count; k++) {
        long pixel = x + y * side;
        long place = pixel + k * side * side;
        int32_t value = reads[place];
        out[place] = (float)((1 + coefficients[0][pixel] + coefficients[1][pixel] * value +
                              coefficients[2][pixel] * pow(value, 2) + coefficients[3][pixel] * pow(value, 3) +
                              coefficients[4][pixel] * pow(value, 4)) *
                             value);
      }
    }
  }
}
