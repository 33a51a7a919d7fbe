// What a ring is asked to do, and what it answers.
#pragma once

#include <linux/time_types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <vector>

#include "../lease/pin.h"

namespace lwspool {

struct Operation {
  enum class Kind : uint8_t {
    poll,
    pollMany,     // multishot
    receive,      // recv(2), or recvmsg(2) where there are several parts
    receiveMany,  // multishot, into buffers of the ring
    send,         // send(2), or sendmsg(2)
    sendZeroCopy,
    timeout,
    linkTimeout
  };

  Kind kind = Kind::poll;
  int target = -1;      // see Ring::attach()
  Pin pin;              // dropped when the operation is done with the socket
  uint32_t events = 0;  // poll(2)
  int flags = 0;        // MSG_*
  bool quiet = false;   // a send in front of a receive, at the end of a chain, see Ring::start()
  std::vector<iovec> parts;  // whoever made it keeps the memory where it is, until it is over
  // What the kernel reads of it, which must not move either.
  msghdr message{};
  __kernel_timespec time{};
};

// One answer to an operation. One that is not `more` is its last.
struct Completion {
  static constexpr uint32_t kMore = 1;
  static constexpr uint32_t kBuffer = 2;  // bytes lie in the buffer numbered in the upper half
  static constexpr uint32_t kNotification = 4;  // the memory of a sendZeroCopy is free
  static constexpr uint32_t kClosing = 8;       // the lease came back with it; the connection ends
  static constexpr uint32_t kLeft = 16;         // it has done with the socket, and with the lease
  static constexpr uint32_t kUnsent = 32;       // the quiet send in front of it failed, and so it

  uint64_t id;
  int32_t result;  // as that of the system call; an errno, negative
  uint32_t flags;
};

}  // namespace lwspool
