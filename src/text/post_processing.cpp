#include "text/post_processing.h"

#include <algorithm>

#include "io/json.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr char32_t kSpace = 0x120;  // the byte-level character of a space

bool is_space(char32_t code) { return code == kSpace || has_class(code, CharClass::whitespace); }

uint32_t leading_spaces(std::string_view token) {
  uint32_t out = 0;
  const char* const end = token.data() + token.size();
  for (const char* at = token.data(); at < end && is_space(next_code(at));) ++out;
  return out;
}

uint32_t trailing_spaces(std::string_view token) {
  uint32_t out = 0;
  while (!token.empty() && is_space(code_before(token, token.size()))) {
    ++out;
    do token.remove_suffix(1);
    while (!token.empty() && !starts_code(token.data()[token.size()]));
  }
  return out;
}

// As the reference counts: one character of the text for each character of the token.
void trim(ByteRange& range, uint32_t leading, uint32_t trailing, bool first, bool prefixed) {
  if (leading > 0) {
    if (prefixed && leading == 1 && (first || range.begin == 0)) leading = 0;  // more than one: encoding added none
    range.begin = std::min(range.begin + leading, range.end);
  }
  if (trailing > 0 && range.end >= trailing) range.end = std::max(range.end - trailing, range.begin);
}

/// What goes from the characters goes from the bytes. A space that encoding has put there may have taken a longer character with it.
void trim_bytes(ByteRange& bytes, ByteRange before, ByteRange after) {
  if (after.size() > 0) {
    bytes = {bytes.begin + (after.begin - before.begin), bytes.end - (before.end - after.end)};
  } else if (after.begin == before.end) {
    bytes.begin = bytes.end;
  } else {
    bytes.end = bytes.begin += after.begin - before.begin;
  }
}

}  // namespace

Result<SpecialToken> load_special_token(const Json& json) {
  const std::string_view content = NACRE_TRY(NACRE_TRY(json.at(0)).text());
  const int64_t id = NACRE_TRY(NACRE_TRY(json.at(1)).integer());
  if (id < 0 || id > UINT32_MAX) return fail(ErrorCode::invalid_argument, json.path(), "[1]: no id: ", id);
  return SpecialToken{std::string(content), static_cast<uint32_t>(id)};
}

void surround(Encoding& encoding, const SpecialToken* before, const SpecialToken& behind, uint32_t sequence, uint32_t type_id) {
  for (Encoding& rest : encoding.overflow) surround(rest, before, behind, sequence, type_id);
  std::vector<Encoding> overflow = std::move(encoding.overflow);
  Encoding out;
  out.reserve(encoding.size() + 2);
  if (before) out.push_special(before->id, before->content, type_id);
  encoding.overflow.clear();
  encoding.sequence_ranges.clear();
  std::fill(encoding.special_tokens_mask.begin(), encoding.special_tokens_mask.end(), uint8_t{0});  // what an earlier step has put there
  out.append(encoding);
  out.push_special(behind.id, behind.content, type_id);
  out.set_sequence(sequence, {before ? 1u : 0u, static_cast<uint32_t>(out.size() - 1)});
  out.overflow = std::move(overflow);
  encoding = std::move(out);
}

void trim_offsets(Encoding& encoding, bool prefixed) {
  for (Encoding& rest : encoding.overflow) trim_offsets(rest, prefixed);
  for (size_t i = 0; i < encoding.size(); ++i) {
    const uint32_t leading = leading_spaces(encoding.tokens[i]), trailing = trailing_spaces(encoding.tokens[i]);
    if (leading == 0 && trailing == 0) continue;
    const ByteRange before = encoding.offsets[i];
    trim(encoding.offsets[i], leading, trailing, i == 0, prefixed);
    trim_bytes(encoding.byte_offsets[i], before, encoding.offsets[i]);
  }
}

}  // namespace nacre
