// Sequence: one after the other.
#include "text/component.h"

namespace nacre {
namespace {

class NormalizerSequence final : public Normalizer {
 public:
  explicit NormalizerSequence(std::vector<std::unique_ptr<const Normalizer>> steps) : steps_(std::move(steps)) {}

  void apply(Normalized& text) const override {
    for (const auto& step : steps_) step->apply(text);
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> steps_;
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) {
  std::vector<std::unique_ptr<const Normalizer>> steps;
  for (const Json& step : NACRE_TRY(NACRE_TRY(json.at("normalizers")).elements())) steps.push_back(NACRE_TRY(load_normalizer(step)));
  return std::make_unique<NormalizerSequence>(std::move(steps));
}

}  // namespace

extern const NormalizerType normalizer_sequence;
const NormalizerType normalizer_sequence{.type = "Sequence", .load = load};

}  // namespace nacre
