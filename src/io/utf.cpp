#include "io/utf.h"

#include <cstdint>

namespace nacre {
namespace {

bool is_letter(char32_t letter) { return letter < 0xd800 || (letter > 0xdfff && letter <= 0x10ffff); }

/// Number of bytes that follow a first byte, -1 for one that cannot come first.
int followers(unsigned char first) {
  return first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
}

}  // namespace

std::optional<std::u32string> utf32_from_utf8(std::string_view text) {
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};  // of each length; less is an overlong spelling
  std::u32string out;
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at++]);
    const int more = followers(first);
    if (more < 0 || static_cast<size_t>(more) > text.size() - at) return std::nullopt;
    char32_t letter = more == 0 ? first : first & (0x3fu >> more);
    for (int i = 0; i < more; ++i, ++at) {
      const auto next = static_cast<unsigned char>(text[at]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      letter = letter << 6 | (next & 0x3fu);
    }
    if (letter < smallest[more] || !is_letter(letter)) return std::nullopt;
    out += letter;
  }
  return out;
}

bool append_utf8(std::string& out, char32_t letter) {
  if (!is_letter(letter)) return false;
  const int more = letter < 0x80 ? 0 : letter < 0x800 ? 1 : letter < 0x10000 ? 2 : 3;
  constexpr unsigned char marks[] = {0x00, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(marks[more] | letter >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (letter >> (6 * i) & 0x3f));
  return true;
}

}  // namespace nacre
