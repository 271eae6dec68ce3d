// MobileBERT: deep and narrow BERT, whose layers work in bottlenecks and scale where BERT normalises.
// https://arxiv.org/abs/2004.02984, transformers/models/mobilebert/modeling_mobilebert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

struct Bottleneck {
  int64_t size = 0, feed_forwards = 0;
};

/// Settings of the published models; others are refused rather than ignored.
Result<Bottleneck> read_bottleneck(const Json& json) {
  struct Flag {
    const char* name;
    bool expected;
  };
  constexpr Flag flags[] = {
      {"use_bottleneck", true}, {"trigram_input", true}, {"use_bottleneck_attention", false}, {"key_query_shared_bottleneck", true}};
  for (const Flag& flag : flags)
    if (NACRE_TRY(json.boolean(flag.name, flag.expected)) != flag.expected)
      return fail(ErrorCode::unsupported, flag.name, " is ", !flag.expected, ", expected ", flag.expected);
  if (const auto norm = NACRE_TRY(json.text("normalization_type", "no_norm")); norm != "no_norm")
    return fail(ErrorCode::unsupported, "normalization_type: expected no_norm, found \"", norm, "\"");
  const Bottleneck out{NACRE_TRY(json.integer("intra_bottleneck_size", 128)), NACRE_TRY(json.integer("num_feedforward_networks", 4))};
  constexpr int64_t most = 1000;
  if (out.feed_forwards < 1 || out.feed_forwards > most)
    return fail(ErrorCode::invalid_model, "num_feedforward_networks is ", out.feed_forwards, ", expected 1 to ", most);
  return out;
}

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c = NACRE_TRY(read_encoder_config(json));
  c.activation = NACRE_TRY(json.text("hidden_act", "relu")), c.embedding = NACRE_TRY(json.integer("embedding_size", 128));
  const Bottleneck bottleneck = NACRE_TRY(read_bottleneck(json));
  if (bottleneck.size < 1 || bottleneck.size % c.heads != 0)
    return fail(ErrorCode::invalid_model, "intra_bottleneck_size ", bottleneck.size, " does not divide into num_attention_heads ", c.heads);
  if (c.embedding < 1 || c.embedding >= c.hidden)
    return fail(ErrorCode::invalid_model, "embedding_size is ", c.embedding, ", expected 1 to below hidden_size ", c.hidden);
  return checked(c);
}

/// x * weight + bias: what stands in for the norm.
Edge scaled(Encoder& e, Edge x, const std::string& name, int64_t features) {
  const Edge scale = e.net.weight(name + ".weight", {features}), shift = e.net.weight(name + ".bias", {features});
  return e.net.status() ? e.b.add(e.b.mul(x, scale), shift) : kAbsent;
}

/// Each token's vector between its neighbours': behind, own, before.
Edge trigrams(Encoder& e, Edge x) {
  const Edge padded = e.b.add("Pad", {x, e.b.ints({0, 1, 0, 0, 1, 0})});
  const Edge next = e.b.add("Slice", {padded, e.b.ints({2}), e.b.ints({INT64_MAX}), e.b.ints({1})});
  const Edge before = e.b.add("Slice", {padded, e.b.ints({0}), e.b.ints({-2}), e.b.ints({1})});
  return e.b.add("Concat", {next, x, before}, {{"axis", int64_t{2}}});
}

void embed(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  const Edge words = e.net.embed(e.ids, "embeddings.word_embeddings.weight", e.c.vocabulary, e.c.embedding);
  const Edge wide = e.b.reshape(trigrams(e, words), {-1, 3 * e.c.embedding});
  const Edge grown = e.by_sequence(e.net.linear(wide, "embeddings.embedding_transformation", {3 * e.c.embedding, e.c.hidden}), e.c.hidden);
  const Edge placed = e.b.add(grown, e.net.embed(e.places(), "embeddings.position_embeddings.weight", e.c.positions, e.c.hidden));
  const Edge sum = e.b.add(placed, e.net.embed(types, "embeddings.token_type_embeddings.weight", e.c.types, e.c.hidden));
  e.x = scaled(e, e.b.reshape(sum, {-1, e.c.hidden}), "embeddings.LayerNorm", e.c.hidden);
}

