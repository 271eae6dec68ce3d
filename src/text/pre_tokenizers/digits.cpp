// Digits: numbers (N* of Unicode) are words of their own, whole or character by character.
#include "text/category.h"
#include "text/splitting.h"

namespace nacre {
namespace {

class Digits final : public PreTokenizer {
 public:
  explicit Digits(bool individual) : behavior_(individual ? SplitBehavior::isolated : SplitBehavior::contiguous) {}
  void split(Section& section) const override {
    split_at_characters(section, behavior_, [](char32_t code) { return in_category(code, Category::number); });
  }

 private:
  SplitBehavior behavior_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  return std::make_unique<Digits>(NACRE_TRY(json.boolean("individual_digits", false)));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_digits;
const PreTokenizerType pre_tokenizer_digits{.type = "Digits", .load = load};

}  // namespace nacre
