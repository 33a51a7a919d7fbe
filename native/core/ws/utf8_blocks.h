// The vector part of the UTF-8 check, for text outside ASCII: 64 bytes at a time with the table
// look-ups of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2021).
// Pure function: callable from any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lwspool::ws {

// Fewer bytes than this are not worth a call.
inline constexpr ptrdiff_t kWorthBlocks = 64;

// Passes over blocks of valid characters. `at` must be the first byte of a character; returns
// another one, up to which all is valid. Stops early, with nothing said about what follows, where
// something is not valid, where a whole block is ASCII (others are faster at that), or where fewer
// than 64 bytes are left. Without vector instructions it returns `at`.
const uint8_t* skipBlocks(const uint8_t* at, const uint8_t* end);

}  // namespace lwspool::ws
