// Native memory that JavaScript of several threads sees. JavaScript thread.
#pragma once

#include <napi.h>

#include <memory>

#include "../core/channel/channel.h"
#include "../core/channel/slab.h"

namespace lwspool {

// The ArrayBuffer keeps the slab alive.
Napi::Value slabBuffer(Napi::Env, SlabRef);
// The figures of kSegmentSlots connections, five doubles each: see LedgerEntry. Undefined where
// there is no such segment; the array keeps it alive. The same of the others.
Napi::Value ledgerArray(Napi::Env, std::shared_ptr<LedgerSegment>);
// See ConnectionFigures.
Napi::Value figuresArray(Napi::Env, std::shared_ptr<FiguresSegment>);
// See TcpFigures.
Napi::Value tcpArray(Napi::Env, std::shared_ptr<TcpSegment>);
// See WorkerFigures.
Napi::Value workerFiguresArray(Napi::Env, const std::shared_ptr<Channel>&);
// See Channel::held: an Int32Array of one.
Napi::Value heldArray(Napi::Env, const std::shared_ptr<Channel>&);

}  // namespace lwspool
