// ONNX Runtime, where a library of it is found: the session, its execution providers, and provider libraries.
#include "runtime/backend.h"

#include <algorithm>
#include <map>

#include "backends/onnxruntime/providers.h"
#include "backends/onnxruntime/session.h"
#include "backends/onnxruntime/settings.h"
#include "core/foreign_library.h"
#include "graph/op.h"

namespace nacre {
namespace {

using namespace onnxruntime;

// Devices that are no CPU, by the provider's name: "cuda:0", "cuda:1". Memory and units are not told.
void add_accelerators(const Library& library, Probe& probe) {
  const auto listed = provider_devices(library);
  if (!listed) {
    probe.notes.push_back(listed.error().message());
    return;
  }
  std::map<std::string_view, int> counts;
  for (const ProviderDevice& device : *listed) {
    if (device.kind == "cpu") continue;
    const std::string_view kind = short_name(device.provider);
    probe.devices.push_back({.name = device.name.empty() ? std::string(kind) : device.name,
                             .kind = std::string(kind),
                             .index = counts[kind]++,
                             .vendor = device.vendor});
  }
  if (counts.empty()) probe.notes.push_back("it lists no accelerator");
}

// One that is listed may lack its own libraries, a driver or a device. Trying takes a while: only listings do it.
std::string state_of(const Library& library, const std::string& named) {
  const Provider* provider = find_provider(named);
  if (!provider) return "nothing here knows its options";
  if (!ThoroughProbe::wanted()) return "whether it works here shows when a session asks for it";
  const auto tried = try_provider(library, *provider);
  return tried ? "it works here" : cat("it does not work here: ", tried.error().message());
}

Probe probe(const ProbeOptions&) {
  const auto found = library();
  if (!found) return {.available = false, .version = "", .reason = found.error().what(), .devices = {}};
  const Library& lib = **found;
  Probe out{.available = true, .version = lib.version, .reason = "", .devices = {cpu_device()}, .library = lib.path};
  out.notes.push_back(cat("from ", lib.from));
  for (const std::string& provider : lib.providers)
    if (short_name(provider) != "cpu") out.notes.push_back(cat("built with ", short_name(provider), "; ", state_of(lib, provider)));
  add_accelerators(lib, out);
  return out;
}

bool is_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx.ml" || domain == "com.microsoft"; }

// What it refuses beyond this shows when it reads the graph, and goes elsewhere then.
bool supports(const Graph&, const Node& node) { return is_domain(node.op->domain); }
bool takes_op(const Op& op) { return is_domain(op.domain); }
bool takes_dtype(DType dtype) { return dtype != DType::undefined; }
Result<bool> has_device(std::string_view device) {
  if (device == "plugin") return true;
  if (!is_preset(device) && !find_provider(device)) return false;
  if (auto found = choose_providers(*NACRE_TRY(library()), device); !found) return std::unexpected(std::move(found.error()));
  return true;
}

}  // namespace

extern const Backend backend_onnxruntime;
const Backend backend_onnxruntime{.name = "onnxruntime",
                                  .about = "ONNX Runtime 1.17 and newer, found at run time, with its execution providers",
                                  .probe = probe,
                                  .supports = supports,
                                  .compile = onnxruntime::compile,
                                  .takes_models = true,
                                  .takes_op = takes_op,
                                  .takes_dtype = takes_dtype,
                                  .has_device = has_device,
                                  .check_settings = onnxruntime::check_settings};

}  // namespace nacre
