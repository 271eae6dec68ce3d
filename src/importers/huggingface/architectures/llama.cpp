// Llama 1 to 3. https://arxiv.org/abs/2407.21783, transformers/models/llama/modeling_llama.py
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_decoder(checkpoint, head, "Llama", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_llama;
const Architecture architecture_llama{.model_type = "llama", .prefix = "Llama", .build = build};

}  // namespace nacre
