// Punctuation: words end at punctuation characters, ASCII's symbols among them.
#include "text/splitting.h"

namespace nacre {
namespace {

class Punctuation final : public PreTokenizer {
 public:
  explicit Punctuation(SplitBehavior behavior) : behavior_(behavior) {}
  void split(Section& section) const override {
    split_at_characters(section, behavior_, [](char32_t code) { return has_class(code, CharClass::punctuation); });
  }

 private:
  SplitBehavior behavior_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  return std::make_unique<Punctuation>(NACRE_TRY(load_behavior(json, SplitBehavior::isolated)));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_punctuation;
const PreTokenizerType pre_tokenizer_punctuation{.type = "Punctuation", .load = load};

}  // namespace nacre
