// RobertaProcessing: <s> A </s>, or <s> A </s> </s> B </s>, all of type 0.
#include <algorithm>

#include "text/component.h"
#include "text/post_processing.h"

namespace nacre {
namespace {

class RobertaProcessing final : public PostProcessor {
 public:
  RobertaProcessing(SpecialToken start, SpecialToken separator, bool trims, bool prefixed)
      : start_(std::move(start)), separator_(std::move(separator)), trims_(trims), prefixed_(prefixed) {}

  size_t added(bool pair) const override { return pair ? 4 : 2; }

  Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const override {
    for (size_t i = 0; i < encodings.size(); ++i) {
      if (trims_) trim_offsets(encodings[i], prefixed_);
      std::fill(encodings[i].type_ids.begin(), encodings[i].type_ids.end(), 0u);  // the windows' stay, with nothing around them
      if (!add_special_tokens) continue;
      for (Encoding& window : encodings[i].overflow) std::fill(window.type_ids.begin(), window.type_ids.end(), 0u);
      surround(encodings[i], i == 0 ? &start_ : &separator_, separator_, i > 0, 0);
    }
    return {};
  }

 private:
  SpecialToken start_, separator_;
  bool trims_, prefixed_;
};

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  SpecialToken start = NACRE_TRY(load_special_token(NACRE_TRY(json.at("cls"))));
  SpecialToken separator = NACRE_TRY(load_special_token(NACRE_TRY(json.at("sep"))));
  const bool trims = NACRE_TRY(json.boolean("trim_offsets", true)), prefixed = NACRE_TRY(json.boolean("add_prefix_space", true));
  return std::make_unique<RobertaProcessing>(std::move(start), std::move(separator), trims, prefixed);
}

}  // namespace

extern const PostProcessorType post_processor_roberta;
const PostProcessorType post_processor_roberta{.type = "RobertaProcessing", .load = load};

}  // namespace nacre
