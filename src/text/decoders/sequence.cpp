// Sequence: one after the other.
#include "text/component.h"

namespace nacre {
namespace {

class DecoderSequence final : public Decoder {
 public:
  explicit DecoderSequence(std::vector<std::unique_ptr<const Decoder>> steps) : steps_(std::move(steps)) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    for (const auto& step : steps_) NACRE_TRY(step->apply(tokens));
    return {};
  }

 private:
  std::vector<std::unique_ptr<const Decoder>> steps_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  std::vector<std::unique_ptr<const Decoder>> steps;
  for (const Json& step : NACRE_TRY(NACRE_TRY(json.at("decoders")).elements())) steps.push_back(NACRE_TRY(load_decoder(step)));
  return std::make_unique<DecoderSequence>(std::move(steps));
}

}  // namespace

extern const DecoderType decoder_sequence;
const DecoderType decoder_sequence{.type = "Sequence", .load = load};

}  // namespace nacre
