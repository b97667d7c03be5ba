#pragma once
/* What the C library does with freed memory; nothing to link. */
#include <malloc.h>
