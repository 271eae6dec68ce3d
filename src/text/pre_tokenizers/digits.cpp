// Digits: numbers (N* of Unicode) are words of their own, whole or character by character.
#include "text/category.h"
#include "text/splitting.h"

namespace nacre {
namespace {

// In Unicode 17, which Rust's own tables follow and its regular expressions do not.
bool is_number(char32_t code) noexcept {
  return in_category(code, Category::number) || (code >= 0x11DE0 && code <= 0x11DE9) || (code >= 0x16FF4 && code <= 0x16FF6);
}

class Digits final : public PreTokenizer {
 public:
  explicit Digits(bool individual) : behavior_(individual ? SplitBehavior::isolated : SplitBehavior::contiguous) {}
  void split(Section& section) const override { split_at_characters(section, behavior_, is_number); }

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
