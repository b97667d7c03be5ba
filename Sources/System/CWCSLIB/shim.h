#pragma once
#include <stdlib.h>
/* Not wcslib.h: it includes getwcstab.h, and that fitsio.h, which is CCFITSIO's. */
#include <wcslib/wcs.h>
#include <wcslib/wcsfix.h>
#include <wcslib/wcshdr.h>
