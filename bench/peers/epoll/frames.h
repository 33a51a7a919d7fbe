// Frames made in advance (RFC 6455 section 5.2): only their length matters afterwards.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t size;      // of one frame to send
  uint8_t* copies;  // as many as one send takes
  size_t copiesSize;
  size_t answerSize;  // of a frame that comes back: it has no mask
  size_t closeAnswerSize;
} Frames;

// With code 1000, masked.
extern const uint8_t kCloseFrame[8];

Frames makeFrames(size_t payloadSize);
