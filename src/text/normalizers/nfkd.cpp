// NFKD: compatibility decomposition.
#include "text/component.h"
#include "text/normal_forms.h"

namespace nacre {
namespace {

class Nfkd final : public Normalizer {
 public:
  void apply(Normalized& text) const override { to_normal_form(text, NormalForm::nfkd); }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Nfkd>(); }

}  // namespace

extern const NormalizerType normalizer_nfkd;
const NormalizerType normalizer_nfkd{.type = "NFKD", .load = load};

}  // namespace nacre
