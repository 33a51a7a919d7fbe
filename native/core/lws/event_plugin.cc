#include "event_plugin.h"

#include <dlfcn.h>

#ifdef __linux__
#include <link.h>

#include <cstring>
#include <string>
#include <vector>
#endif

namespace lwspool {

#ifdef __linux__

void keepEventPlugin() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* names) {
        if (std::strstr(library->dlpi_name, "libwebsockets-evlib_uv") != nullptr ||
            std::strstr(library->dlpi_name, "libuv.so") != nullptr) {
          static_cast<std::vector<std::string>*>(names)->push_back(library->dlpi_name);
        }
        return 0;
      },
      &names);
  // Not from within the callback: that holds a lock of the loader which dlopen(3) takes last. It
  // loads nothing here, it marks what is there; the handles are kept, which is the point.
  for (const std::string& name : names) {
    dlopen(name.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

#else

// Elsewhere symbols are bound to the library they were linked with, so libuv shuts down itself.
void keepEventPlugin() {}

#endif

}  // namespace lwspool
