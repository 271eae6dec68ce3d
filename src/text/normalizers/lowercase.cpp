// Lowercase: every code point by itself, so that a final sigma is a plain one.
#include "text/component.h"
#include "text/rewrite.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class Lowercase final : public Normalizer {
 public:
  void apply(Normalized& text) const override {
    rewrite_each(text, [](Rewrite& out, char32_t code, ByteRange range) {
      if (code < 0x80 ? code - 'A' >= 26 : !has_class(code, CharClass::changes)) return out.keep(range.begin, range.end);
      char32_t lowered[kMostCodes];
      const int count = lower_case(code, lowered);
      for (int i = 0; i < count; ++i) out.put(lowered[i], range);
    });
  }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Lowercase>(); }

}  // namespace

extern const NormalizerType normalizer_lowercase;
const NormalizerType normalizer_lowercase{.type = "Lowercase", .load = load};

}  // namespace nacre
