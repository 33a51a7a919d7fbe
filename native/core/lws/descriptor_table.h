// libwebsockets keeps a table with an entry for every descriptor that the process may have. Where
// it was built with its assertions, as distributions do, it walks that table from end to end after
// it has closed a socket: 1 us for each 1,000 entries, much more where there are connections, and
// Node raises the limit as far as it can be raised. This takes the table out of its sight
// meanwhile. Worker thread only.
#pragma once

#include <libwebsockets.h>

#include <vector>

namespace lwspool {

class DescriptorTable {
 public:
  DescriptorTable() = default;
  DescriptorTable(const DescriptorTable&) = delete;
  DescriptorTable& operator=(const DescriptorTable&) = delete;

  // Right after the context was made.
  void found(lws_context*);
  // From when a socket has left the table until it is closed: LWS_CALLBACK_RAW_CLOSE and
  // LWS_CALLBACK_WSI_DESTROY.
  void hide() { set(0); }
  void show() { set(all_); }

 private:
  void set(int length) {
    for (int* place : lengths_) *place = length;
  }

  std::vector<int*> lengths_;  // where the context keeps the number of entries; empty: not found
  int all_ = 0;
};

}  // namespace lwspool
