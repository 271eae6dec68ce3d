// What several decoders share.
//
//     replace_all(text, "\u2581", " ");
//     clean_up(text);                                     // "do n't , please" -> "don't, please"
//     std::optional<uint8_t> byte = byte_of_token("<0x41>");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

/// A file's decoders may ask for texts of any size: beyond this they replace nothing more.
inline constexpr size_t kMostDecodedBytes = size_t{64} << 20;

/// An empty `from` is found around every code point.
void replace_all(std::string& text, std::string_view from, std::string_view to);
/// Takes back the spaces that English tokenisation put before punctuation and clitics.
void clean_up(std::string& text);
/// The byte that a token of byte fallback stands for.
std::optional<uint8_t> byte_of_token(std::string_view token) noexcept;

}  // namespace nacre
