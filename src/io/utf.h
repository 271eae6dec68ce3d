// UTF-8 to code points and back, for formats that store them in 32 bits.
//
//     std::optional<std::u32string> wide = utf32_from_utf8("grüße");     // empty when the bytes are not UTF-8
//     bool valid = append_utf8(out, U'ß');                               // false for surrogates and beyond U+10FFFF
//
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nacre {

std::optional<std::u32string> utf32_from_utf8(std::string_view text);
bool append_utf8(std::string& out, char32_t letter);

}  // namespace nacre
