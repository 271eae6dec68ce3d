#include "text/byte_level.h"

#include <array>

#include "text/unicode.h"

namespace nacre {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr char32_t kFirstMoved = 0x100, kEnd = 0x144;  // 68 bytes are moved

struct Tables {
  std::array<char32_t, 256> characters{};
  std::array<int16_t, kEnd> bytes{};
  std::array<std::array<char, 2>, 256> tokens{};
};

constexpr Tables make_tables() {
  Tables out;
  out.bytes.fill(-1);
  char32_t moved = kFirstMoved;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t code = stands_for_itself(byte) ? char32_t{byte} : moved++;
    out.characters[byte] = code;
    out.bytes[code] = static_cast<int16_t>(byte);
    out.tokens[byte] = {static_cast<char>(code < 0x80 ? code : 0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  }
  return out;
}

constexpr Tables kTables = make_tables();

}  // namespace

char32_t byte_character(uint8_t byte) noexcept { return kTables.characters[byte]; }

std::optional<uint8_t> character_byte(char32_t code) noexcept {
  if (code >= kEnd || kTables.bytes[code] < 0) return std::nullopt;
  return static_cast<uint8_t>(kTables.bytes[code]);
}

std::string_view byte_token(uint8_t byte) noexcept {
  return {kTables.tokens[byte].data(), size_t{kTables.characters[byte] < 0x80 ? 1u : 2u}};
}

std::string bytes_to_characters(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) out += byte_token(static_cast<uint8_t>(byte));
  return out;
}

std::optional<std::string> characters_to_bytes(std::string_view characters) {
  std::string out;
  const char* const end = characters.data() + characters.size();
  for (const char* at = characters.data(); at < end;) {
    const auto byte = character_byte(next_code(at));
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
  }
  return out;
}

}  // namespace nacre