Edge feed_forward(Encoder& e, Edge x, const std::string& inner, const std::string& outer, int64_t size) {
  const Edge grown = e.net.activation(e.net.linear(x, inner + ".dense", {size, e.c.inner}), e.c.activation);
  return scaled(e, e.b.add(e.net.linear(grown, outer + ".dense", {e.c.inner, size}), x), outer + ".LayerNorm", size);
}

void layer(Encoder& e, const std::string& name, const Bottleneck& bottleneck) {
  const int64_t size = bottleneck.size, hidden = e.c.hidden;
  e.b.set_prefix(name);
  const auto narrowed = [&](const std::string& part) {
    return scaled(e, e.net.linear(e.x, part + ".dense", {hidden, size}), part + ".LayerNorm", size);
  };
  const Edge narrow = narrowed(name + ".bottleneck.input"), shared = narrowed(name + ".bottleneck.attention");
  const Edge q = e.net.linear(shared, name + ".attention.self.query", {size, size});
  const Edge k = e.net.linear(shared, name + ".attention.self.key", {size, size});
  const Edge v = e.net.linear(e.x, name + ".attention.self.value", {hidden, size});
  const Edge mixed = attention(e.b, q, k, v, e.mask, {e.shape, e.c.heads, size / e.c.heads});
  const std::string output = name + ".attention.output";
  Edge x = scaled(e, e.b.add(e.net.linear(mixed, output + ".dense", {size, size}), narrow), output + ".LayerNorm", size);
  for (int64_t i = 0; i + 1 < bottleneck.feed_forwards && e.net.status(); ++i)
    x = feed_forward(e, x, cat(name, ".ffn.", i, ".intermediate"), cat(name, ".ffn.", i, ".output"), size);
  x = feed_forward(e, x, name + ".intermediate", name + ".output", size);
  const std::string last = name + ".output.bottleneck";
  e.x = scaled(e, e.b.add(e.net.linear(x, last + ".dense", {size, hidden}), e.x), last + ".LayerNorm", hidden);
}

void encode(Encoder& e) {
  const Result<Bottleneck> bottleneck = read_bottleneck(e.json);
  if (!bottleneck) return e.net.fail_with(bottleneck.error());
  embed(e);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layer.", i), *bottleneck);
}

/// Without a pooler the first token as it is.
Edge pooled(Encoder& e) { return e.net.has("pooler.dense.weight") ? e.pooled() : e.first_token(); }

/// The decoder is the word table, with further columns of its own behind it.
void masked_lm(Encoder& e) {
  const int64_t own = e.c.hidden - e.c.embedding;
  const Edge x = e.transform("cls.predictions.transform.dense", e.c.activation, "cls.predictions.transform.LayerNorm", e.c.hidden);
  const Edge table = e.net.weight("embeddings.word_embeddings.weight", {e.c.vocabulary, e.c.embedding});
  const Edge further = e.net.weight("cls.predictions.dense.weight", {own, e.c.vocabulary});
  const Edge shift = e.net.weight("cls.predictions.bias", {e.c.vocabulary});
  if (!e.net.status()) return;
  const auto parts = e.b.add_many("Split", {x, e.b.ints({e.c.embedding, own})}, 2, {{"axis", int64_t{-1}}});
  const Edge sum = e.b.add(e.b.add("Gemm", {parts[0], table, shift}, {{"transB", int64_t{1}}}), e.b.matmul(parts[1], further));
  e.output(e.by_sequence(sum, e.c.vocabulary), "logits");
}

void base(Encoder& e) {
  e.last_hidden_state();
  e.output(pooled(e), "pooler_output");
}

constexpr Head kHeads[] = {{"Model", base},
                           {"ForMaskedLM", masked_lm},
                           {"ForPreTraining", masked_lm},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(pooled(e), "classifier"); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "mobilebert.", "MobileBert"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_mobilebert;
const Architecture architecture_mobilebert{.model_type = "mobilebert", .prefix = "MobileBert", .build = build};

}  // namespace nacre
