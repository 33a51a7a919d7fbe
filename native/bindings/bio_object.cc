#include "bio_object.h"

#include <string>

#include "../core/bio/capture.h"
#include "../core/bio/coalesce.h"
#include "../core/bio/counter.h"
#include "../core/bio/fault.h"
#include "../core/bio/memory.h"
#include "../core/bio/recorder.h"
#include "options_reader.h"

namespace lwspool {

namespace {

// Doubles of one record: time, whether it was sent, type, length.
constexpr size_t kRecordFields = 4;

double real(const Napi::Object& object, const char* name, double otherwise) {
  const Napi::Value value = object.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : otherwise;
}

int64_t place(const Napi::Object& object, const char* name) {
  return static_cast<int64_t>(real(object, name, -1));
}

bio::Kind kindOf(const std::string& type) {
  for (const bio::Kind kind : {bio::Kind::recorder, bio::Kind::capture, bio::Kind::fault,
                               bio::Kind::coalesce, bio::Kind::custom}) {
    if (type == bio::nameOf(kind)) return kind;
  }
  return bio::Kind::counter;
}

Napi::Value count(Napi::Env env, uint64_t value) { return Napi::BigInt::New(env, value); }

Napi::Object trafficObject(Napi::Env env, const bio::Traffic& traffic) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("bytes", count(env, traffic.bytes));
  object.Set("calls", count(env, traffic.calls));
  object.Set("retries", count(env, traffic.retries));
  return object;
}

void describe(Napi::Object& object, const bio::Counter& counter) {
  object.Set("read", trafficObject(object.Env(), counter.reads()));
  object.Set("written", trafficObject(object.Env(), counter.writes()));
}

void describe(Napi::Object& object, const bio::Recorder& recorder) {
  const std::vector<bio::TlsRecord> records = recorder.records();
  Napi::Float64Array packed = Napi::Float64Array::New(object.Env(), records.size() * kRecordFields);
  double* out = packed.Data();
  for (const bio::TlsRecord& record : records) {
    *out++ = record.time;
    *out++ = record.sent ? 1 : 0;
    *out++ = record.type;
    *out++ = record.length;
  }
  object.Set("packed", packed);
  object.Set("total", count(object.Env(), recorder.total()));
  object.Set("lost", Napi::Boolean::New(object.Env(), recorder.lost()));
}

void describe(Napi::Object& object, const bio::Fault& fault) {
  object.Set("seed", Napi::Number::New(object.Env(), static_cast<double>(fault.seed())));
  object.Set("injected", count(object.Env(), fault.injected()));
}

void describe(Napi::Object& object, const bio::Capture& capture) {
  object.Set("file", Napi::String::New(object.Env(), capture.file()));
  object.Set("bytes", count(object.Env(), capture.bytes()));
  object.Set("stopped", Napi::Boolean::New(object.Env(), capture.stopped()));
}

void describe(Napi::Object& object, const bio::Memory& memory) {
  object.Set("fed", count(object.Env(), memory.fed()));
  object.Set("taken", count(object.Env(), memory.taken()));
}

void describe(Napi::Object& object, const bio::Coalesce& coalesce) {
  object.Set("records", count(object.Env(), coalesce.records()));
  object.Set("writes", count(object.Env(), coalesce.writes()));
}

}  // namespace

bio::Spec bioSpec(const Napi::Object& options) {
  const OptionsReader reader(options);
  bio::Spec spec;
  spec.kind = kindOf(reader.text("type"));
  spec.records = reader.number("records");
  spec.limit = static_cast<size_t>(real(options, "limit", 0));
  spec.file = reader.text("file");
  spec.module = reader.text("module");
  bio::FaultOptions& fault = spec.fault;
  fault.seed = static_cast<uint64_t>(real(options, "seed", 0));
  fault.shortReads = real(options, "shortReads", 0);
  fault.shortWrites = real(options, "shortWrites", 0);
  fault.retries = real(options, "retries", 0);
  fault.delays = real(options, "delays", 0);
  fault.delay = reader.number("delay");
  fault.corruptRead = place(options, "corruptRead");
  fault.corruptWrite = place(options, "corruptWrite");
  fault.resetAfter = place(options, "resetAfter");
  return spec;
}

Napi::Object bioObject(Napi::Env env, const bio::Layer& layer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("type", Napi::String::New(env, bio::nameOf(layer.kind())));
  switch (layer.kind()) {
    case bio::Kind::counter:
      describe(object, static_cast<const bio::Counter&>(layer));
      break;
    case bio::Kind::recorder:
      describe(object, static_cast<const bio::Recorder&>(layer));
      break;
    case bio::Kind::fault:
      describe(object, static_cast<const bio::Fault&>(layer));
      break;
    case bio::Kind::coalesce:
      describe(object, static_cast<const bio::Coalesce&>(layer));
      break;
    case bio::Kind::capture:
      describe(object, static_cast<const bio::Capture&>(layer));
      break;
    case bio::Kind::memory:
      describe(object, static_cast<const bio::Memory&>(layer));
      break;
    case bio::Kind::custom:
      break;
  }
  return object;
}

}  // namespace lwspool
