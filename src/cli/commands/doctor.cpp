// nacre doctor: what this machine and this build can do, and why.
#include <nlohmann/json.hpp>

#include "backends/native/kernels/kernels.h"
#include "cli/command.h"
#include "cli/print.h"
#include "core/cpu.h"
#include "core/disk_cache.h"
#include "core/image.h"
#include "core/knobs.h"
#include "core/os/library.h"
#include "core/os/memory.h"
#include "core/thread_team.h"
#include "nacre/backends.h"
#include "nacre/version.h"
#include "text/pattern.h"

namespace nacre::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Looked for at run time; nothing of ours needs them. What is linked stands behind them.
struct Library {
  std::string_view name, file, gives;
};
constexpr Library kLibraries[] = {
    {"CUDA driver", "libcuda.so.1", "graphics processors; this version has no backend for them yet"},
};

Json libraries() {
  Json out = Json::array();
  for (const Library& library : kLibraries) {
    const auto loaded = SharedLibrary::load(std::string(library.file));
    out.push_back({{"name", library.name}, {"file", library.file}, {"found", loaded.has_value()}, {"gives", library.gives}});
    if (!loaded) out.back()["reason"] = loaded.error().message();
  }
  const std::string_view regex = regex_engine_version();
  out.push_back(
      {{"name", "Oniguruma"}, {"found", !regex.empty()}, {"gives", "regular expressions of tokenizers, beyond the well-known ones"}});
  if (regex.empty()) {
    out.back()["reason"] = "built without it: install libonig-dev and build again";
  } else {
    out.back()["version"] = regex;
  }
  return out;
}

Json images() {
  Json out = Json::array();
  for (const ImageFormat& format : image_formats())
    out.push_back(
        {{"format", format.name}, {"available", format.available}, {"library", format.library.empty() ? "our own" : format.library}});
  return out;
}

Json processor() {
  Json out{{"model", cpu().model}, {"isa", to_string(cpu().isa)}, {"why", cpu().isa_reason}};
  out["features"] = Json::array();
  for (std::string_view name : names_of(cpu().features)) out["features"].push_back(name);
  out["kernels"] = native::kernels().isa;
  out["kernels_that_run"] = Json::array();
  for (const native::Kernels* table : native::available_kernels()) out["kernels_that_run"].push_back(table->isa);
  out["l1_bytes"] = cpu().caches.l1_data, out["l2_bytes"] = cpu().caches.l2, out["l3_bytes"] = cpu().caches.l3;
  return out;
}

Json backends() { return Json::parse(to_json(nacre::backends())); }

Json memory() {
  Json out{{"total_bytes", total_memory()}};
  const auto limit = cgroup_memory_limit();
  out["group_limit_bytes"] = limit ? Json(*limit) : Json(nullptr);
  return out;
}

Json cache() {
  const DiskCacheState found = disk_cache_state(kPackedWeights);
  if (found.path.empty())
    return {{"directory", nullptr}, {"state", "nothing is kept between processes; NACRE_CACHE_DIR names a directory"}};
  Json out{{"directory", found.path}, {"usable", found.reason.empty()}, {"files", found.files}, {"bytes", found.bytes}};
  out["limit_bytes"] = found.limit;
  out["state"] = found.reason.empty() ? cat(found.files, " packed weights, ", bytes_text(found.bytes), " of at most ",
                                            bytes_text(found.limit), "; nacre doctor --clear-cache removes them")
                                      : cat("cannot be used: ", found.reason);
  return out;
}

int clear() {
  print(cat("removed ", bytes_text(check(clear_disk_cache(kPackedWeights))), " of packed weights\n"));
  return kDone;
}

Json knob_table() {
  Json out = Json::array();
  for (const KnobRow& row : knobs()) {
    const auto value = knob_text(row.knob);
    out.push_back(
        {{"variable", row.variable}, {"value", value ? Json(*value) : Json(nullptr)}, {"default", row.default_text}, {"help", row.help}});
  }
  return out;
}

Json examine() {
  Json out{{"version", version()}, {"cpu", processor()}};
  out["threads"] = {{"count", ThreadTeam::process().size()}, {"why", ThreadTeam::process().reason()}};
  out["memory"] = memory();
  out["backends"] = backends();
  out["libraries"] = libraries();
  out["image_formats"] = images();
  out["cache"] = cache();
  out["knobs"] = knob_table();
  return out;
}

// --- text ---

std::string text(const Json& json) { return json.is_string() ? json.get<std::string>() : json.dump(); }

