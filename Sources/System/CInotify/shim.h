#pragma once
/* The kernel's own interface, for programs that watch one folder; nothing to link. */
#include <sys/inotify.h>
