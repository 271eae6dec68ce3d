// WhitespaceSplit: words end at white space, which goes.
#include "text/splitting.h"

namespace nacre {
namespace {

class WhitespaceSplit final : public PreTokenizer {
 public:
  void split(Section& section) const override {
    split_at_characters(section, SplitBehavior::removed, [](char32_t code) { return has_class(code, CharClass::whitespace); });
  }
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json&) { return std::make_unique<WhitespaceSplit>(); }

}  // namespace

extern const PreTokenizerType pre_tokenizer_whitespace_split;
const PreTokenizerType pre_tokenizer_whitespace_split{.type = "WhitespaceSplit", .load = load};

}  // namespace nacre
