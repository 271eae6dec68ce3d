#include "backends/onnxruntime/settings.h"

#include <algorithm>
#include <charconv>

#include "backends/onnxruntime/trial.h"
#include "core/foreign_library.h"

namespace nacre::onnxruntime {
namespace {

constexpr std::string_view kNames[] = {"optimisation", "intra_threads", "inter_threads", "log_severity",   "deterministic",
                                       "io_binding",   "profile",       "plugin",        "plugin_provider"};

std::string known_names() {
  std::string out;
  for (std::string_view name : kNames) out += cat(name, ", ");
  out += "config.KEY, plugin.KEY";
  for (const Provider& provider : all_providers())
    if (provider.keys != "-") out += cat(", ", provider.name, ".KEY");
  return out;
}

/// "cuda.device_id" -> "cuda" and "device_id"; config keys have dots of their own.
std::pair<std::string_view, std::string_view> parts_of(std::string_view key) {
  const size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::pair(key, std::string_view()) : std::pair(key.substr(0, dot), key.substr(dot + 1));
}

Result<int> number_in(const std::string& key, const std::string& value, std::initializer_list<int> allowed, int least) {
  int out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  const bool fits = allowed.size() ? std::find(allowed.begin(), allowed.end(), out) != allowed.end() : out >= least;
  if (whole && fits) return out;
  std::string takes;
  for (int each : allowed) takes += cat(takes.empty() ? "" : ", ", each);
  return fail(ErrorCode::invalid_argument, "option onnxruntime.", key, " is \"", value, "\", takes ",
              takes.empty() ? cat("a whole number of at least ", least) : takes);
}

Result<void> take(Settings& out, const std::string& key, const std::string& value) {
  const auto [head, rest] = parts_of(key);
  if (key == "optimisation")
    out.optimisation = NACRE_TRY(number_in(key, value, {0, 1, 2, 99}, 0));
  else if (key == "intra_threads")
    out.intra_threads = NACRE_TRY(number_in(key, value, {}, 0));
  else if (key == "inter_threads")
    out.inter_threads = NACRE_TRY(number_in(key, value, {}, 0));
  else if (key == "log_severity")
    out.log_severity = NACRE_TRY(number_in(key, value, {0, 1, 2, 3, 4}, 0));
  else if (key == "deterministic")
    out.deterministic = NACRE_TRY(number_in(key, value, {0, 1}, 0)) == 1;
  else if (key == "io_binding")
    out.io_binding = NACRE_TRY(number_in(key, value, {0, 1}, 0)) == 1;
  else if (key == "profile")
    out.profile = value;
  else if (key == "plugin")
    out.plugin = value;
  else if (key == "plugin_provider")
    out.plugin_provider = value;
  else if (head == "config")
    out.config.emplace_back(rest, value);
  return {};
}

Result<void> append(const Library& library, const Settings& settings, MadeOptions& out) {
  if (settings.provider && settings.provider->append)
    return settings.provider->append(library, out.handle.get(), *settings.provider, settings.provider_options);
  if (!settings.provider)
    return append_plugin(library, out.handle.get(), settings.plugin, settings.plugin_provider, settings.provider_options, out.provider);
  return {};
}

Result<void> fill(const Library& library, const Settings& settings, MadeOptions& out) {
  const Api& api = library.api;
  SessionOptions* options = out.handle.get();
  NACRE_TRY(api.call(kSetSessionGraphOptimizationLevel, options, settings.optimisation));
  NACRE_TRY(api.call(kSetIntraOpNumThreads, options, settings.intra_threads));
  NACRE_TRY(api.call(kSetInterOpNumThreads, options, settings.inter_threads));
  NACRE_TRY(api.call(kSetSessionLogSeverityLevel, options, settings.log_severity));
  if (settings.deterministic) NACRE_TRY(api.call(kSetDeterministicCompute, options, true));
  if (!settings.profile.empty()) NACRE_TRY(api.call(kEnableProfiling, options, settings.profile.c_str()));
  const bool asks_device = !settings.provider || settings.provider->append;
  if (asks_device && api.has(kSessionGetAssignments))
    NACRE_TRY(api.call(kAddSessionConfigEntry, options, "session.record_ep_graph_assignment_info", "1"));
  if (asks_device && settings.strict) NACRE_TRY(api.call(kAddSessionConfigEntry, options, "session.disable_cpu_ep_fallback", "1"));
  for (const auto& [key, value] : settings.config) NACRE_TRY(api.call(kAddSessionConfigEntry, options, key.c_str(), value.c_str()));
  return append(library, settings, out);
}

Result<MadeOptions> make_now(const Library& library, const Settings& settings) {
  SessionOptions* raw = nullptr;
  NACRE_TRY(library.api.call(kCreateSessionOptions, &raw));
  MadeOptions out{library.api.own(raw, kReleaseSessionOptions), settings.provider ? std::string(settings.provider->named) : ""};
  NACRE_TRY(fill(library, settings, out));
  return out;
}

// What a provider's verdict belongs to: itself and what it was told.
std::string trial_name(const Settings& settings) {
  std::string out =
      settings.provider ? cat("onnxruntime provider ", settings.provider->name) : cat("plugin of onnxruntime, ", settings.plugin_provider);
  for (const auto& [key, value] : settings.provider_options) out += cat(" ", key, "=", value);
  std::replace(out.begin(), out.end(), '\t', ' ');
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

Result<void> try_settings(const Library& library, const Settings& settings) {
  Settings tried = settings;
  tried.profile.clear();
  tried.strict = false;  // the trial's model is not the one that must run there
  const std::string& file = settings.provider ? library.path : settings.plugin;
  return try_foreign(file, trial_name(settings), [&]() -> std::string {
    auto made = make_now(library, tried);
    if (!made) return made.error().message();
    const auto ran = run_trial(library, made->handle.get());
    return ran ? "" : ran.error().message();
  });
}

}  // namespace

Result<void> check_settings(const BackendOptions& options) {
  Settings ignored;
  for (const auto& [key, value] : options) {
    const auto [head, rest] = parts_of(key);
    const bool own = std::find(std::begin(kNames), std::end(kNames), std::string_view(key)) != std::end(kNames);
    const Provider* provider = rest.empty() ? nullptr : find_provider(head);
    if (!own && !provider && (rest.empty() || (head != "config" && head != "plugin")))
      return fail(ErrorCode::invalid_argument, "backend 'onnxruntime' has no option \"", key, "\"; it has ", known_names());
    if (provider) NACRE_TRY(check_keys(*provider, {{std::string(rest), value}}));
    NACRE_TRY(take(ignored, key, value));
  }
  return {};
}

// A configuration may hold options of several providers; one that somebody set for a run and that does nothing is said.
static void note_unused(const BackendOptions& given, std::string_view owner, std::vector<std::string>& notes) {
  for (const auto& [key, value] : given) {
    const auto [head, rest] = parts_of(key);
    if (rest.empty() || head == owner || (head != "plugin" && !find_provider(head))) continue;
    std::string note = cat("option onnxruntime.", key, " does nothing: the provider is ", owner);
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
  }
}

Result<void> try_provider(const Library& library, const Provider& provider) {
  Settings settings;
  settings.provider = &provider;
  return provider.append ? try_settings(library, settings) : Result<void>();
}

Result<Settings> read_settings(const Provider* provider, const CompileOptions& options) {
  Settings out;
  out.provider = provider;
  out.intra_threads = options.threads, out.strict = options.strict;
  if (!options.optimise) out.optimisation = 0;
  out.io_binding = !options.device.empty() && options.device != "cpu";
  const BackendOptions none, &given = options.settings ? *options.settings : none;
  for (const auto& [key, value] : given) NACRE_TRY(take(out, key, value));
  if (!provider && out.plugin.empty())
    return fail(ErrorCode::invalid_argument, "device 'plugin' needs onnxruntime.plugin, the provider library's path");
  const std::string_view owner = out.provider ? out.provider->name : "plugin";
  for (const auto& [key, value] : given)
    if (const auto [head, rest] = parts_of(key); head == owner && !rest.empty()) out.provider_options.emplace_back(rest, value);
  if (options.notes) note_unused(given, owner, *options.notes);
  const bool takes_index = out.provider && (out.provider->keys.empty() || out.provider->keys.find("device_id") != std::string_view::npos);
  if (options.device_index > 0 && !takes_index)
    return fail(ErrorCode::not_found, "backend 'onnxruntime' has no device '", options.device, ":", options.device_index,
                "': that provider takes no index");
  if (options.device_index >= 0 && takes_index) out.provider_options.emplace_back("device_id", cat(options.device_index));
  return out;
}

Result<MadeOptions> make_options(const Library& library, const Settings& settings) {
  if (!settings.provider || settings.provider->append) NACRE_TRY(try_settings(library, settings));
  return make_now(library, settings);
}

}  // namespace nacre::onnxruntime
