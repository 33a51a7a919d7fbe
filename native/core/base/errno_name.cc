#include "errno_name.h"

#include <string.h>  // strerrorname_np

#include <cerrno>

namespace lwspool {

const char* errnoName(int error) {
#ifdef __GLIBC__
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "EUNKNOWN";
#else
  switch (error) {
    case ECONNREFUSED:
      return "ECONNREFUSED";
    case ECONNRESET:
      return "ECONNRESET";
    case ETIMEDOUT:
      return "ETIMEDOUT";
    case ENETUNREACH:
      return "ENETUNREACH";
    case EHOSTUNREACH:
      return "EHOSTUNREACH";
    case EADDRNOTAVAIL:
      return "EADDRNOTAVAIL";
    case EADDRINUSE:
      return "EADDRINUSE";
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case ENOENT:
      return "ENOENT";
    case EACCES:
      return "EACCES";
    case EPIPE:
      return "EPIPE";
    case EPROTO:
      return "EPROTO";
    default:
      return "EUNKNOWN";
  }
#endif
}

}  // namespace lwspool
