#pragma once
#include <png.h>
#include <stdlib.h>
#include <string.h>
/* libpng reports errors by longjmp, which must not cross Swift frames: the whole of writing a picture is here. */

typedef struct {
  unsigned char *bytes; /* to be freed by the caller */
  size_t count, capacity;
  char message[128]; /* why it failed */
} cpng_output;

static inline void cpng_fail(png_structp png, png_const_charp message) {
  cpng_output *output = (cpng_output *)png_get_error_ptr(png);
  strncpy(output->message, message, sizeof output->message - 1);
  png_longjmp(png, 1);
}

static inline void cpng_ignore(png_structp png, png_const_charp message) { (void)png, (void)message; }

static inline void cpng_flush(png_structp png) { (void)png; }

static inline void cpng_append(png_structp png, png_bytep data, size_t count) {
  cpng_output *output = (cpng_output *)png_get_io_ptr(png);
  if (output->count + count > output->capacity) {
    size_t capacity = 2 * output->capacity + count;
    unsigned char *bytes = (unsigned char *)realloc(output->bytes, capacity);
    if (!bytes) png_error(png, "no memory for the picture");
    output->bytes = bytes, output->capacity = capacity;
  }
  memcpy(output->bytes + output->count, data, count);
  output->count += count;
}

/* An 8-bit grey picture, top row first, whose grey 0 is transparent, with `texts` pairs of keyword and text.
   Returns 0, or -1 with a message. */
static inline int cpng_write_grey(const unsigned char *pixels, unsigned width, unsigned height,
                                  const char *const *keywords, const char *const *values, int texts, int level,
                                  int strategy, int filters, cpng_output *output) {
  png_infop info = NULL;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, output, cpng_fail, cpng_ignore);
  if (png) info = png_create_info_struct(png);
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    strcpy(output->message, "libpng cannot begin");
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return -1;
  }
  png_color_16 none = {0, 0, 0, 0, 0};
  png_set_write_fn(png, output, cpng_append, cpng_flush);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_tRNS(png, info, NULL, 0, &none);
  for (int i = 0; i < texts; i++) {
    png_text text;
    memset(&text, 0, sizeof text);
    text.compression = PNG_TEXT_COMPRESSION_NONE;
    text.key = (png_charp)keywords[i], text.text = (png_charp)values[i];
    png_set_text(png, info, &text, 1);
  }
  png_set_compression_level(png, level);
  png_set_compression_strategy(png, strategy);
  png_set_compression_buffer_size(png, 1 << 18);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, filters);
  png_write_info(png, info);
  for (unsigned y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 0;
}

/* PNG_LIBPNG_VER_STRING of the library that runs. */
static inline const char *cpng_version(void) { return png_get_libpng_ver(NULL); }
