// UTF-8, and the character classes that tokenizers ask for, as the reference tokenizers see them.
//
//     if (auto bad = find_invalid_utf8(text)) return fail(ErrorCode::invalid_argument, "not UTF-8 at byte ", *bad);
//     for (const char* at = text.data(); at < text.data() + text.size();) {
//       const char32_t code = next_code(at);
//       if (has_class(code, CharClass::punctuation)) ...
//     }
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

/// The byte where the first ill-formed sequence starts.
std::optional<size_t> find_invalid_utf8(std::string_view text) noexcept;
/// U+FFFD for every maximal ill-formed subpart (Unicode 3.9, as WHATWG and CPython do). A byte order mark is kept.
std::string replace_invalid_utf8(std::string_view text);
bool is_ascii(std::string_view text) noexcept;
/// Writes one to four bytes; how many.
int encode_utf8(char32_t code, char* out) noexcept;
/// Code points in well-formed text.
size_t count_codes(std::string_view text) noexcept;

/// The code point at `at`, which is moved behind it. The text must be well-formed.
inline char32_t next_code(const char*& at) noexcept {
  const auto byte = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return ++at, lead;
  if (lead < 0xE0) return at += 2, (lead & 0x1F) << 6 | (byte(-1) & 0x3F);
  if (lead < 0xF0) return at += 3, (lead & 0x0F) << 12 | (byte(-2) & 0x3F) << 6 | (byte(-1) & 0x3F);
  return at += 4, (lead & 0x07) << 18 | (byte(-3) & 0x3F) << 12 | (byte(-2) & 0x3F) << 6 | (byte(-1) & 0x3F);
}
inline bool starts_code(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// Bits of a code point's class.
struct CharClass {
  static constexpr uint8_t whitespace = 1;   ///< White_Space
  static constexpr uint8_t other = 2;        ///< Cc, Cf, Cs, Co
  static constexpr uint8_t mark = 4;         ///< Mn
  static constexpr uint8_t punctuation = 8;  ///< P*, and all of ASCII that is neither letter, digit, space nor control
  static constexpr uint8_t ideograph = 16;   ///< what BERT sets spaces around
  static constexpr uint8_t changes = 32;     ///< by lower-casing or decomposing
  static constexpr uint8_t reorders = 64;    ///< has a combining class, and is no mark
  static constexpr uint8_t word = 128;       ///< \w of Unicode's regular expressions
};
uint8_t char_class(char32_t code) noexcept;
inline bool has_class(char32_t code, uint8_t bits) noexcept { return (char_class(code) & bits) != 0; }

/// The code point that ends at byte `end`, which is not 0.
char32_t code_before(std::string_view text, size_t end) noexcept;
/// Where the white space that starts at `from` ends, and where the white space that ends at `from` starts, not before `least`.
uint32_t skip_space(std::string_view text, uint32_t from) noexcept;
uint32_t skip_space_back(std::string_view text, uint32_t from, uint32_t least) noexcept;

/// Bytes of the first extended grapheme cluster (UAX #29) of a text that is not empty.
size_t first_grapheme(std::string_view text) noexcept;

/// Up to this many code points come from one.
inline constexpr int kMostCodes = 18;
/// Full lower case without context (a sigma stays one); the count of code points written.
int lower_case(char32_t code, char32_t* out) noexcept;
/// Full canonical decomposition (NFD) of one code point, in canonical order; the count written.
int decompose(char32_t code, char32_t* out) noexcept;
/// The same with compatibility mappings (NFKD).
int decompose_compatible(char32_t code, char32_t* out) noexcept;
/// The primary composite of two code points; 0 when there is none.
char32_t compose(char32_t first, char32_t second) noexcept;
int combining_class(char32_t code) noexcept;
/// A normal form leaves a text of such code points as it is.
bool stays_alone(char32_t code, bool composing, bool compatible) noexcept;
/// General category M.
bool is_combining_mark(char32_t code) noexcept;

}  // namespace nacre
