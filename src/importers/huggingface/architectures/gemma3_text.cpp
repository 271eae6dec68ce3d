// Gemma 3's text model, and EmbeddingGemma, which sees both ways. https://arxiv.org/abs/2503.19786, https://arxiv.org/abs/2509.20354
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

/// All but every sixth layer.
Result<bool> slides(const Json& config, int64_t layer) {
  const int64_t pattern = NACRE_TRY(config.integer("sliding_window_pattern", NACRE_TRY(config.integer("_sliding_window_pattern", 6))));
  return pattern < 1 || (layer + 1) % pattern != 0;
}

constexpr DecoderTraits kTraits{
    .unit_offset = true, .head_norms = true, .sandwich = true, .scaled_words = true, .theta = 1e6, .slides = slides};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  if (head.starts_with("Text")) head.remove_prefix(4);  // Gemma3TextModel, but Gemma3ForCausalLM
  return build_decoder(checkpoint, head, "Gemma3", kTraits, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_gemma3_text;
const Architecture architecture_gemma3_text{.model_type = "gemma3_text", .prefix = "Gemma3", .build = build};

}  // namespace nacre
