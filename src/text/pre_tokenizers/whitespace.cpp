// Whitespace: words are \w+ and [^\w\s]+ in the sense of Unicode's regular expressions (UTS #18); the rest goes.
#include "text/splitting.h"

namespace nacre {
namespace {

constexpr uint8_t kKinds = CharClass::word | CharClass::whitespace;

void split_word(std::string_view text, ByteRange word, std::vector<ByteRange>& out) {
  const char* const start = text.data();
  uint32_t begin = word.begin;
  uint8_t last = CharClass::whitespace;
  for (const char* at = start + word.begin; at < start + word.end;) {
    const auto here = static_cast<uint32_t>(at - start);
    const uint8_t kind = char_class(next_code(at)) & kKinds;
    if (kind == last) continue;
    if (last != CharClass::whitespace) out.push_back({begin, here});
    begin = here;
    last = kind;
  }
  if (last != CharClass::whitespace && begin < word.end) out.push_back({begin, word.end});
}

class Whitespace final : public PreTokenizer {
 public:
  void split(Section& section) const override {
    section.next_words.clear();
    for (const ByteRange& word : section.words) split_word(section.text.text(), word, section.next_words);
    std::swap(section.words, section.next_words);
  }
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json&) { return std::make_unique<Whitespace>(); }

}  // namespace

extern const PreTokenizerType pre_tokenizer_whitespace;
const PreTokenizerType pre_tokenizer_whitespace{.type = "Whitespace", .load = load};

}  // namespace nacre
