// NFC: canonical composition.
#include "text/component.h"
#include "text/normal_forms.h"

namespace nacre {
namespace {

class Nfc final : public Normalizer {
 public:
  void apply(Normalized& text) const override { to_normal_form(text, NormalForm::nfc); }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Nfc>(); }

}  // namespace

extern const NormalizerType normalizer_nfc;
const NormalizerType normalizer_nfc{.type = "NFC", .load = load};

}  // namespace nacre
