// CharDelimiterSplit: words end at one character, which goes.
#include "text/splitting.h"

namespace nacre {
namespace {

class CharDelimiterSplit final : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(char32_t delimiter) : delimiter_(delimiter) {}
  void split(Section& section) const override {
    split_at_characters(section, SplitBehavior::removed, [this](char32_t code) { return code == delimiter_; });
  }

 private:
  char32_t delimiter_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  const std::string_view delimiter = NACRE_TRY(json.text("delimiter"));
  if (count_codes(delimiter) != 1)
    return fail(ErrorCode::invalid_argument, json.path(), ".delimiter: expected one character, found ", json_quoted(delimiter));
  const char* at = delimiter.data();
  return std::make_unique<CharDelimiterSplit>(next_code(at));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_char_delimiter_split;
const PreTokenizerType pre_tokenizer_char_delimiter_split{.type = "CharDelimiterSplit", .load = load};

}  // namespace nacre
