// The environment variables the library reads: all of them, in one table that `nacre doctor` lists.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace nacre {

enum class Knob : uint8_t { threads, isa, backend, cache_dir, log, memory_limit, config, disable, onnxruntime, cache_limit };

struct KnobRow {
  Knob knob;
  std::string_view variable, default_text, help;
};
std::span<const KnobRow> knobs() noexcept;
const KnobRow& row_of(Knob knob) noexcept;

/// The variable's value now; none when unset or empty.
std::optional<std::string> knob_text(Knob knob);
/// The same as a whole number; fails (invalid_argument) naming the variable when it is none, or outside [least, most].
Result<std::optional<int64_t>> knob_integer(Knob knob, int64_t least = 0, int64_t most = INT64_MAX);

}  // namespace nacre
