// ByteLevel: every byte becomes the character that stands for it.
#include "text/byte_level.h"

#include "text/component.h"
#include "text/rewrite.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class ByteLevelNormalizer final : public Normalizer {
 public:
  void apply(Normalized& text) const override {
    const std::string_view present = text.text();
    rewrite_each(text, [present](Rewrite& out, char32_t, ByteRange range) {
      for (const char byte : present.substr(range.begin, range.size())) out.put(byte_token(static_cast<uint8_t>(byte)), range);
    });
  }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<ByteLevelNormalizer>(); }

}  // namespace

extern const NormalizerType normalizer_byte_level;
const NormalizerType normalizer_byte_level{.type = "ByteLevel", .load = load};

}  // namespace nacre
