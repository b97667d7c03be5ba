#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <inotifytools/inotifytools.h>
/* The flexible array member `name` is imported as an empty tuple: take its address in C. */
static inline const char *cinotify_event_name(const struct inotify_event *event) {
  return event->len ? event->name : "";
}
