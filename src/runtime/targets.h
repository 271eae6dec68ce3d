// Which backends a session asks for: names to targets.
//
//     std::vector<Target> order = NACRE_TRY(targets_of(options, warnings));   // options > NACRE_BACKEND > NACRE_CONFIG > native
//     Target one = NACRE_TRY(parse_target("onnxruntime:cuda:1"));
//
#pragma once

#include "runtime/backend.h"

namespace nacre {

/// A backend, and a device of it where one is named.
struct Target {
  const Backend* backend = nullptr;
  std::string device = {};  // empty: the backend's default
  int index = -1;           // -1: not named

  Target() = default;
  Target(const Backend* chosen) : backend(chosen) {}  // NOLINT: a backend is the target of its default device
  /// "onnxruntime:cuda:1".
  std::string text() const;
  bool operator==(const Target&) const = default;
};

/// `BACKEND[:DEVICE[:INDEX]]`. Looks only at the names; fails (not_found) with those there are.
Result<Target> parse_target(std::string_view text);

/// Fails (unavailable) when the backend cannot work here, and (not_found) when it has no such device, listing those it has.
Result<void> check_target(const Target& target);

/// What `auto` stands for, from probes: backends that report a device that is no CPU, in the order of their names, then native.
std::vector<Target> automatic_targets();

/// The session's backends in order of preference, all of them checked; unless `strict`, `native` is the last. One that
/// cannot work here is an error, or a warning where a next one is named and `strict` is off.
Result<std::vector<Target>> targets_of(const SessionOptions& options, std::vector<std::string>& warnings);

/// The settings of one backend, its name taken off.
BackendOptions settings_of(const BackendOptions& all, std::string_view backend);
/// The caller's settings, and those of NACRE_CONFIG that the caller does not give. Fails on what no backend knows.
Result<BackendOptions> all_settings(const SessionOptions& options);

}  // namespace nacre
