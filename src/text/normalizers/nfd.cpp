// NFD: canonical decomposition.
#include "text/component.h"
#include "text/normal_forms.h"

namespace nacre {
namespace {

class Nfd final : public Normalizer {
 public:
  void apply(Normalized& text) const override { to_normal_form(text, NormalForm::nfd); }
};

Result<std::unique_ptr<const Normalizer>> load(const Json&) { return std::make_unique<Nfd>(); }

}  // namespace

extern const NormalizerType normalizer_nfd;
const NormalizerType normalizer_nfd{.type = "NFD", .load = load};

}  // namespace nacre
