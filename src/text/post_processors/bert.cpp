// BertProcessing: [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with type 1 from B on.
#include "text/component.h"
#include "text/post_processing.h"

namespace nacre {
namespace {

class BertProcessing final : public PostProcessor {
 public:
  BertProcessing(SpecialToken start, SpecialToken separator) : start_(std::move(start)), separator_(std::move(separator)) {}

  size_t added(bool pair) const override { return pair ? 3 : 2; }

  Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const override {
    if (!add_special_tokens) return {};
    for (size_t i = 0; i < encodings.size(); ++i) {
      const uint32_t text = i > 0;  // an earlier step may have made more than two
      surround(encodings[i], i == 0 ? &start_ : nullptr, separator_, text, text);
    }
    return {};
  }

 private:
  SpecialToken start_, separator_;
};

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  SpecialToken start = NACRE_TRY(load_special_token(NACRE_TRY(json.at("cls"))));
  SpecialToken separator = NACRE_TRY(load_special_token(NACRE_TRY(json.at("sep"))));
  return std::make_unique<BertProcessing>(std::move(start), std::move(separator));
}

}  // namespace

extern const PostProcessorType post_processor_bert;
const PostProcessorType post_processor_bert{.type = "BertProcessing", .load = load};

}  // namespace nacre
