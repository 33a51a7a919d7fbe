#include "frames.h"

#include <stdlib.h>
#include <string.h>

#include "workload.h"

static const uint8_t kMask[4] = {0x12, 0x34, 0x56, 0x78};
static const size_t kMostAtOnce = 256 * 1024;

const uint8_t kCloseFrame[8] = {0x88, 0x82, 0x12, 0x34, 0x56, 0x78, 0x03 ^ 0x12, 0xe8 ^ 0x34};

static size_t writeHeader(uint8_t* frame, size_t payloadSize) {
  size_t size = 0;
  frame[size++] = 0x82;
  if (payloadSize < 126) {
    frame[size++] = 0x80 | (uint8_t)payloadSize;
  } else {
    int bytes = payloadSize < 65536 ? 2 : 8;
    frame[size++] = 0x80 | (bytes == 2 ? 126 : 127);
    while (bytes-- > 0) frame[size++] = (uint8_t)((uint64_t)payloadSize >> (8 * bytes));
  }
  memcpy(frame + size, kMask, sizeof kMask);
  return size + sizeof kMask;
}

Frames makeFrames(size_t payloadSize) {
  uint8_t header[14];
  size_t headerSize = writeHeader(header, payloadSize);
  size_t size = headerSize + payloadSize;
  size_t count = kMostAtOnce / size > 0 ? kMostAtOnce / size : 1;
  uint8_t* copies = malloc(count * size);
  memcpy(copies, header, headerSize);
  fillPayload(copies + headerSize, payloadSize);
  for (size_t at = 0; at < payloadSize; at++) copies[headerSize + at] ^= kMask[at % 4];
  for (size_t copy = 1; copy < count; copy++) memcpy(copies + copy * size, copies, size);
  return (Frames){
      .size = size,
      .copies = copies,
      .copiesSize = count * size,
      .answerSize = size - sizeof kMask,
      .closeAnswerSize = 4,
  };
}
