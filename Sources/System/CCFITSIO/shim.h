#pragma once
#include <stdlib.h>
#include <fitsio.h>
/* fits_* names are object-like macros over ff* short names, which Swift does not import: call the ff* names.
   Files are opened by the disk-file calls only (ffdkopn, ffdkinit): they know no extended file-name syntax. */

/* glibc declares renameat2 only under _GNU_SOURCE, which the Swift importer does not set. */
extern int renameat2(int, const char *, int, const char *, unsigned int);
static inline int cfitsio_rename_without_replacing(const char *from, const char *to) {
  return renameat2(-100 /* AT_FDCWD */, from, -100, to, 1 /* RENAME_NOREPLACE */);
}
/* ffimem takes a function pointer that Swift would have to spell as an @convention(c) closure. */
static inline int cfitsio_create_in_memory(fitsfile **file, void **buffer, size_t *size, int *status) {
  return ffimem(file, buffer, size, 28800, realloc, status);
}
