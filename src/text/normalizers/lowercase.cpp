// Lowercase: every code point by itself, so that a final sigma is a plain one.
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class Lowercase final : public Normalizer {
 public:
  void apply(Normalized& text) const override {
    Rewrite rewrite(text);
    const std::string_view present = text.text();
    const char* const start = present.data();
    for (const char* at = start; at < start + present.size();) {
      const auto begin = static_cast<uint32_t>(at - start);
      const char32_t code = next_code(at);
      const auto end = static_cast<uint32_t>(at - start);
      if (code < 0x80 ? code - 'A' >= 26 : !has_class(code, CharClass::changes)) {
        rewrite.keep(begin, end);
        continue;
      }
      char32_t lowered[kMostCodes];
      const int count = lower_case(code, lowered);
      for (int i = 0; i < count; ++i) rewrite.put(lowered[i], {begin, end});
    }
    rewrite.finish();
  }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Lowercase>(); }

}  // namespace

extern const NormalizerType normalizer_lowercase;
const NormalizerType normalizer_lowercase{.type = "Lowercase", .load = load};

}  // namespace nacre
