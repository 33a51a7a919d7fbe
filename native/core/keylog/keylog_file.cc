#include "keylog_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#include "../base/errno_name.h"

namespace lwspool {

namespace {

std::mutex filesMutex;
// Guarded by filesMutex. Weak: what is known of a file goes with the last context that writes to
// it.
std::map<std::string, std::weak_ptr<KeylogFile>> files;

constexpr int kFlags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

std::string reasonOf(int error) {
  if (error == EISDIR) return "it is a directory";
  if (error == ELOOP) return "it is a symbolic link";
  if (error == ENXIO) return "it is not a regular file";
  return errnoName(error);
}

[[noreturn]] void refuse(int fd, const std::string& reason) {
  ::close(fd);
  throw KeylogError(reason);
}

int openFile(const std::string& path) {
  for (;;) {
    int fd = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
      fchmod(fd, 0600);  // whatever the umask
      return fd;
    }
    if (errno != EEXIST) throw KeylogError(reasonOf(errno));
    fd = ::open(path.c_str(), kFlags);
    if (fd < 0 && errno == ENOENT) continue;  // removed in between
    if (fd < 0) throw KeylogError(reasonOf(errno));
    struct stat status;
    if (fstat(fd, &status) != 0) refuse(fd, reasonOf(errno));
    if (!S_ISREG(status.st_mode)) refuse(fd, "it is not a regular file");
    if (status.st_uid != geteuid()) refuse(fd, "it belongs to another user");
    if ((status.st_mode & 077) != 0) refuse(fd, "others may read or write it, chmod 600 it");
    return fd;
  }
}

}  // namespace

std::shared_ptr<KeylogFile> KeylogFile::open(const std::string& path) {
  std::lock_guard lock(filesMutex);
  std::weak_ptr<KeylogFile>& known = files[path];
  auto file = known.lock();
  if (file) {
    ::close(openFile(path));
  } else {
    file = std::make_shared<KeylogFile>(path);
    known = file;
  }
  return file;
}

KeylogFile::KeylogFile(std::string path) : path_(std::move(path)) { ::close(openFile(path_)); }

std::string KeylogFile::write(std::string_view line) {
  int fd;
  try {
    fd = openFile(path_);
  } catch (const KeylogError& error) {
    return failed_.exchange(true) ? "" : error.what();
  }
  // A reader of the format skips what it does not understand, up to the end of a line.
  std::string bytes = torn_.exchange(false) ? "\n" : "";
  bytes.append(line).push_back('\n');
  ssize_t count;
  do {
    count = ::write(fd, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  const bool whole = count == static_cast<ssize_t>(bytes.size());
  const int error = count < 0 ? errno : ENOSPC;
  ::close(fd);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (whole) return {};
  torn_ = true;
  return failed_.exchange(true) ? "" : errnoName(error);
}

}  // namespace lwspool
