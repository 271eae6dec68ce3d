// BertPreTokenizer: words end at white space, which goes, and every punctuation character is a word of its own.
#include <array>

#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr uint8_t kBreaks = CharClass::whitespace | CharClass::punctuation;

std::array<uint8_t, 128> ascii_classes() {
  std::array<uint8_t, 128> out{};
  for (char32_t code = 0; code < 128; ++code) out[code] = char_class(code) & kBreaks;
  return out;
}

void split_word(std::string_view text, ByteRange word, const std::array<uint8_t, 128>& ascii, std::vector<ByteRange>& out) {
  const char* const start = text.data();
  const char* const end = start + word.end;
  uint32_t begin = word.begin;
  for (const char* at = start + word.begin; at < end;) {
    const auto here = static_cast<uint32_t>(at - start);
    const char32_t code = next_code(at);
    const uint8_t classes = code < 0x80 ? ascii[code] : char_class(code) & kBreaks;
    if (!classes) continue;
    const auto after = static_cast<uint32_t>(at - start);
    if (begin < here) out.push_back({begin, here});
    if (classes & CharClass::punctuation) out.push_back({here, after});
    begin = after;
  }
  if (begin < word.end) out.push_back({begin, word.end});
}

class BertPreTokenizer final : public PreTokenizer {
 public:
  void split(Section& section) const override {
    section.next_words.clear();
    for (const ByteRange& word : section.words) split_word(section.text.text(), word, ascii_, section.next_words);
    std::swap(section.words, section.next_words);
  }

 private:
  std::array<uint8_t, 128> ascii_ = ascii_classes();
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json&) { return std::make_unique<BertPreTokenizer>(); }

}  // namespace

extern const PreTokenizerType pre_tokenizer_bert;
const PreTokenizerType pre_tokenizer_bert{.type = "BertPreTokenizer", .load = load};

}  // namespace nacre
