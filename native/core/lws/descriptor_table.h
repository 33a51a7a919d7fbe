// libwebsockets keeps a table with an entry for every descriptor that the process may have, and
// walks it from end to end whenever a socket is closed, to be sure that it is not in it any more: 1
// us for each 1,000 entries, and Node raises the limit as far as it can be raised, to half a
// million or more in many containers. This has it walk no further than there are descriptors.
#pragma once

#include <libwebsockets.h>

#include <vector>

namespace lwspool {

class DescriptorTable {
 public:
  // Right after the context was made; `own` is its highest descriptor. Worker thread, as all of it.
  void found(lws_context*, int own);
  // Before libwebsockets makes a socket.
  void expectSocket();
  // The whole table, from now on: libwebsockets takes sockets in whenever they come.
  void showAll();

 private:
  void show(int entries);

  std::vector<int*> lengths_;  // where the context keeps the number of entries; empty: not found
  int all_ = 0;
  int shown_ = 0;
};

}  // namespace lwspool
