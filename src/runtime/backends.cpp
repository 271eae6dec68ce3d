#include "nacre/backends.h"

#include "core/foreign_library.h"
#include "graph/op.h"
#include "io/json.h"
#include "runtime/targets.h"

namespace nacre {
namespace {

constexpr DType kDTypes[] = {DType::float32,    DType::float64,      DType::float16,    DType::bfloat16,       DType::int8,
                             DType::int16,      DType::int32,        DType::int64,      DType::uint8,          DType::uint16,
                             DType::uint32,     DType::uint64,       DType::boolean,    DType::string,         DType::complex64,
                             DType::complex128, DType::float8e4m3fn, DType::float8e5m2, DType::float8e4m3fnuz, DType::float8e5m2fnuz,
                             DType::float8e8m0, DType::float4e2m1,   DType::int4,       DType::uint4,          DType::int2,
                             DType::uint2};

DeviceInfo info_of(const Backend& backend, const Device& device) {
  return {.target = cat(backend.name, ":", device.kind, ":", device.index),
          .name = device.name == device.kind ? "" : device.name,
          .vendor = device.vendor,
          .memory_total = device.memory_total,
          .memory_free = device.memory_free,
          .compute_units = device.compute_units};
}

BackendInfo info_of(const Backend& backend) {
  Probe probe = probe_backend(backend);
  BackendInfo out{.name = std::string(backend.name),
                  .about = std::string(backend.about),
                  .available = probe.available,
                  .reason = std::move(probe.reason),
                  .version = std::move(probe.version),
                  .library = std::move(probe.library),
                  .devices = {},
                  .notes = std::move(probe.notes),
                  .operators = {},
                  .dtypes = {}};
  for (const Device& device : probe.devices) out.devices.push_back(info_of(backend, device));
  for (const Op* op : all_ops())
    if (!backend.takes_op || backend.takes_op(*op))
      out.operators.push_back(op->domain.empty() ? std::string(op->name) : cat(op->domain, ".", op->name));
  for (DType dtype : kDTypes)
    if (!backend.takes_dtype || backend.takes_dtype(dtype)) out.dtypes.push_back(dtype);
  return out;
}

std::string number(int64_t value) { return value < 0 ? "null" : std::to_string(value); }
std::string text(const std::string& value) { return value.empty() ? "null" : json_quoted(value); }

template <class List, class Item>
std::string list(const List& items, Item item) {
  std::string out = "[";
  for (const auto& each : items) out += cat(out.size() > 1 ? "," : "", item(each));
  return out + "]";
}

std::string json_of(const DeviceInfo& device) {
  return cat("{\"target\":", json_quoted(device.target), ",\"name\":", text(device.name), ",\"vendor\":", text(device.vendor),
             ",\"memory_total\":", number(device.memory_total), ",\"memory_free\":", number(device.memory_free),
             ",\"compute_units\":", number(device.compute_units), "}");
}

std::string json_of(const BackendInfo& backend) {
  return cat("{\"name\":", json_quoted(backend.name), ",\"about\":", json_quoted(backend.about), ",\"available\":", backend.available,
             ",\"reason\":", text(backend.reason), ",\"version\":", text(backend.version), ",\"library\":", text(backend.library),
             ",\"devices\":", list(backend.devices, [](const DeviceInfo& each) { return json_of(each); }),
             ",\"notes\":", list(backend.notes, json_quoted), ",\"operators\":", list(backend.operators, json_quoted),
             ",\"dtypes\":", list(backend.dtypes, [](DType each) { return json_quoted(to_string(each)); }), "}");
}

}  // namespace

std::vector<BackendInfo> backends() {
  const ThoroughProbe thorough;
  std::vector<BackendInfo> out;
  for (const Backend* backend : all_backends()) out.push_back(info_of(*backend));
  return out;
}

std::string to_json(const std::vector<BackendInfo>& backends) {
  return list(backends, [](const BackendInfo& each) { return json_of(each); });
}

}  // namespace nacre
