#pragma once
/* sep.h uses size_t without declaring it. */
#include <stddef.h>
#include <sep.h>
