// EuroBERT: Llama's layers without the causal mask. https://arxiv.org/abs/2503.05500
#include "importers/huggingface/decoder.h"

namespace nacre {
namespace {

constexpr DecoderTraits kTraits{.causal = false, .theta = 250000, .epsilon = 1e-5};

Edge dense(Encoder& e, Edge x) { return e.net.activation(e.net.linear(x, "dense", {e.c.hidden, e.c.hidden}), "gelu"); }

/// "bos" and "mean" pool before the classifier, "late" behind it.
void sequence_labels(Encoder& e) {
  const Result<std::string_view> old = e.json.text("clf_pooling", "late");
  const Result<std::string_view> pooling = old ? e.json.text("classifier_pooling", *old) : old;
  if (!pooling) return e.net.fail_with(pooling.error());
  const std::string last = e.net.has("out_proj.weight") ? "out_proj" : "classifier";  // as transformers 5 names it
  if (*pooling == "bos") return e.sequence_logits(dense(e, e.first_token()), last);
  if (*pooling == "mean") return e.sequence_logits(dense(e, e.mean_token(e.by_sequence(e.x, e.c.hidden))), last);
  if (*pooling != "late")
    return e.net.fail_with(Error(ErrorCode::unsupported, cat("classifier_pooling \"", *pooling, "\", expected bos, mean or late")));
  e.output(e.mean_token(e.by_sequence(e.net.linear(dense(e, e.x), last, {e.c.hidden, -1}), -1)), "logits");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForMaskedLM", [](Encoder& e) { e.token_logits(e.net.has("lm_head.weight") ? "lm_head" : "embed_tokens"); }},
                           {"ForSequenceClassification", sequence_labels},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_decoder_config(checkpoint.config(), kTraits));
  return build_encoder({checkpoint, config, "model.", "EuroBert"}, head, kHeads, [](Encoder& e) { decode(e, kTraits); });
}

}  // namespace

extern const Architecture architecture_eurobert;
const Architecture architecture_eurobert{.model_type = "eurobert", .prefix = "EuroBert", .build = build};

}  // namespace nacre
