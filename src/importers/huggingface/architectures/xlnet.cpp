// XLNet, its content stream: sinusoids of the distance between two places, and a bias for whether they are of one segment. Texts end with
// their class token. https://arxiv.org/abs/1906.08237, transformers/models/xlnet/modeling_xlnet.py
#include <cmath>

#include "importers/huggingface/relative.h"
#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("d_model")), c.layers = NACRE_TRY(json.integer("n_layer")), c.heads = NACRE_TRY(json.integer("n_head"));
  c.inner = NACRE_TRY(json.integer("d_inner")), c.vocabulary = NACRE_TRY(json.integer("vocab_size"));
  c.activation = NACRE_TRY(json.text("ff_activation", "gelu")), c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  if (const auto type = NACRE_TRY(json.text("attn_type", "bi")); type != "bi")
    return fail(ErrorCode::unsupported, "attn_type \"", type, "\", expected bi");
  if (NACRE_TRY(json.boolean("bi_data", false))) return fail(ErrorCode::unsupported, "bi_data is true, expected false");
  if (NACRE_TRY(json.integer("clamp_len", -1)) > 0) return fail(ErrorCode::unsupported, "clamp_len is set, expected -1");
  if (c.hidden % 2 != 0) return fail(ErrorCode::invalid_model, "d_model ", c.hidden, " is odd: it has no halves for sines and cosines");
  return checked(c);
}

/// What all layers share.
struct Shared {
  AttentionShape shape;
  Edge distances;  ///< sinusoids: [2 * sequence + 1, hidden], from -sequence to sequence
  Edge rows;       ///< of those for query and key: int64 [sequence, sequence]
  Edge others;     ///< 1 where query and key are of different segments: [batch, 1, sequence, sequence]
};

Shared shared(Encoder& e) {
  const Edge types = e.input("token_type_ids"), places = e.places();
  const Edge length = e.b.add("Gather", {e.shape, e.integer(1)}, {{"axis", int64_t{0}}});
  const Edge all = e.b.add("Range", {e.b.neg(length), e.b.add(length, e.integer(1)), e.integer(1)});
  const RotaryAngles angles = rotary_angles(e.b, plain_rope(e.c.hidden, 10000), all, length);
  const Edge same = e.b.add("Equal", {e.b.unsqueeze(types, {1, 3}), e.b.unsqueeze(types, {1, 2})});
  return {{e.shape, e.c.heads, e.c.hidden / e.c.heads},
          e.b.add("Concat", {angles.sine, angles.cosine}, {{"axis", int64_t{-1}}}),
          e.b.add(e.distances(places, places), length),
          e.b.cast(e.b.add("Not", {same}), DType::float32)};
}

struct Layer {
  Encoder& e;
  const Shared& all;
  std::string name;  ///< of the attention's weights

  Edge weight(const char* which) const {
    return e.b.reshape(e.net.weight(name + which, {e.c.hidden, e.c.heads, all.shape.size}), {e.c.hidden, e.c.hidden});
  }
  Edge project(const char* which) const { return split_heads(e.b, e.b.matmul(e.x, weight(which)), all.shape); }
  Edge biased(Edge q, const char* which) const {
    return e.b.add(q, e.b.reshape(e.net.weight(name + which, {e.c.heads, all.shape.size}), {1, e.c.heads, 1, all.shape.size}));
  }

  /// By the distance: [batch, heads, sequence, sequence].
  Edge by_place(Edge q) const {
    const Edge table = e.b.reshape(e.b.matmul(all.distances, weight("r")), {-1, e.c.heads, all.shape.size});
    return scores_by_row(e, biased(q, "r_r_bias"), e.b.transpose(table, {1, 0, 2}), all.rows);
  }

  /// By whether the segments are the same: two products a query, of which each key takes one.
  Edge by_segment(Edge q) const {
    const Edge table = e.b.transpose(e.net.weight(name + "seg_embed", {2, e.c.heads, all.shape.size}), {1, 2, 0});
    const auto two =
        e.b.add_many("Split", {e.b.matmul(biased(q, "r_s_bias"), table)}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
    return e.b.add(two[0], e.b.mul(e.b.sub(two[1], two[0]), all.others));
  }

  Edge attended() const {
    const Edge q = project("q"), k = project("k"), v = project("v");
    const double scale = 1 / std::sqrt(static_cast<double>(all.shape.size));
    const Edge added = e.b.add(by_place(q), by_segment(q));
    const Edge bias = e.b.add(e.b.mul(added, e.b.scalar(scale, added)), e.mask);
    const Edge mixed = attend(e.b, biased(q, "r_w_bias"), k, v, bias, scale, all.shape);
    return e.b.add("Gemm", {mixed, weight("o")}, {{"transB", int64_t{1}}});
  }
};

void layer(Encoder& e, const Shared& all, const std::string& name) {
  e.b.set_prefix(name);
  const Edge mixed = Layer{e, all, name + ".rel_attn."}.attended();
  if (!e.net.status()) return;
  e.x = e.net.layer_norm(e.b.add(mixed, e.x), name + ".rel_attn.layer_norm", e.c.hidden, e.c.epsilon);
  const Edge inner = e.net.activation(e.net.linear(e.x, name + ".ff.layer_1", {e.c.hidden, e.c.inner}), e.c.activation);
  const Edge grown = e.net.linear(inner, name + ".ff.layer_2", {e.c.inner, e.c.hidden});
  e.x = e.net.layer_norm(e.b.add(grown, e.x), name + ".ff.layer_norm", e.c.hidden, e.c.epsilon);
}

void encode(Encoder& e) {
  e.open();
  e.x = e.b.reshape(e.net.embed(e.ids, "word_embedding.weight", e.c.vocabulary, e.c.hidden), {-1, e.c.hidden});
  const Shared all = shared(e);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, all, cat("layer.", i));
}

/// The last token by the mask: the library takes the last place, and pads in front.
void sequence_labels(Encoder& e) {
  const Result<std::string_view> type = e.json.text("summary_type", "last"), bend = e.json.text("summary_activation", "linear");
  if (!type || !bend) return e.net.fail_with(type ? bend.error() : type.error());
  if (*type != "last" && *type != "first")
    return e.net.fail_with(Error(ErrorCode::unsupported, cat("summary_type \"", *type, "\", expected last or first")));
  Edge x = *type == "first" ? e.first_token() : e.last_real_token();
  if (e.net.has("sequence_summary.summary.weight")) x = e.net.linear(x, "sequence_summary.summary", {e.c.hidden, e.c.hidden});
  e.sequence_logits(e.net.activation(x, *bend), "logits_proj");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForSequenceClassification", sequence_labels},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnsweringSimple", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "transformer.", "XLNet"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_xlnet;
const Architecture architecture_xlnet{.model_type = "xlnet", .prefix = "XLNet", .build = build};

}  // namespace nacre
