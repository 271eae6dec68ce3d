// NFKC: compatibility composition.
#include "text/component.h"
#include "text/normal_forms.h"

namespace nacre {
namespace {

class Nfkc final : public Normalizer {
 public:
  void apply(Normalized& text) const override { to_normal_form(text, NormalForm::nfkc); }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Nfkc>(); }

}  // namespace

extern const NormalizerType normalizer_nfkc;
const NormalizerType normalizer_nfkc{.type = "NFKC", .load = load};

}  // namespace nacre
