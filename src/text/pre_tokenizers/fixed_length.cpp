// FixedLength: words of so many characters, the last one of what is left.
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class FixedLength final : public PreTokenizer {
 public:
  explicit FixedLength(uint64_t length) : length_(length) {}

  void split(Section& section) const override {
    section.next_words.clear();
    for (const ByteRange& word : section.words) split_word(section.text.text(), word, section.next_words);
    std::swap(section.words, section.next_words);
  }

 private:
  void split_word(std::string_view text, ByteRange word, std::vector<ByteRange>& out) const {
    uint64_t codes = 0;
    uint32_t begin = word.begin;
    for (uint32_t at = word.begin; at < word.end; ++at) {
      if (!starts_code(text[at]) || codes++ < length_) continue;
      out.push_back({begin, at});
      begin = at;
      codes = 1;
    }
    out.push_back({begin, word.end});
  }
  uint64_t length_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  const int64_t length = NACRE_TRY(json.integer("length", 5));
  if (length < 1) return fail(ErrorCode::invalid_argument, json.path(), ".length: expected at least 1, found ", length);
  return std::make_unique<FixedLength>(static_cast<uint64_t>(length));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_fixed_length;
const PreTokenizerType pre_tokenizer_fixed_length{.type = "FixedLength", .load = load};

}  // namespace nacre
