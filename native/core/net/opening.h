// What is needed while a connection is being opened, and not after. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../base/fields.h"
#include "../base/out_buffer.h"
#include "../ws/extension.h"
#include "../ws/response_body.h"
#include "../ws/response_parser.h"

namespace lwspool {

// How far an attempt got.
enum class Reached : uint8_t { nothing, tcp, request, answer };

struct Opening {
  size_t nextAddress = 0;
  uint64_t deadline = 0;         // ms; 0 before it left the queue
  uint64_t attemptDeadline = 0;  // ms; 0: this is the last address
  uint64_t bodyDeadline = 0;     // ms; 0: no refusal has come
  std::string attempts;          // what each failed with, for the error
  ErrorInfo error;               // of the attempt that just failed
  bool mayTryNext = false;       // it failed before TCP stood
  bool cancelled = false;
  bool inWindow = false;      // counts as an attempt under way
  bool abandoned = false;     // the connector was told: attemptOver() is on its way
  bool waiting = false;       // for its next attempt: the connector has nothing of it
  bool repeated = false;      // the diagnosis found nothing wrong
  bool watched = false;       // the poller has its descriptor, see PollSet::watch()
  uint64_t watchedSince = 0;  // what was reported before is of another: see PollSet::concerns()
  bool stands = false;        // libwebsockets is done with it: to be taken over
  bool putOff = false;        // by a BIO: Connector::resume() comes
  std::vector<std::string> secrets;  // TLS: lines of the key log, for who asked for them
  uint32_t tickets = 0;              // TLS: sessions that the server has given us
  bool resuming = false;             // TLS: a session was offered, and not refused yet
  std::string share;                 // TLS: the group whose key share alone was sent; empty: all
  Reached reached = Reached::nothing;
  std::string address;
  std::string localAddress;
  // ws
  std::string key;
  bool upgrading = false;                // libwebsockets is done: the poller has the descriptor
  OutBuffer request;                     // what is left of it to be sent
  ws::ResponseParser answer;             // its head
  uint32_t interim = 0;                  // answers that came before it
  std::optional<ws::ResponseBody> body;  // of one other than 101
  std::string protocol;
  std::unique_ptr<ws::Extension> extension;  // that both use from now on
  std::string extensions;                    // as the server has written it
  std::string headers;                       // of the answer, where the endpoint keeps them
  std::string early;                         // bytes that came with the server's answer
  // Behind it, or behind what libwebsockets read, the kernel had nothing more.
  bool drained = false;
};

}  // namespace lwspool
