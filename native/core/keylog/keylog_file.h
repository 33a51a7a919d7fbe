// A file in the NSS key log format, to which handshakes of all threads append, and other processes
// may too: each line is one write(2) to a descriptor with O_APPEND. Its lines open what was sent,
// so it is made with mode 0600 and refused where others could read it.
#pragma once

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lwspool {

// Why the file cannot be used.
class KeylogError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class KeylogFile {
 public:
  // The process's one for that path: the file is made where it is not there, also where it was
  // moved or removed since. Throws KeylogError. Any thread.
  static std::shared_ptr<KeylogFile> open(const std::string& path);

  // Throws KeylogError.
  explicit KeylogFile(std::string path);
  KeylogFile(const KeylogFile&) = delete;
  KeylogFile& operator=(const KeylogFile&) = delete;

  // Appends a line that has no end yet. Any thread. Where the file does not take it, the first time
  // answers why, to be told; else nothing. The file is opened for it and closed: contexts live as
  // long as the process, and what others may read is noticed before it is written to.
  std::string write(std::string_view line);
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::atomic<bool> failed_{false};  // and has been told
  std::atomic<bool> torn_{false};    // part of a line may stand at the end
};

}  // namespace lwspool
