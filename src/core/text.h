// cat("rank ", 3, " of ", shape): builds message strings without a formatting library.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>

#include "nacre/tensor.h"

namespace nacre {

void append(std::string& out, double value);  // shortest form that reads back
inline void append(std::string& out, std::string_view value) { out += value; }
inline void append(std::string& out, const char* value) { out += value; }
inline void append(std::string& out, char value) { out += value; }
inline void append(std::string& out, bool value) { out += value ? "true" : "false"; }
inline void append(std::string& out, DType value) { out += to_string(value); }
inline void append(std::string& out, const Shape& value) { out += to_string(value); }
inline void append(std::string& out, std::span<const int64_t> value) { out += to_string(value); }
template <std::integral T>
void append(std::string& out, T value) {
  out += std::to_string(value);
}

template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

/// "float32[2,7]": how messages name a tensor.
std::string describe(const Tensor& tensor);

}  // namespace nacre
