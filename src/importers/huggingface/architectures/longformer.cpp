// Longformer: RoBERTa whose tokens see a window, but for a few that see, and are seen by, all; these have projections of their own. Worked
// out as full attention with a mask, so the cost grows with the square of the length. https://arxiv.org/abs/2004.05150,
// transformers/models/longformer/modeling_longformer.py
#include <cmath>

#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

/// To either side, by layer.
Result<std::vector<int64_t>> read_windows(const Json& json, int64_t layers) {
  const Json given = NACRE_TRY(json.at("attention_window"));
  std::vector<int64_t> out(static_cast<size_t>(layers));
  if (!given.is_list()) {
    out.assign(out.size(), NACRE_TRY(given.integer()) / 2);
    return out;
  }
  const std::vector<int64_t> all = NACRE_TRY(given.integers());
  if (all.size() != out.size()) return fail(ErrorCode::invalid_model, "attention_window has ", all.size(), " entries, expected ", layers);
  for (size_t layer = 0; layer < out.size(); ++layer) out[layer] = all[layer] / 2;
  return out;
}

/// Which tokens see all: bool [batch, sequence]; kAbsent for none.
using Chosen = Edge (*)(Encoder&);

Edge none(Encoder&) { return kAbsent; }

/// The first token, for classifiers of texts.
Edge first(Encoder& e) { return e.b.add("Equal", {e.b.add(e.b.mul(e.ids, e.integer(0)), e.places()), e.integer(0)}); }

/// All before the first separator: the question.
Edge question(Encoder& e) {
  const Result<int64_t> separator = e.json.integer("sep_token_id", 2);
  if (!separator) return e.net.fail_with(separator.error()), kAbsent;
  const Edge found = e.b.cast(e.b.add("Equal", {e.ids, e.integer(*separator)}), DType::int64);
  return e.b.add("Less", {e.places(), e.b.add("ArgMax", {found}, {{"axis", int64_t{1}}})});
}

struct Layer {
  Encoder& e;
  std::string name;  ///< of the attention's projections
  AttentionShape shape;

  Edge project(const char* which, const char* kind) const {
    return split_heads(e.b, e.net.linear(e.x, cat(name, which, kind), {e.c.hidden, e.c.hidden}), shape);
  }

  /// Attention of every token through the projections of that kind: "", "_global".
  Edge attended(const char* kind, Edge mask) const {
    const double scale = 1 / std::sqrt(static_cast<double>(shape.size));
    return attend(e.b, project("query", kind), project("key", kind), project("value", kind), mask, scale, shape);
  }
};

/// Keys out of the window are hidden unless they are seen by all: [batch, 1, sequence, sequence].
Edge window_mask(Encoder& e, int64_t window, Edge chosen) {
  const Edge places = e.places();
  const Edge far = e.b.add("Greater", {e.b.add("Abs", {e.distances(places, places)}), e.integer(window)});
  const Edge hidden = chosen == kAbsent ? far : e.b.add("And", {far, e.b.add("Not", {e.b.unsqueeze(chosen, {1, 2})})});
  const Edge sum = e.b.add(e.mask, lowest_where(e.b, hidden));
  return e.b.add("Max", {sum, e.b.scalar(static_cast<double>(std::numeric_limits<float>::lowest()), sum)});
}

void layer(Encoder& e, const std::string& name, int64_t window, Edge chosen) {
  e.b.set_prefix(name);
  const Layer own{e, name + ".attention.self.", {e.shape, e.c.heads, e.c.hidden / e.c.heads}};
  Edge mixed = own.attended("", window_mask(e, window, chosen));
  if (chosen != kAbsent) mixed = e.b.where(e.b.reshape(chosen, {-1, 1}), own.attended("_global", e.mask), mixed);
  const Edge attended = e.b.add(e.net.linear(mixed, name + ".attention.output.dense", {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(attended, name + ".attention.output.LayerNorm", e.c.hidden, e.c.epsilon);
  const Edge grown = e.b.add(e.feed_forward_of(e.x, name, kBertLayerNames), e.x);
  e.x = e.net.layer_norm(grown, name + ".output.LayerNorm", e.c.hidden, e.c.epsilon);
}

template <Chosen choose>
void encode(Encoder& e) {
  const Result<std::vector<int64_t>> windows = read_windows(e.json, e.c.layers);
  if (!windows) return e.net.fail_with(windows.error());
  const Edge sum = roberta_tables(e);
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.embedding}), "embeddings.LayerNorm", e.c.embedding, e.c.epsilon);
  const Edge chosen = choose(e);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layer.", i), (*windows)[static_cast<size_t>(i)], chosen);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  const auto body = head == "ForSequenceClassification" ? encode<first> : head == "ForQuestionAnswering" ? encode<question> : encode<none>;
  return build_encoder({checkpoint, config, "longformer.", "Longformer"}, head, roberta_heads(), body);
}

}  // namespace

extern const Architecture architecture_longformer;
const Architecture architecture_longformer{.model_type = "longformer", .prefix = "Longformer", .build = build};

}  // namespace nacre
