// libwebsockets keeps a table with an entry for every descriptor that the process may have, and
// walks it from end to end at the end of closing a socket, to be sure that it is not in it any
// more: 1 us for each 1,000 entries, much more where there are connections, and Node raises the
// limit as far as it can be raised, to half a million or more in many containers. This has it walk
// over nothing where it was told to close, and elsewhere no further than there are descriptors.
#pragma once

#include <libwebsockets.h>
#include <uv.h>

#include <functional>
#include <vector>

namespace lwspool {

class DescriptorTable {
 public:
  // Worker thread, as all of it.
  explicit DescriptorTable(uv_loop_t*);
  DescriptorTable(const DescriptorTable&) = delete;
  DescriptorTable& operator=(const DescriptorTable&) = delete;

  // Once there is a context: from now on it is in the loop, until destroy().
  void start();
  // Right after that; `own` is the context's highest descriptor.
  void found(lws_context*, int own);
  // Before libwebsockets makes a socket.
  void expectSocket();
  // The whole table, from now on: libwebsockets takes sockets in whenever they come.
  void showAll();
  // Around calls that take sockets into the table or out of it.
  void beginUse();
  void endUse();
  // A socket is about to be closed, and libwebsockets waits for the loop to close its handle.
  void closing();
  bool isClosing() const { return isClosing_; }
  // Before the context is freed: looks at it no more, and closes its own handle. Then `done`.
  void destroy(std::function<void()> done);

 private:
  void show(int entries);
  void set(int length);

  static void onCheck(uv_check_t*);
  static void onClosed(uv_handle_t*);

  std::vector<int*> lengths_;  // where the context keeps the number of entries; empty: not found
  int all_ = 0;
  int shown_ = 0;
  bool hidden_ = false;  // while the loop closes handles

  uv_loop_t* const loop_;
  uv_check_t check_;  // between the events of the loop and its closing of handles
  uv_idle_t last_;    // closed before libwebsockets' handles, so that the loop does it behind them
  bool isClosing_ = false;
  std::function<void()> done_;
};

}  // namespace lwspool
