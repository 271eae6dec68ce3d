// Nmt: what machine translation corpora have to lose: control characters go, odd white space becomes a space.
// https://github.com/google/sentencepiece/blob/master/src/builder.cc, BuildNmtNFKCMap
#include "text/component.h"
#include "text/rewrite.h"
#include "text/unicode.h"

namespace nacre {
namespace {

bool is_dropped(char32_t code) {
  return (code >= 0x1 && code <= 0x8) || code == 0xB || (code >= 0xE && code <= 0x1F) || code == 0x7F || code == 0x8F || code == 0x9F;
}

bool becomes_space(char32_t code) {
  switch (code) {
    case 0x9:
    case 0xA:
    case 0xC:
    case 0xD:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x2581:
    case 0xFEFF:
    case 0xFFFD: return true;
    default: return code >= 0x200B && code <= 0x200F;
  }
}

class Nmt final : public Normalizer {
 public:
  void apply(Normalized& text) const override {
    rewrite_each(text, [](Rewrite& out, char32_t code, ByteRange range) {
      if (is_dropped(code)) return;
      if (becomes_space(code)) return out.put(U' ', range);
      out.keep(range.begin, range.end);
    });
  }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Nmt>(); }

}  // namespace

extern const NormalizerType normalizer_nmt;
const NormalizerType normalizer_nmt{.type = "Nmt", .load = load};

}  // namespace nacre
