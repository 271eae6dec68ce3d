#include "backends/onnxruntime/library.h"

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>

#include "backends/onnxruntime/trial.h"
#include "core/foreign_library.h"
#include "core/knobs.h"
#include "core/log.h"

namespace nacre::onnxruntime {
namespace {

thread_local LogCapture* capture = nullptr;

// Verbose, info, warning, error, fatal.
void take_log(void*, int severity, const char*, const char*, const char*, const char* text) {
  if (capture && text) {
    capture->add(text);
    return;
  }
  const LogLevel level = severity >= 3 ? LogLevel::error : severity == 2 ? LogLevel::warning : LogLevel::debug;
  log_message(level, "ONNX Runtime: ", text ? text : "");
}

/// 31 of "1.31.1"; none of what is no 1.N.
std::optional<int> minor_version(std::string_view text) {
  if (!text.starts_with("1.")) return std::nullopt;
  int minor = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), minor);
  return error == std::errc() && minor >= 0 ? std::optional(minor) : std::nullopt;
}

Result<std::vector<std::string>> provider_names(const Api& api) {
  char** names = nullptr;
  int count = 0;
  NACRE_TRY(api.call(kGetAvailableProviders, &names, &count));
  std::vector<std::string> out(names, names + count);
  NACRE_TRY(api.call(kReleaseAvailableProviders, names, count));
  return out;
}

Result<std::unique_ptr<Library>> load_now(const std::string& path, const std::string& from) {
  auto out = std::make_unique<Library>();
  out->path = path, out->from = from;
  out->handle = NACRE_TRY(open_foreign(path));
  const auto get_base = out->handle.function<const ApiBase*()>("OrtGetApiBase");
  if (!get_base) return fail(ErrorCode::unavailable, "\"", path, "\" is no ONNX Runtime: it has no OrtGetApiBase");
  const ApiBase* base = (*get_base)();
  if (!base || !base->api || !base->version) return fail(ErrorCode::unavailable, "\"", path, "\": OrtGetApiBase gives nothing");
  const char* version = base->version();
  out->version = version ? version : "";
  const std::optional<int> minor = minor_version(out->version);
  if (!minor || *minor < kOldest)
    return fail(ErrorCode::unavailable, "\"", path, "\" is ONNX Runtime ", out->version.empty() ? "of no version" : out->version, "; 1.",
                kOldest, " or newer is needed");
  const void* table = base->api(kOldest);
  if (!table)
    return fail(ErrorCode::unavailable, "\"", path, "\" (", out->version, ") does not offer version ", kOldest, " of its interface");
  out->api = Api(table, *minor);
  NACRE_TRY(out->api.call(kCreateEnvWithCustomLogger, take_log, nullptr, 2, "nacre", &out->env));
  NACRE_TRY(out->api.call(kDisableTelemetryEvents, out->env));
  NACRE_TRY(out->api.call(kGetAllocatorWithDefaultOptions, &out->allocator));
  MemoryInfo* memory = nullptr;
  NACRE_TRY(out->api.call(kCreateCpuMemoryInfo, 0, 0, &memory));  // OrtDeviceAllocator, OrtMemTypeDefault
  out->cpu_memory = out->api.own(memory, kReleaseMemoryInfo);
  out->providers = NACRE_TRY(provider_names(out->api));
  return out;
}

ForeignSearch search() {
  ForeignSearch out{
      .what = "ONNX Runtime", .stem = "libonnxruntime.so", .places = {}, .advice = "pip install onnxruntime, or set NACRE_ONNXRUNTIME"};
  if (const auto path = knob_text(Knob::onnxruntime)) out.places.push_back({*path, "NACRE_ONNXRUNTIME", true});
  for (const char* variable : {"ORT_DYLIB_PATH", "ONNXRUNTIME_ROOT"})
    if (const char* path = std::getenv(variable); path && *path) out.places.push_back({path, variable, true});
  for (SearchPlace& place : usual_places("onnxruntime/capi")) out.places.push_back(std::move(place));
  return out;
}

}  // namespace

LogCapture::LogCapture() : outer_(capture) { capture = this; }
LogCapture::~LogCapture() { capture = outer_; }

Result<const Library*> load(const std::string& path, const std::string& from) {
  static auto* mutex = new std::mutex;
  static auto* loaded = new std::map<std::string, std::unique_ptr<Library>>;
  const std::lock_guard lock(*mutex);
  std::unique_ptr<Library>& library = (*loaded)[path];
  if (!library) {
    auto now = load_now(path, from);
    if (!now) return std::unexpected(std::move(now.error()));
    library = std::move(*now);
  }
  return library.get();
}

Result<const Library*> library() {
  const FoundLibrary found = NACRE_TRY(find_foreign(search()));
  NACRE_TRY(try_foreign(found.path, "onnxruntime", [&]() -> std::string {
    // Not load(): another thread of the parent may have held its lock when this process was made.
    const auto library = load_now(found.path, found.from);
    if (!library) return library.error().message();
    const auto ran = run_trial(**library, nullptr);
    return ran ? "" : ran.error().message();
  }));
  return load(found.path, found.from);
}

}  // namespace nacre::onnxruntime
