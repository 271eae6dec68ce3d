#include "core/log.h"

#include <atomic>
#include <mutex>
#include <optional>

#include "core/knobs.h"

namespace nacre {
namespace {

constexpr int kOff = 4;
constexpr std::string_view kNames[] = {"debug", "info", "warning", "error", "off"};

std::mutex sink_mutex;
LogSink current_sink = nullptr;
void* current_state = nullptr;
std::atomic<int> threshold{kOff};

int level_from_environment(LogLevel fallback) {
  const std::optional<std::string> text = knob_text(Knob::log);
  for (int level = 0; text && level <= kOff; ++level)
    if (*text == kNames[level]) return level;
  return static_cast<int>(fallback);
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept { return kNames[static_cast<size_t>(level)]; }

void set_log_sink(LogSink sink, void* state, LogLevel lowest) {
  const std::lock_guard lock(sink_mutex);
  current_sink = sink;
  current_state = state;
  threshold.store(sink ? level_from_environment(lowest) : kOff, std::memory_order_relaxed);
}

bool log_wants(LogLevel level) noexcept { return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed); }

void log_text(LogLevel level, std::string_view text) {
  const std::lock_guard lock(sink_mutex);
  if (current_sink && log_wants(level)) current_sink(level, text, current_state);
}

}  // namespace nacre
