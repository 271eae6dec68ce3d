// mBART: BART in many languages, with the norms before attention and feed-forward. https://arxiv.org/abs/2001.08210
#include "importers/huggingface/bart.h"

namespace nacre {
namespace {

constexpr BartTraits kTraits{.pre_norm = true, .wraps = true};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_bart(checkpoint, head, "MBart", [](Encoder& e) { run_bart(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_mbart;
const Architecture architecture_mbart{.model_type = "mbart", .prefix = "MBart", .build = build};

}  // namespace nacre
