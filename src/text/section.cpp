#include "text/byte_level.h"
#include "text/component.h"

namespace nacre {

void Section::write_characters() {
  if (!bytes_as_characters) return;
  bytes_as_characters = false;
  next_words.clear();
  Rewrite rewrite(text);
  uint32_t written = 0;
  for (const ByteRange& word : words) {
    const uint32_t begin = written;
    for (uint32_t at = word.begin; at < word.end; ++at) {
      const std::string_view character = byte_token(static_cast<uint8_t>(text.text()[at]));
      rewrite.put(character, {at, at + 1});
      written += static_cast<uint32_t>(character.size());
    }
    next_words.push_back({begin, written});
  }
  rewrite.finish();
  std::swap(words, next_words);
}

}  // namespace nacre
