#pragma once
#include <stdlib.h>
#include <fitsio.h>
/* fits_* names are object-like macros over ff* short names, which Swift does not import: call the ff* names.
   Files are opened by the disk-file calls only (ffdkopn, ffdkinit): they know no extended file-name syntax. */
