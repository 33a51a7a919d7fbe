// The flag that tells of work the kernel has put off (IORING_SQ_TASKRUN), set although there is
// none, as the kernel itself may set it too late.
#pragma once

#include <dirent.h>
#include <doctest/doctest.h>
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>

namespace lwspool::test {

// Descriptors of rings that this process has.
inline std::set<int> ringDescriptors() {
  std::set<int> found;
  DIR* const all = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(all)) {
    char target[64] = "";
    const std::string path = std::string("/proc/self/fd/") + entry->d_name;
    const ssize_t size = readlink(path.c_str(), target, sizeof target - 1);
    if (size > 0 && std::string_view(target, size) == "anon_inode:[io_uring]") {
      found.insert(std::atoi(entry->d_name));
    }
  }
  closedir(all);
  return found;
}

class LateFlag {
 public:
  // Of the one ring there is that was not there before.
  explicit LateFlag(const std::set<int>& before) {
    io_uring other;
    io_uring_params params{};
    REQUIRE_EQ(io_uring_queue_init_params(1, &other, &params), 0);
    const int own = other.ring_fd;
    for (const int fd : ringDescriptors()) {
      if (fd == own || before.contains(fd)) continue;
      void* const memory =
          mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
      REQUIRE_NE(memory, MAP_FAILED);
      memory_ = memory;
      flags_ = reinterpret_cast<unsigned*>(static_cast<char*>(memory) + params.sq_off.flags);
    }
    io_uring_queue_exit(&other);
    REQUIRE_NE(flags_, nullptr);
  }
  ~LateFlag() { munmap(memory_, kSize); }
  LateFlag(const LateFlag&) = delete;
  LateFlag& operator=(const LateFlag&) = delete;

  void set() { __atomic_fetch_or(flags_, IORING_SQ_TASKRUN, __ATOMIC_SEQ_CST); }
  bool isSet() const {
    return (__atomic_load_n(flags_, __ATOMIC_SEQ_CST) & IORING_SQ_TASKRUN) != 0;
  }

 private:
  static constexpr size_t kSize = 64;

  void* memory_ = nullptr;
  unsigned* flags_ = nullptr;
};

}  // namespace lwspool::test
