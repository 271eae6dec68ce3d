// Decoders of Llama's kind run over whole sequences, without a cache: for embeddings, classifiers and logits. The same layers without
// the causal mask are encoders (EuroBERT, EmbeddingGemma).
//
//     constexpr DecoderTraits kTraits{.head_norms = true};
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
//       return build_decoder(checkpoint, head, "Qwen3", kTraits, [](Encoder& e) { decode(e, kTraits); });
//     }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

/// What an architecture's code decides and its config.json does not.
struct DecoderTraits {
  bool unit_offset = false;   ///< norms scale by 1 + weight
  bool head_norms = false;    ///< q_norm and k_norm over each head
  bool sandwich = false;      ///< attention and feed-forward have norms behind them, too
  bool scaled_words = false;  ///< the table's rows times sqrt(hidden)
  bool causal = true;         ///< unless the file says otherwise
  double theta = 10000, epsilon = 1e-6;
  /// Whether a layer sees a window only, where the file does not list "layer_types"; null: none does.
  Result<bool> (*slides)(const Json& config, int64_t layer) = nullptr;
};

/// Qwen's rule: layers from max_window_layers on, where windows are asked for at all.
Result<bool> slides_behind_full_layers(const Json& config, int64_t layer);

/// x becomes the hidden states behind the last norm.
void decode(Encoder& e, const DecoderTraits& traits);
/// The vector of a text's last token: that which is not pad_token_id, or by the mask where the file names none. [batch, hidden]
Edge last_token(Encoder& e);

Result<EncoderConfig> read_decoder_config(const Json& json, const DecoderTraits& traits);
Result<Graph> build_decoder(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, const DecoderTraits& traits,
                            void (*body)(Encoder&));

}  // namespace nacre
