#include "text/decoding.h"

#include <array>
#include <charconv>
#include <utility>

#include "text/unicode.h"

namespace nacre {
namespace {

// The reference's list, in its order: https://github.com/huggingface/tokenizers, decoders/wordpiece.rs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kCleanups{{{" .", "."},
                                                                                   {" ?", "?"},
                                                                                   {" !", "!"},
                                                                                   {" ,", ","},
                                                                                   {" ' ", "'"},
                                                                                   {" n't", "n't"},
                                                                                   {" 'm", "'m"},
                                                                                   {" do not", " don't"},
                                                                                   {" 's", "'s"},
                                                                                   {" 've", "'ve"},
                                                                                   {" 're", "'re"}}};

std::string surrounded(std::string_view text, std::string_view by) {
  std::string out(by);
  for (size_t at = 0; at < text.size() && out.size() <= kMostDecodedBytes;) {
    do out += text[at++];
    while (at < text.size() && !starts_code(text[at]));
    out += by;
  }
  return out;
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) {
    text = surrounded(text, to);
    return;
  }
  size_t found = text.find(from);
  if (found == text.npos) return;
  std::string out;
  size_t done = 0;
  for (; found != text.npos && out.size() <= kMostDecodedBytes; found = text.find(from, done)) {
    out.append(text, done, found - done).append(to);
    done = found + from.size();
  }
  text = std::move(out.append(text, done));
}

void clean_up(std::string& text) {
  for (const auto& [from, to] : kCleanups) replace_all(text, from, to);
}

std::optional<uint8_t> byte_of_token(std::string_view token) noexcept {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const char* const begin = token.data() + 3 + (token[3] == '+');  // the reference's parser takes a sign
  uint8_t byte = 0;
  const auto [end, error] = std::from_chars(begin, token.data() + 5, byte, 16);
  return error == std::errc() && end == token.data() + 5 ? std::optional(byte) : std::nullopt;
}

}  // namespace nacre
