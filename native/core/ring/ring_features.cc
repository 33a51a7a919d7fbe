#include "ring_features.h"

#include <liburing.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace lwspool {

namespace {

// By their numbers, as <linux/io_uring.h> of Linux 6.18 has them; the installed one may be older.
constexpr const char* kFeatures[] = {
    "SINGLE_MMAP", "NODROP",      "SUBMIT_STABLE",   "RW_CUR_POS",   "CUR_PERSONALITY",
    "FAST_POLL",   "POLL_32BITS", "SQPOLL_NONFIXED", "EXT_ARG",      "NATIVE_WORKERS",
    "RSRC_TAGS",   "CQE_SKIP",    "LINKED_FILE",     "REG_REG_RING", "RECVSEND_BUNDLE",
    "MIN_TIMEOUT", "RW_ATTR",     "NO_IOWAIT",
};
constexpr const char* kOpcodes[] = {
    "NOP",
    "READV",
    "WRITEV",
    "FSYNC",
    "READ_FIXED",
    "WRITE_FIXED",
    "POLL_ADD",
    "POLL_REMOVE",
    "SYNC_FILE_RANGE",
    "SENDMSG",
    "RECVMSG",
    "TIMEOUT",
    "TIMEOUT_REMOVE",
    "ACCEPT",
    "ASYNC_CANCEL",
    "LINK_TIMEOUT",
    "CONNECT",
    "FALLOCATE",
    "OPENAT",
    "CLOSE",
    "FILES_UPDATE",
    "STATX",
    "READ",
    "WRITE",
    "FADVISE",
    "MADVISE",
    "SEND",
    "RECV",
    "OPENAT2",
    "EPOLL_CTL",
    "SPLICE",
    "PROVIDE_BUFFERS",
    "REMOVE_BUFFERS",
    "TEE",
    "SHUTDOWN",
    "RENAMEAT",
    "UNLINKAT",
    "MKDIRAT",
    "SYMLINKAT",
    "LINKAT",
    "MSG_RING",
    "FSETXATTR",
    "SETXATTR",
    "FGETXATTR",
    "GETXATTR",
    "SOCKET",
    "URING_CMD",
    "SEND_ZC",
    "SENDMSG_ZC",
    "READ_MULTISHOT",
    "WAITID",
    "FUTEX_WAIT",
    "FUTEX_WAKE",
    "FUTEX_WAITV",
    "FIXED_FD_INSTALL",
    "FTRUNCATE",
    "BIND",
    "LISTEN",
    "RECV_ZC",
    "EPOLL_WAIT",
    "READV_FIXED",
    "WRITEV_FIXED",
    "PIPE",
};

}  // namespace

RingFeatures readRingFeatures() {
  RingFeatures found;
  io_uring ring;
  io_uring_params params{};
  const int result = io_uring_queue_init_params(2, &ring, &params);
  if (result < 0) {
    found.error = -result;
    return found;
  }
  for (size_t i = 0; i < std::size(kFeatures); i++) {
    if ((params.features & (1u << i)) != 0) found.features.emplace_back(kFeatures[i]);
  }
  if (io_uring_probe* const probe = io_uring_get_probe_ring(&ring)) {
    // As far as liburing asks: it may know fewer than there are names for.
    for (int i = 0; i < probe->ops_len && i < static_cast<int>(std::size(kOpcodes)); i++) {
      if (io_uring_opcode_supported(probe, i)) found.opcodes.emplace_back(kOpcodes[i]);
    }
    io_uring_free_probe(probe);
  }
  io_uring_queue_exit(&ring);
  return found;
}

}  // namespace lwspool
