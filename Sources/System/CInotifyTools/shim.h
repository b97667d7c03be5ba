#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <inotifytools/inotifytools.h>
/* The flexible array member `name` is imported as an empty tuple: take its address in C. */
static inline const char *cinotify_event_name(const struct inotify_event *event) {
  return event->len ? event->name : "";
}
/* f_type of statfs(2), which Swift's Glibc does not show; 0 when the path is not there. */
static inline uint32_t cinotify_file_system_type(const char *path) {
  struct statfs space;
  return statfs(path, &space) == 0 ? (uint32_t)space.f_type : 0;
}
