#pragma once
#include <zlib.h>
/* inflateInit2 is a macro; Swift does not import it. */
static inline int czlib_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }
