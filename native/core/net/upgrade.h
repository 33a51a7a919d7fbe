// Between libwebsockets and the open connection: the HTTP upgrade (RFC 6455, 4.1). No lease can be
// had yet, so that nothing here needs the slot's lock. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../base/io_result.h"
#include "../ws/deflate_pool.h"
#include "establisher.h"

namespace lwspool {

class Upgrade {
 public:
  Upgrade(Turn& turn, Handshakes& handshakes, PollSet& polls, PendingReads& pending,
          BioDelays& delays, Establisher& establisher, ws::DeflatePool& deflates)
      : turn_(turn),
        handshakes_(handshakes),
        polls_(polls),
        pending_(pending),
        delays_(delays),
        establisher_(establisher),
        deflates_(deflates) {}
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  // TCP stands, and TLS where there is some. `requested`: the opening request is sent already.
  // `more`: the kernel may have bytes that were reported before.
  void connected(Connection&, int fd, SSL* ssl, bool requested, bool more);
  // An attempt is given up: the poller forgets it. `closed`: its descriptor is closed already.
  void disconnect(Connection&, bool closed);
  // Ended: as in Reader::readable().
  void ready(Connection&, bool readable, bool writable, bool ended);

 private:
  void sendRequest(Connection&);
  void readAnswer(Connection&, bool more);
  void answer(Connection&, uint8_t* data, size_t size);
  void switched(Connection&, uint8_t* data, size_t size);
  void answerEnded(Connection&, const IoResult&);

  Turn& turn_;
  Handshakes& handshakes_;
  PollSet& polls_;
  PendingReads& pending_;
  BioDelays& delays_;
  Establisher& establisher_;
  ws::DeflatePool& deflates_;
};

}  // namespace lwspool
