// Bytes that go out on established connections. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../base/connection_id.h"
#include "large_sends.h"
#include "reader.h"

namespace lwspool {

class Writer {
 public:
  Writer(const Turn& turn, ServiceFigures& figures, PollSet& polls, SendQueue& queue,
         BioDelays& delays, LeaseRequests& requests, Closer& closer, Reader& reader);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // `compress`: where the connection has an extension that does.
  void send(Connection&, ws::Opcode, const uint8_t* data, size_t size, bool compress = true);
  // What comes next of a message in fragments.
  void sendFragment(Connection&, const Fragment&, const uint8_t* data, size_t size);
  // flushed() is wanted once all that was sent so far has been taken by the kernel. `within`: all
  // but what waits for the end of a message in fragments, which the asker is sending.
  void mark(Connection&, uint32_t number, EventSink& asker, bool within = false);
  // A command of that side was carried out; flush() says when all it asked for is written, also
  // where that is nothing.
  void noteOutput(Connection&, Source);
  // Writes what can be written now.
  void flush(Connection&);

 private:
  void write(Connection&, ws::Opcode, const uint8_t* data, size_t size, uint8_t first);
  void prepareEncoding(Connection&);
  void endFragments(Connection&);
  static void keepLeasesAway(Connection&);
  static bool isOut(Connection&);
  static void noteWritten(Connection&);
  void writeFailed(Connection&, int error, const char* reason);
  void flushed(Connection&);

  const Turn& turn_;
  ServiceFigures& figures_;
  PollSet& polls_;
  SendQueue& queue_;
  BioDelays& delays_;
  LeaseRequests& requests_;
  Closer& closer_;
  Reader& reader_;
  LargeSends large_;
};

}  // namespace lwspool
