// SqueezeBERT: BERT whose linear layers are convolutions in groups, each over its share of the features.
// https://arxiv.org/abs/2006.11316, transformers/models/squeezebert/modeling_squeezebert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

struct Groups {
  int64_t query, key, value, mixed, inner, outer;
};

Result<Groups> read_groups(const Json& json, const EncoderConfig& c) {
  const Groups out{NACRE_TRY(json.integer("q_groups", 4)),
                   NACRE_TRY(json.integer("k_groups", 4)),
                   NACRE_TRY(json.integer("v_groups", 4)),
                   NACRE_TRY(json.integer("post_attention_groups", 1)),
                   NACRE_TRY(json.integer("intermediate_groups", 4)),
                   NACRE_TRY(json.integer("output_groups", 4))};
  for (const int64_t each : {out.query, out.key, out.value, out.mixed, out.inner, out.outer})
    if (each < 1 || c.hidden % each != 0 || c.inner % each != 0)
      return fail(ErrorCode::invalid_model, each, " groups of hidden_size ", c.hidden, " and intermediate_size ", c.inner);
  return out;
}

/// Group g maps its in / groups features to its out / groups ones: NAME.weight [out, in / groups, 1].
Edge grouped(Encoder& e, Edge x, const std::string& name, Network::Size size, int64_t groups) {
  const int64_t in = size.in / groups, out = size.out / groups;
  const Edge weight = e.net.weight(name + ".weight", {size.out, in, 1}), bias = e.net.weight(name + ".bias", {size.out});
  if (!e.net.status()) return kAbsent;
  const Edge by_group = e.b.transpose(e.b.reshape(weight, {groups, out, in}), {0, 2, 1});
  const Edge parts = e.b.transpose(e.b.reshape(x, {-1, groups, in}), {1, 0, 2});
  return e.b.add(e.b.reshape(e.b.transpose(e.b.matmul(parts, by_group), {1, 0, 2}), {-1, size.out}), bias);
}

void layer(Encoder& e, const std::string& name, const Groups& groups) {
  const Network::Size square{e.c.hidden, e.c.hidden};
  e.b.set_prefix(name);
  const auto normed = [&](Edge x, const char* which) { return e.net.layer_norm(x, name + which, e.c.hidden, e.c.epsilon); };
  const Edge q = grouped(e, e.x, name + ".attention.query", square, groups.query);
  const Edge k = grouped(e, e.x, name + ".attention.key", square, groups.key);
  const Edge v = grouped(e, e.x, name + ".attention.value", square, groups.value);
  const Edge mixed = attention(e.b, q, k, v, e.mask, {e.shape, e.c.heads, e.c.hidden / e.c.heads});
  const Edge attended = grouped(e, mixed, name + ".post_attention.conv1d", square, groups.mixed);
  e.x = normed(e.b.add(attended, e.x), ".post_attention.layernorm");
  const Edge inner = grouped(e, e.x, name + ".intermediate.conv1d", {e.c.hidden, e.c.inner}, groups.inner);
  const Edge grown = grouped(e, e.net.activation(inner, e.c.activation), name + ".output.conv1d", {e.c.inner, e.c.hidden}, groups.outer);
  e.x = normed(e.b.add(grown, e.x), ".output.layernorm");
}

void encode(Encoder& e) {
  const Result<Groups> groups = read_groups(e.json, e.c);
  if (!groups) return e.net.fail_with(groups.error());
  e.open();
  e.x = e.embed("embeddings", e.places(), e.input("token_type_ids"));
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layers.", i), *groups);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  if (config.embedding != config.hidden)
    return fail(ErrorCode::invalid_model, "embedding_size ", config.embedding, ", expected hidden_size ", config.hidden);
  return build_encoder({checkpoint, config, "transformer.", "SqueezeBert"}, head, bert_heads(), encode);
}

}  // namespace

extern const Architecture architecture_squeezebert;
const Architecture architecture_squeezebert{.model_type = "squeezebert", .prefix = "SqueezeBert", .build = build};

}  // namespace nacre
