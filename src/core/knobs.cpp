#include "core/knobs.h"

#include <charconv>
#include <cstdlib>

namespace nacre {
namespace {

// In the order of the enum.
constexpr KnobRow kKnobs[] = {
    {Knob::threads, "NACRE_THREADS", "the CPUs this process may use", "threads of the process-wide team, the caller's included"},
    {Knob::isa, "NACRE_ISA", "the best this CPU has",
     "highest instruction set for kernels: portable, avx2, avx512, avx512_vnni, amx; or neon"},
    {Knob::backend, "NACRE_BACKEND", "native",
     "backends in order of preference, BACKEND[:DEVICE[:INDEX]],... e.g. \"onnxruntime:cuda:1,native\", where the caller names none"},
    {Knob::cache_dir, "NACRE_CACHE_DIR", "none: nothing is kept",
     "absolute directory for packed weights, which later processes map instead of packing, and for what was learnt of other runtimes' "
     "libraries"},
    {Knob::log, "NACRE_LOG", "warning", "lowest level that reaches the log sink: debug, info, warning, error, off"},
    {Knob::memory_limit, "NACRE_MEMORY_LIMIT", "none", "bytes one load or one run may take before it is refused"},
    {Knob::config, "NACRE_CONFIG", "none",
     "JSON file with \"backend\" and \"backend_options\", used where neither caller nor environment say"},
    {Knob::disable, "NACRE_DISABLE", "none", "backends and absolute library paths that are never touched, with commas"},
    {Knob::onnxruntime, "NACRE_ONNXRUNTIME", "where it usually is", "ONNX Runtime's library, or the folder that has it"},
    {Knob::cache_limit, "NACRE_CACHE_LIMIT", "4 GiB", "bytes of packed weights in NACRE_CACHE_DIR; those used longest ago make room"},
};

}  // namespace

std::span<const KnobRow> knobs() noexcept { return kKnobs; }
const KnobRow& row_of(Knob knob) noexcept { return kKnobs[static_cast<size_t>(knob)]; }

std::optional<std::string> knob_text(Knob knob) {
  const char* value = std::getenv(row_of(knob).variable.data());
  return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::optional<int64_t>> knob_integer(Knob knob, int64_t least, int64_t most) {
  const std::optional<std::string> text = knob_text(knob);
  if (!text) return std::optional<int64_t>();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < least || value > most)
    return fail(ErrorCode::invalid_argument, row_of(knob).variable, " is \"", *text, "\", not a whole number in [", least, ", ", most, "]");
  return std::optional<int64_t>(value);
}

}  // namespace nacre