std::string words(const Json& list, std::string_view separator) {
  std::vector<std::string> out;
  for (const Json& item : list) out.push_back(text(item));
  return joined(out, separator);
}

std::string processor_text(const Json& cpu) {
  Table table({"processor", text(cpu["model"])});
  table.add({"features", words(cpu["features"], " ")});
  table.add(
      {"kernels", cat(text(cpu["kernels"]), " (", text(cpu["why"]), "); those that run here: ", words(cpu["kernels_that_run"], ", "))});
  table.add(
      {"caches", cat("L1 ", bytes_text(cpu["l1_bytes"]), ", L2 ", bytes_text(cpu["l2_bytes"]), ", L3 ", bytes_text(cpu["l3_bytes"]))});
  return table.text();
}

std::string machine_text(const Json& found) {
  const Json& memory = found["memory"];
  Table table({"threads", text(found["threads"]["why"])});
  table.add({"memory", cat(bytes_text(memory["total_bytes"]),
                           memory["group_limit_bytes"].is_null()
                               ? std::string(", no limit by a control group")
                               : cat(", limited to ", bytes_text(memory["group_limit_bytes"]), " by a control group"))});
  table.add(
      {"cache", cat(found["cache"]["directory"].is_null() ? "" : text(found["cache"]["directory"]) + " ", text(found["cache"]["state"]))});
  return table.text();
}

std::string device_text(const Json& device) {
  auto known = [](const Json& value, auto show) { return value.is_null() ? std::string("unknown") : show(value); };
  auto bytes = [](const Json& value) { return bytes_text(value); };
  return cat("  ", text(device["target"]), ": ", known(device["name"], text), ", vendor ", known(device["vendor"], text), ", memory ",
             known(device["memory_total"], bytes), ", free ", known(device["memory_free"], bytes), ", compute units ",
             known(device["compute_units"], text), "\n");
}

std::string backend_details(const Json& backends) {
  std::string out;
  for (const Json& one : backends) {
    out += cat("\n", text(one["name"]), ": ", one["operators"].size(), " operators, ", one["dtypes"].size(), " dtypes\n");
    if (!one["reason"].is_null()) out += cat("  not available: ", text(one["reason"]), "\n");
    if (!one["library"].is_null()) out += cat("  library ", text(one["library"]), "\n");
    for (const Json& note : one["notes"]) out += cat("  ", text(note), "\n");
    for (const Json& device : one["devices"]) out += device_text(device);
  }
  return out;
}

std::string text_of(const Json& found) {
  std::string out = cat("nacre ", text(found["version"]), "\n\n", processor_text(found["cpu"]), "\n", machine_text(found), "\n");
  Table backends({"backend", "state", "what it is"});
  for (const Json& one : found["backends"])
    backends.add({text(one["name"]), one["available"].get<bool>() ? text(one["version"]) : "not available", text(one["about"])});
  Table libraries({"optional library", "state", "what it gives"});
  for (const Json& one : found["libraries"])
    libraries.add({text(one["name"]), one["found"].get<bool>() ? "found" : "not found", text(one["gives"])});
  Table images({"image format", "read by"});
  for (const Json& one : found["image_formats"])
    images.add(
        {text(one["format"]), one["available"].get<bool>() ? text(one["library"]) : cat("no: built without ", text(one["library"]))});
  Table knobs({"variable", "value", "what it sets"});
  for (const Json& one : found["knobs"])
    knobs.add(
        {text(one["variable"]), one["value"].is_null() ? cat("(", text(one["default"]), ")") : text(one["value"]), text(one["help"])});
  return out + backends.text() + backend_details(found["backends"]) + "\n" + libraries.text() + "\n" + images.text() + "\n" + knobs.text();
}

Action configure(Arguments& arguments) {
  auto json = std::make_shared<bool>(false);
  auto clears = std::make_shared<bool>(false);
  arguments.flag("--json", *json, "print JSON");
  arguments.flag("--clear-cache", *clears, "remove the packed weights that NACRE_CACHE_DIR keeps, and do nothing else");
  return [json, clears] {
    if (*clears) return clear();
    const Json found = examine();
    print(*json ? found.dump(1, ' ', false, Json::error_handler_t::replace) + "\n" : text_of(found));
    return kDone;
  };
}

}  // namespace

extern const Command command_doctor;
const Command command_doctor{.name = "doctor",
                             .about = "Shows the processor, kernels, threads, backends, libraries and settings found here",
                             .example = "nacre doctor --json",
                             .configure = configure};

}  // namespace nacre::cli
