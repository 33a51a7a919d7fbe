// The key log: who may read it, and that its lines stay whole.
#include "../../native/core/keylog/keylog_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

using namespace lwspool;

namespace {

// A directory of this test's own.
struct Place {
  Place() {
    char name[] = "/tmp/lws-pool-keylog-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Place() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

unsigned modeOf(const std::string& path) {
  struct stat status;
  REQUIRE_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

// Why it cannot be used; empty: it can.
std::string refusal(const std::string& path) {
  try {
    KeylogFile file(path);
    return {};
  } catch (const KeylogError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("keylog: the file is made for its owner alone, whatever the umask, and appended to") {
  const Place place;
  const std::string path = place / "keys";
  for (const mode_t mask : {0, 0777}) {
    const mode_t before = umask(mask);
    {
      KeylogFile file(path);
      CHECK_EQ(file.write("CLIENT_RANDOM a b"), "");
    }
    umask(before);
    CHECK_EQ(modeOf(path), 0600);
  }
  CHECK_EQ(contentOf(path), "CLIENT_RANDOM a b\nCLIENT_RANDOM a b\n");
}

TEST_CASE("keylog: what others could read, or what is no file, is refused") {
  const Place place;
  CHECK_EQ(refusal(place.path), "it is a directory");
  CHECK_EQ(refusal(place / "no/such"), "ENOENT");
  CHECK_EQ(refusal("/dev/null"), "it is not a regular file");
  const std::string fifo = place / "fifo";
  REQUIRE_EQ(mkfifo(fifo.c_str(), 0600), 0);
  CHECK_EQ(refusal(fifo), "it is not a regular file");
  const std::string open = place / "open";
  std::ofstream(open) << "";
  chmod(open.c_str(), 0640);
  CHECK_EQ(refusal(open), "others may read or write it, chmod 600 it");
  chmod(open.c_str(), 0600);
  CHECK_EQ(refusal(open), "");
  const std::string link = place / "link";
  REQUIRE_EQ(symlink(open.c_str(), link.c_str()), 0);
  CHECK_EQ(refusal(link), "it is a symbolic link");
  if (geteuid() == 0) {
    REQUIRE_EQ(chown(open.c_str(), 12345, 12345), 0);
    CHECK_EQ(refusal(open), "it belongs to another user");
  }
}

TEST_CASE("keylog: a file that was moved away is made anew for all who write to it") {
  const Place place;
  const std::string path = place / "keys";
  const auto first = KeylogFile::open(path);
  CHECK_EQ(first->write("one"), "");
  std::filesystem::rename(path, place / "old");
  const auto second = KeylogFile::open(path);
  CHECK_EQ(first.get(), second.get());
  CHECK_EQ(first->write("two"), "");
  CHECK_EQ(contentOf(place / "old"), "one\n");
  CHECK_EQ(contentOf(path), "two\n");
}

TEST_CASE("keylog: lines of many threads stay whole") {
  const Place place;
  const std::string path = place / "keys";
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; thread++) {
    threads.emplace_back([&path, thread] {
      const auto file = KeylogFile::open(path);
      const std::string line(200, static_cast<char>('a' + thread));
      for (int i = 0; i < kLines; i++) file->write(line);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line); lines++) {
    CHECK_EQ(line.size(), 200);
    CHECK_EQ(line.find_first_not_of(line[0]), std::string::npos);
  }
  CHECK_EQ(lines, kThreads * kLines);
}

TEST_CASE("keylog: a disk that is full is told once, and later lines begin anew") {
  const Place place;
  const std::string path = place / "keys";
  KeylogFile file(path);
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{10, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string first = file.write("0123456789abcdef");  // ten bytes of it fit
  const std::string second = file.write("more");
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  CHECK_EQ(first, "ENOSPC");
  CHECK_EQ(second, "");
  CHECK_EQ(file.write("whole"), "");
  CHECK_EQ(contentOf(path), "0123456789\nwhole\n");
}

TEST_CASE(
    "keylog: no descriptor stays open, and a file that others may read now gets no more keys") {
  const Place place;
  const std::string path = place / "keys";
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = descriptors();
  const auto file = KeylogFile::open(path);
  CHECK_EQ(file->write("one"), "");
  CHECK_EQ(descriptors(), before);
  chmod(path.c_str(), 0644);
  CHECK_THROWS_AS(KeylogFile::open(path), KeylogError);
  CHECK_EQ(file->write("two"), "others may read or write it, chmod 600 it");
  CHECK_EQ(contentOf(path), "one\n");
}
