// Native memory that JavaScript of several threads sees. JavaScript thread.
#pragma once

#include <napi.h>

#include <memory>

#include "../core/channel/slab.h"
#include "../core/channel/slot_table.h"

namespace lwspool {

// The ArrayBuffer keeps the slab alive.
Napi::Value slabBuffer(Napi::Env, SlabRef);
// The figures of kSegmentSlots connections, four doubles each: see LedgerEntry.
Napi::Value ledgerArray(Napi::Env, std::shared_ptr<LedgerSegment>);

}  // namespace lwspool
