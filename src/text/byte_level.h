// GPT-2's characters for bytes: printable Latin-1 stands for itself, the other 68 bytes follow from U+0100 on.
// https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode
//
//     char32_t code = byte_character(' ');                     // U+0120, "Ġ"
//     std::optional<uint8_t> byte = character_byte(U'Ġ');      // 0x20
//     std::string token = bytes_to_characters("Ein Ü");        // "EinĠÃľ"
//     std::string bytes = characters_to_bytes(token);          // none when a character stands for no byte
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

char32_t byte_character(uint8_t byte) noexcept;
std::optional<uint8_t> character_byte(char32_t code) noexcept;
/// The character of a byte as UTF-8: one byte or two.
std::string_view byte_token(uint8_t byte) noexcept;
std::string bytes_to_characters(std::string_view bytes);
std::optional<std::string> characters_to_bytes(std::string_view characters);

}  // namespace nacre
