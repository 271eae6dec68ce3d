// What the library has to say beside results and errors goes to one sink, which the application sets. Default: nowhere.
//
//     set_log_sink([](LogLevel, std::string_view text, void* file) { fputs(std::string(text).c_str(), static_cast<FILE*>(file)); },
//     stderr); log_message(LogLevel::warning, "value_info of \"", name, "\" says ", declared, ", inferred ", inferred);
//
#pragma once

#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace nacre {

enum class LogLevel : uint8_t { debug, info, warning, error };
std::string_view to_string(LogLevel level) noexcept;

/// Called from any thread, one call at a time; must not log itself.
using LogSink = void (*)(LogLevel level, std::string_view text, void* state);
/// Replaces the sink (null: nowhere) and returns when the old one is called no more. NACRE_LOG sets the lowest level.
void set_log_sink(LogSink sink, void* state = nullptr, LogLevel lowest = LogLevel::warning);
bool log_wants(LogLevel level) noexcept;
void log_text(LogLevel level, std::string_view text);

/// Builds the text only when somebody listens.
template <class... Parts>
void log_message(LogLevel level, const Parts&... parts) {
  if (log_wants(level)) log_text(level, cat(parts...));
}

}  // namespace nacre
