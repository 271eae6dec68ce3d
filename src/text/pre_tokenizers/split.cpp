// Split: words end where a text or a regular expression matches; the behaviour says where the matches go.
#include "text/splitting.h"
#include "text/word_pattern.h"

namespace nacre {
namespace {

class Split final : public PreTokenizer {
 public:
  Split(WordPattern pattern, SplitBehavior behavior, bool invert) : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

  void split(Section& section) const override { pattern_.split(section, behavior_, invert_); }

 private:
  WordPattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  const SplitBehavior behavior = NACRE_TRY(load_behavior(json, SplitBehavior::isolated));
  const bool invert = NACRE_TRY(json.boolean("invert", false));
  return std::make_unique<Split>(NACRE_TRY(WordPattern::load(NACRE_TRY(json.at("pattern")))), behavior, invert);
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_split;
const PreTokenizerType pre_tokenizer_split{.type = "Split", .load = load};

}  // namespace nacre
