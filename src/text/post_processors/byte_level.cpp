// ByteLevel post-processor: adds nothing, trims offsets.
#include "text/component.h"
#include "text/post_processing.h"

namespace nacre {
namespace {

class ByteLevelProcessing final : public PostProcessor {
 public:
  ByteLevelProcessing(bool trims, bool prefixed) : trims_(trims), prefixed_(prefixed) {}

  size_t added(bool) const override { return 0; }

  Result<void> apply(std::vector<Encoding>& encodings, bool) const override {
    for (size_t i = 0; i < encodings.size(); ++i) {
      if (trims_) trim_offsets(encodings[i], prefixed_);
      encodings[i].set_sequence(static_cast<uint32_t>(i));
    }
    return {};
  }

 private:
  bool trims_, prefixed_;
};

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  const bool trims = NACRE_TRY(json.boolean("trim_offsets", true));
  return std::make_unique<ByteLevelProcessing>(trims, NACRE_TRY(json.boolean("add_prefix_space", true)));
}

}  // namespace

extern const PostProcessorType post_processor_byte_level;
const PostProcessorType post_processor_byte_level{.type = "ByteLevel", .load = load};

}  // namespace nacre
