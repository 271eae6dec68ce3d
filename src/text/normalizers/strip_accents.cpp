// StripAccents: combining marks go. Composed letters keep theirs, so a decomposing form usually stands before it.
#include "text/component.h"
#include "text/normal_forms.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class StripAccents final : public Normalizer {
 public:
  void apply(Normalized& text) const override { drop_codes(text, is_combining_mark); }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<StripAccents>(); }

}  // namespace

extern const NormalizerType normalizer_strip_accents;
const NormalizerType normalizer_strip_accents{.type = "StripAccents", .load = load};

}  // namespace nacre
