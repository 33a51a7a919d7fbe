#include "diagnosis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../barrier.h"
#include "../net/connection.h"

namespace lwspool {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address numeric(const std::string& text, uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
  }
  return address;
}

Address unixPath(const std::string& path) {
  Address address;
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
  local.sun_family = AF_UNIX;
  const size_t length = std::min(path.size(), sizeof local.sun_path - 1);
  std::memcpy(local.sun_path, path.data(), length);
  const bool abstract = !path.empty() && path[0] == '@';
  if (abstract) local.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + !abstract);
  return address;
}

}  // namespace

struct Diagnosis::Probe {
  uv_poll_t handle;
  int fd;
  Diagnosis* diagnosis;
  Connection* connection;  // null: cancelled
};

void Diagnosis::begin(Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint;
  const Opening& opening = *connection.opening;
  const Address to = endpoint.unixPath.empty() ? numeric(opening.address, endpoint.port)
                                               : unixPath(endpoint.unixPath);
  const int fd = socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return result_(connection, "socket", errno);
  const auto fail = [&](const char* call) {
    const int error = errno;
    ::close(fd);
    result_(connection, call, error);
  };
  if (!opening.localAddress.empty()) {
    const Address from = numeric(opening.localAddress, 0);
    if (bind(fd, from.get(), from.size) != 0) return fail("bind");
  }
  if (connect(fd, to.get(), to.size) == 0) errno = 0;
  if (errno != EINPROGRESS) return fail("connect");

  auto* probe = new Probe{{}, fd, this, &connection};
  if (const int failed = uv_poll_init(loop_, &probe->handle, fd)) {
    delete probe;
    errno = -failed;
    return fail("epoll_ctl");
  }
  probe->handle.data = probe;
  connection.opening->diagnosis = probe;
  uv_poll_start(&probe->handle, UV_WRITABLE, onReady);
}

void Diagnosis::onReady(uv_poll_t* handle, int status, int) {
  auto* probe = static_cast<Probe*>(handle->data);
  int error = status < 0 ? -status : 0;
  socklen_t size = sizeof error;
  getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  Diagnosis* diagnosis = probe->diagnosis;
  Connection* connection = probe->connection;
  end(probe);
  connection->opening->diagnosis = nullptr;
  Barrier::guard([&] { diagnosis->result_(*connection, "connect", error); });
}

void Diagnosis::end(Probe* probe) {
  uv_poll_stop(&probe->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&probe->handle), [](uv_handle_t* handle) {
    auto* probe = static_cast<Probe*>(handle->data);
    ::close(probe->fd);
    delete probe;
  });
}

void Diagnosis::cancel(Connection& connection) {
  if (connection.opening->diagnosis == nullptr) return;
  end(static_cast<Probe*>(connection.opening->diagnosis));
  connection.opening->diagnosis = nullptr;
}

}  // namespace lwspool
