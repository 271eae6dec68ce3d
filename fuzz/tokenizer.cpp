// Tokenizers: the bytes up to the first zero byte are a tokenizer.json, the rest is text. Loading ends in a tokenizer or an error;
// what encodes has offsets inside the text, and decodes, at once and step by step.
#include "text/tokenizer.h"

#include <algorithm>
#include <cstdlib>

#include "text/decode_stream.h"
#include "text/unicode.h"

using namespace nacre;

namespace {

constexpr size_t kMostText = 4096;  // files may ask for work that grows with the text times their own size

void check(const Tokenizer& tokenizer, const Encoding& encoding, size_t size) {
  const size_t count = encoding.size();
  if (encoding.tokens.size() != count || encoding.offsets.size() != count || encoding.word_ids.size() != count) std::abort();
  for (const ByteRange& range : encoding.byte_offsets)
    if (range.begin > range.end || range.end > size) std::abort();
  (void)tokenizer.decode(encoding.ids);
  (void)tokenizer.decode(encoding.ids, false);
  DecodeStream stream(tokenizer);
  for (const uint32_t id : encoding.ids)
    if (!stream.step(id)) break;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(all.find('\0'), size);
  const auto tokenizer = Tokenizer::parse(all.substr(0, end));
  if (!tokenizer) return 0;
  const std::string_view text = all.substr(std::min(end + 1, size)).substr(0, kMostText);
  if (find_invalid_utf8(text)) {
    if (tokenizer->encode(text)) std::abort();
    EncodeOptions replacing;
    replacing.replace_invalid = true;
    (void)tokenizer->encode(text, replacing);
    return 0;
  }
  EncodeOptions cut;
  cut.truncation = Truncation{.max_length = 5, .stride = 1};
  cut.padding.emplace().multiple_of = 4;
  if (const auto encoding = tokenizer->encode(text)) check(*tokenizer, *encoding, text.size());
  (void)tokenizer->encode(text, text.substr(text.size()), cut);
  (void)tokenizer->encode_words({{text}, {}}, cut);
  return 0;
}
