// ByteLevel: words by GPT-2's expression, and every byte becomes a character that can be seen. The latter is only noted
// (Section::bytes_as_characters): models of bytes need no rewritten text.
// https://github.com/openai/gpt-2/blob/master/src/encoder.py
#include "text/component.h"
#include "text/word_pattern.h"

namespace nacre {
namespace {

void add_spaces(Section& section) {
  const std::string_view text = section.text.text();
  const auto misses = [&](ByteRange word) { return text[word.begin] != ' '; };
  if (std::none_of(section.words.begin(), section.words.end(), misses)) return;
  section.next_words.clear();
  Rewrite rewrite(section.text);
  uint32_t written = 0;
  for (const ByteRange word : section.words) {
    const bool added = misses(word);
    uint32_t first = word.begin + 1;  // the end of its first character
    while (first < word.end && !starts_code(text[first])) ++first;
    if (added) rewrite.put(U' ', {word.begin, first});
    rewrite.keep(word.begin, word.end);
    section.next_words.push_back({written, written + added + word.size()});
    written += added + word.size();
  }
  rewrite.finish();
  std::swap(section.words, section.next_words);
}

class ByteLevel final : public PreTokenizer {
 public:
  ByteLevel(std::optional<WordPattern> pattern, bool add_space) : pattern_(std::move(pattern)), add_space_(add_space) {}

  void split(Section& section) const override {
    if (add_space_) add_spaces(section);
    if (pattern_) pattern_->split(section, SplitBehavior::isolated, false);
    section.bytes_as_characters = true;
  }

 private:
  std::optional<WordPattern> pattern_;
  bool add_space_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  std::optional<WordPattern> pattern;
  if (NACRE_TRY(json.boolean("use_regex", true))) pattern = NACRE_TRY(WordPattern::regex(WordPattern::kGpt2));
  return std::make_unique<ByteLevel>(std::move(pattern), NACRE_TRY(json.boolean("add_prefix_space", true)));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_byte_level;
const PreTokenizerType pre_tokenizer_byte_level{.type = "ByteLevel", .load = load};

}  // namespace nacre
