#include "io/base64.h"

#include <array>
#include <cstdint>

namespace nacre {
namespace {

constexpr int8_t kNone = -1;

constexpr std::array<int8_t, 256> make_values() {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<int8_t, 256> out{};
  out.fill(kNone);
  for (size_t i = 0; i < alphabet.size(); ++i) out[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return out;
}

constexpr std::array<int8_t, 256> kValues = make_values();

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::invalid_argument, "base64: ", text.size(), " characters, no multiple of four");
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const size_t digits = text.size() - padding;
  std::string out;
  out.reserve(digits * 3 / 4);
  uint32_t bits = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int8_t value = kValues[static_cast<unsigned char>(text[i])];
    if (value == kNone) return fail(ErrorCode::invalid_argument, "base64: character ", i, " is none of the alphabet");
    bits = bits << 6 | static_cast<uint32_t>(value);
    const size_t place = i % 4;
    if (place > 0) out += static_cast<char>(bits >> (6 - 2 * place) & 0xFF);
  }
  return out;
}

}  // namespace nacre
