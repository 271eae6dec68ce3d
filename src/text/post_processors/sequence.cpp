// Sequence: one after the other.
#include "text/component.h"

namespace nacre {
namespace {

class PostProcessorSequence final : public PostProcessor {
 public:
  explicit PostProcessorSequence(std::vector<std::unique_ptr<const PostProcessor>> steps) : steps_(std::move(steps)) {}

  size_t added(bool pair) const override {
    size_t out = 0;
    for (const auto& step : steps_) out += step->added(pair);
    return out;
  }

  Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const override {
    for (const auto& step : steps_) NACRE_TRY(step->apply(encodings, add_special_tokens));
    return {};
  }

 private:
  std::vector<std::unique_ptr<const PostProcessor>> steps_;
};

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  std::vector<std::unique_ptr<const PostProcessor>> steps;
  for (const Json& step : NACRE_TRY(NACRE_TRY(json.at("processors")).elements())) steps.push_back(NACRE_TRY(load_post_processor(step)));
  return std::make_unique<PostProcessorSequence>(std::move(steps));
}

}  // namespace

extern const PostProcessorType post_processor_sequence;
const PostProcessorType post_processor_sequence{.type = "Sequence", .load = load};

}  // namespace nacre
