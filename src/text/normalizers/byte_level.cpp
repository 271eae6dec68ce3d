// ByteLevel: every byte becomes the character that stands for it.
#include "text/byte_level.h"

#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class ByteLevelNormalizer final : public Normalizer {
 public:
  void apply(Normalized& text) const override {
    Rewrite rewrite(text);
    const std::string_view present = text.text();
    const char* const start = present.data();
    for (const char* at = start; at < start + present.size();) {
      const char* const from = at;
      next_code(at);
      const ByteRange range{static_cast<uint32_t>(from - start), static_cast<uint32_t>(at - start)};
      for (const char* byte = from; byte < at; ++byte) rewrite.put(byte_token(static_cast<uint8_t>(*byte)), range);
    }
    rewrite.finish();
  }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<ByteLevelNormalizer>(); }

}  // namespace

extern const NormalizerType normalizer_byte_level;
const NormalizerType normalizer_byte_level{.type = "ByteLevel", .load = load};

}  // namespace nacre
