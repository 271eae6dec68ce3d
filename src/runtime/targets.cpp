#include "runtime/targets.h"

#include <algorithm>
#include <charconv>

#include "core/knobs.h"
#include "runtime/config.h"

namespace nacre {
namespace {

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(separator), list.size());
    if (end > 0) out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

std::string devices_text(const Probe& probe) {
  std::string out;
  for (const Device& device : probe.devices)
    out += cat(out.empty() ? "" : ", ", device.kind, ":", device.index, device.name == device.kind ? "" : cat(" (", device.name, ")"));
  return out.empty() ? "none" : out;
}

std::unexpected<Error> unknown_device(const Target& target, const Probe& probe) {
  return fail(ErrorCode::not_found, "backend '", target.backend->name, "' has no device '", target.device,
              target.index < 0 ? "" : cat(":", target.index), "'; it has ", devices_text(probe));
}

bool has_accelerator(const Probe& probe) {
  return probe.available && std::any_of(probe.devices.begin(), probe.devices.end(), [](const Device& d) { return d.kind != "cpu"; });
}

Result<std::vector<std::string>> names_of(const SessionOptions& options) {
  if (!options.backends.empty()) return options.backends;
  if (const auto text = knob_text(Knob::backend)) return split(*text, ',');
  return split(NACRE_TRY(read_config()).backend, ',');
}

Result<void> check_known(const BackendOptions& settings) {
  for (const auto& [key, value] : settings) {
    const size_t dot = key.find('.');
    if (dot == std::string::npos)
      return fail(ErrorCode::invalid_argument, "backend option \"", key, "\" names no backend: it is written BACKEND.NAME");
    if (auto found = find_backend(key.substr(0, dot)); !found) return std::unexpected(std::move(found.error()));
  }
  for (const Backend* backend : all_backends()) {
    const BackendOptions own = settings_of(settings, backend->name);
    if (own.empty()) continue;
    if (!backend->check_settings)
      return fail(ErrorCode::invalid_argument, "backend '", backend->name, "' has no option \"", own[0].first, "\"");
    NACRE_TRY(backend->check_settings(own));
  }
  return {};
}

}  // namespace

std::string Target::text() const { return cat(backend->name, device.empty() ? "" : ":", device, index < 0 ? "" : cat(":", index)); }

Result<Target> parse_target(std::string_view text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.empty() || parts.size() > 3)
    return fail(ErrorCode::invalid_argument, "\"", text, "\" is no backend: it is written BACKEND[:DEVICE[:INDEX]]");
  Target out = NACRE_TRY(find_backend(parts[0]));
  if (parts.size() > 1) out.device = parts[1];
  if (parts.size() > 2) {
    const std::string& digits = parts[2];
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.index);
    if (error != std::errc() || end != digits.data() + digits.size() || out.index < 0)
      return fail(ErrorCode::invalid_argument, "\"", text, "\": the device's index is \"", digits, "\", not a whole number");
  }
  return out;
}

Result<void> check_target(const Target& target) {
  const Probe probe = probe_backend(*target.backend);
  if (!probe.available) return fail(ErrorCode::unavailable, "backend '", target.backend->name, "' is not available: ", probe.reason);
  if (target.device.empty()) return {};
  bool kind_known = false;
  for (const Device& device : probe.devices) {
    kind_known |= device.kind == target.device;
    if (device.kind == target.device && (target.index < 0 || device.index == target.index)) return {};
  }
  if (!kind_known && target.backend->has_device && NACRE_TRY(target.backend->has_device(target.device))) return {};
  return unknown_device(target, probe);
}

std::vector<Target> automatic_targets() {
  std::vector<Target> out;
  for (const Backend* backend : all_backends())
    if (backend->name != "native" && has_accelerator(probe_backend(*backend))) {
      out.push_back(backend);
      if (backend->has_device && backend->has_device("auto").value_or(false)) out.back().device = "auto";
    }
  if (const auto native = find_backend("native")) out.push_back(*native);
  return out;
}

Result<std::vector<Target>> targets_of(const SessionOptions& options, std::vector<std::string>& warnings) {
  std::vector<std::string> names = NACRE_TRY(names_of(options));
  if (names.empty()) names = {"native"};
  std::vector<Target> out;
  auto add = [&](Target target) {
    if (std::find(out.begin(), out.end(), target) == out.end()) out.push_back(std::move(target));
  };
  for (const std::string& name : names) {
    if (name == "auto") {
      for (Target& target : automatic_targets()) add(std::move(target));
      continue;
    }
    auto target = parse_target(name);
    if (!target && target.error().code() == ErrorCode::not_found)
      return std::unexpected(target.error().suggest("`auto` chooses by probing"));
    if (!target) return std::unexpected(std::move(target.error()));
    const auto checked = check_target(*target);
    // Somebody who lists a second choice asked for fallback, or for strictness.
    if (!checked && (options.strict || checked.error().code() == ErrorCode::not_found || &name == &names.back()))
      return std::unexpected(checked.error());
    if (!checked)
      warnings.push_back(cat(checked.error().message(), "; the next choice is taken"));
    else
      add(std::move(*target));
  }
  if (!options.strict) add(NACRE_TRY(find_backend("native")));
  return out;
}

BackendOptions settings_of(const BackendOptions& all, std::string_view backend) {
  BackendOptions out;
  for (const auto& [key, value] : all)
    if (key.size() > backend.size() && key.starts_with(backend) && key[backend.size()] == '.')
      out.emplace_back(key.substr(backend.size() + 1), value);
  return out;
}

Result<BackendOptions> all_settings(const SessionOptions& options) {
  BackendOptions out = options.backend_options;
  const Config config = NACRE_TRY(read_config());
  for (const auto& setting : config.backend_options)
    if (std::none_of(out.begin(), out.end(), [&](const auto& own) { return own.first == setting.first; })) out.push_back(setting);
  NACRE_TRY(check_known(out));
  return out;
}

}  // namespace nacre
