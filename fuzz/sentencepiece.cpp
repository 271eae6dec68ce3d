// SentencePiece: two bytes say how long the model is, the rest is text. What loads encodes, with offsets inside the text, and
// decodes.
#include <algorithm>
#include <cstdlib>

#include "text/tokenizer.h"
#include "text/unicode.h"

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t length = std::min<size_t>(size - 2, data[0] << 8 | data[1]);
  const auto tokenizer = Tokenizer::parse_sentencepiece(std::as_bytes(std::span(data + 2, length)));
  if (!tokenizer) return 0;
  const std::string text =
      replace_invalid_utf8({reinterpret_cast<const char*>(data + 2 + length), std::min<size_t>(size - 2 - length, 4096)});
  const auto encoding = tokenizer->encode(text);
  if (!encoding) return 0;  // a charsmap may ask for more text than there may be
  for (const ByteRange& range : encoding->byte_offsets)
    if (range.begin > range.end || range.end > text.size()) std::abort();
  (void)tokenizer->decode(encoding->ids);
  return 0;
}
