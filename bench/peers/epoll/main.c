// A bare client on epoll: what the kernel takes, and next to nothing besides. There is no library
// here that anybody would use; it is the limit that one thread has.
//
// Connections are non-blocking, their upgrade request is fixed and of the answer only the status
// is looked at. After that it only moves bytes: frames are made in advance, all with one mask, and
// what arrives is counted by length, because every frame of a run has the same. Whatever is to be
// sent on a connection in one turn leaves in one send. No TLS.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "client.h"
#include "frames.h"

enum { kEvents = 1024, kReadSize = 256 * 1024 };

typedef enum { kConnecting, kUpgrading, kOpen, kClosing, kEnded } State;

typedef struct {
  int socket;
  State state;
  bool isDirty;       // something is to be sent at the end of this turn
  bool isBlocked;     // the kernel takes no more; EPOLLOUT will tell
  size_t taken;       // bytes of the first unsent frame that the kernel has
  int64_t toSend;     // frames, that one included
  size_t unfinished;  // bytes of a frame, or of the answer to the request, that have come so far
} Connection;

static const Workload* workload;
static Frames frames;
static Connection* connections;
static int* dirty;
static int dirtyCount;
static int epoll;
static uint8_t input[kReadSize];

static void watch(int index, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)index};
  epoll_ctl(epoll, operation, connections[index].socket, &event);
}

static void end(int index, const char* reason, bool clean) {
  Connection* connection = &connections[index];
  State before = connection->state;
  close(connection->socket);
  connection->state = kEnded;
  connection->toSend = 0;
  if (before < kOpen)
    clientFailed(reason);
  else
    clientClosed(index, clean);
}

static void flush(int index) {
  Connection* connection = &connections[index];
  while (connection->toSend > 0 && !connection->isBlocked) {
    size_t wanted = (size_t)connection->toSend * frames.size;
    if (wanted > frames.copiesSize) wanted = frames.copiesSize;
    wanted -= connection->taken;
    ssize_t done =
        send(connection->socket, frames.copies + connection->taken, wanted, MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN) {
      end(index, strerror(errno), false);
      return;
    }
    size_t taken = connection->taken + (done > 0 ? (size_t)done : 0);
    connection->toSend -= (int64_t)(taken / frames.size);
    connection->taken = taken % frames.size;
    if (done < (ssize_t)wanted) {
      connection->isBlocked = true;
      watch(index, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
  }
}

static void flushDirty(void) {
  for (int at = 0; at < dirtyCount; at++) {
    connections[dirty[at]].isDirty = false;
    if (connections[dirty[at]].state == kOpen) flush(dirty[at]);
  }
  dirtyCount = 0;
}

// Once for all: servers of the benchmark do not look at the name they are asked for.
static void request(int index) {
  static char text[256];
  static int length;
  if (length == 0) {
    const Address* address = addressFor(workload, 0);
    length = snprintf(text, sizeof text,
                      "GET / HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n\r\n",
                      address->host, address->port);
  }
  connections[index].state = kUpgrading;
  watch(index, EPOLL_CTL_MOD, EPOLLIN);
  if (send(connections[index].socket, text, (size_t)length, MSG_NOSIGNAL) != length) {
    end(index, "the request was not taken", false);
  }
}

static void frameBytes(int index, size_t count) {
  Connection* connection = &connections[index];
  connection->unfinished += count;
  if (connection->state != kOpen || frames.answerSize == 0) return;
  int64_t answers = (int64_t)(connection->unfinished / frames.answerSize);
  connection->unfinished %= frames.answerSize;
  if (answers > 0) clientReceived(index, answers);
}

// The answer to the request arrives in one piece, or all but always: no server sends it in two.
static void upgraded(int index, size_t count) {
  static const char kAccepted[] = "HTTP/1.1 101";
  const uint8_t* tail = memmem(input, count, "\r\n\r\n", 4);
  if (tail == NULL || memcmp(input, kAccepted, sizeof kAccepted - 1) != 0) {
    end(index, "the answer to the request was not 101", false);
    return;
  }
  connections[index].state = kOpen;
  clientOpened(index);
  size_t rest = count - (size_t)(tail + 4 - input);
  if (rest > 0) frameBytes(index, rest);
}

static void readable(int index) {
  Connection* connection = &connections[index];
  ssize_t count = recv(connection->socket, input, sizeof input, 0);
  if (count > 0) {
    if (connection->state == kUpgrading)
      upgraded(index, (size_t)count);
    else
      frameBytes(index, (size_t)count);
  } else if (count == 0) {
    bool clean = connection->state == kClosing && connection->unfinished == frames.closeAnswerSize;
    end(index, "closed before it was open", clean);
  } else if (errno != EAGAIN) {
    end(index, strerror(errno), false);
  }
}

static void writable(int index) {
  Connection* connection = &connections[index];
  if (connection->state == kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0)
      request(index);
    else
      end(index, strerror(error), false);
    return;
  }
  if (!connection->isBlocked) return;
  connection->isBlocked = false;
  watch(index, EPOLL_CTL_MOD, EPOLLIN);
  flush(index);
}

static void begin(const Workload* given, int count) {
  workload = given;
  frames = makeFrames(workload->size);
  connections = calloc((size_t)count, sizeof *connections);
  dirty = calloc((size_t)count, sizeof *dirty);
  epoll = epoll_create1(0);
}

static void openConnection(int index) {
  Connection* connection = &connections[index];
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (connection->socket < 0) {
    connection->state = kEnded;
    clientFailed(strerror(errno));
    return;
  }
  int on = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const Address* to = addressFor(workload, index);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to->port)};
  inet_pton(AF_INET, to->host, &address.sin_addr);
  watch(index, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
  if (connect(connection->socket, (struct sockaddr*)&address, sizeof address) < 0 &&
      errno != EINPROGRESS) {
    end(index, strerror(errno), false);
  }
}

static void sendMessages(int index, int64_t count) {
  Connection* connection = &connections[index];
  connection->toSend += count;
  if (connection->isDirty) return;
  connection->isDirty = true;
  dirty[dirtyCount++] = index;
}

static void closeConnection(int index) {
  Connection* connection = &connections[index];
  connection->state = kClosing;
  if (send(connection->socket, kCloseFrame, sizeof kCloseFrame, MSG_NOSIGNAL) < 0) {
    end(index, strerror(errno), false);
  }
}

static size_t unsent(int index) {
  const Connection* connection = &connections[index];
  return (size_t)connection->toSend * frames.size - connection->taken;
}

static void serve(int milliseconds) {
  static struct epoll_event events[kEvents];
  flushDirty();
  int count = epoll_wait(epoll, events, kEvents, milliseconds);
  for (int at = 0; at < count; at++) {
    int index = (int)events[at].data.u32;
    if (events[at].events & EPOLLOUT) writable(index);
    if (connections[index].state > kConnecting && connections[index].state < kEnded &&
        events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
      readable(index);
    }
  }
  flushDirty();
}

int main(int argc, char** argv) {
  struct utsname system;
  uname(&system);
  Transport transport = {
      .identity = {.peer = "epoll", .library = "linux", .version = system.release},
      .begin = begin,
      .open = openConnection,
      .send = sendMessages,
      .close = closeConnection,
      .unsent = unsent,
      .serve = serve,
  };
  for (int index = 1; index < argc; index++) {
    if (strcmp(argv[index], "--ca") == 0) reportError(&transport.identity, "", "it has no TLS");
  }
  return runClient(&transport, argc, argv);
}
