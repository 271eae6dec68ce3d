// DeBERTa-v2 and v3: attention from content to content, content to position and position to content.
// https://arxiv.org/abs/2006.03654, https://arxiv.org/abs/2111.09543, transformers/models/deberta_v2/modeling_deberta_v2.py
#include <algorithm>
#include <cmath>

#include "importers/huggingface/deberta.h"
#include "importers/huggingface/relative.h"

namespace nacre {
namespace {

struct Settings {
  bool relative = false, shared_key = false, norm_relative = false, biased_input = true;
  bool content_to_position = false, position_to_content = false;
  int64_t buckets = -1, furthest = 0, span = 0;
};

Result<Settings> read_settings(const Json& json) {
  Settings out;
  out.relative = NACRE_TRY(json.boolean("relative_attention", false)), out.shared_key = NACRE_TRY(json.boolean("share_att_key", false));
  out.biased_input = NACRE_TRY(json.boolean("position_biased_input", true)), out.buckets = NACRE_TRY(json.integer("position_buckets", -1));
  out.furthest = NACRE_TRY(json.integer("max_relative_positions", -1));
  if (out.furthest < 1) out.furthest = NACRE_TRY(json.integer("max_position_embeddings", 512));
  out.span = out.buckets > 0 ? out.buckets : out.furthest;
  out.norm_relative = NACRE_TRY(json.text("norm_rel_ebd", "none")).find("layer_norm") != std::string_view::npos;
  if (json.has("pos_att_type")) {
    const Json types = NACRE_TRY(json.at("pos_att_type"));
    std::string list;  // ["p2c", "c2p"], or "p2c|c2p"
    if (types.is_list())
      for (const std::string& type : NACRE_TRY(types.texts())) list += type + "|";
    else
      list = NACRE_TRY(types.text());
    out.content_to_position = list.find("c2p") != list.npos, out.position_to_content = list.find("p2c") != list.npos;
  }
  if (NACRE_TRY(json.boolean("talking_head", false))) return fail(ErrorCode::unsupported, "talking_head is true, expected false");
  if (NACRE_TRY(json.integer("conv_kernel_size", 0)) > 0)
    return fail(ErrorCode::unsupported, "conv_kernel_size: the convolution beside the first layer is not written");
  constexpr int64_t most = 1 << 20;
  if (out.span < 2 || out.span > most || out.furthest < 2 || out.furthest > most)
    return fail(ErrorCode::invalid_model, "position_buckets ", out.buckets, " and max_relative_positions ", out.furthest);
  return out;
}

/// Near distances as they are, far ones by logarithm (make_log_bucket_position); in float, as torch computes them.
int64_t bucket_of(int64_t distance, const Settings& settings) {
  const int64_t middle = settings.buckets / 2, away = std::abs(distance);
  if (settings.buckets <= 0 || away <= middle) return distance;
  const auto scale = static_cast<float>(std::log(static_cast<double>(settings.furthest - 1) / static_cast<double>(middle)));
  const float share = std::log(static_cast<float>(away) / static_cast<float>(middle)) / scale;
  const int64_t bucket = static_cast<int64_t>(std::ceil(share * static_cast<float>(middle - 1))) + middle;
  return distance < 0 ? -bucket : bucket;
}

/// The row of the relative embeddings for each query (row) and key (column): int64 [sequence, sequence]. From the furthest
/// distance on they are all the last one.
Edge relative_rows(Encoder& e, const Settings& settings) {
  const int64_t last = std::max(settings.furthest, settings.span);
  Tensor table(DType::int64, {2 * last + 1});
  for (int64_t i = 0; i < table.size(); ++i)
    table.mutable_data<int64_t>()[static_cast<size_t>(i)] =
        std::clamp(bucket_of(i - last, settings) + settings.span, int64_t{0}, 2 * settings.span - 1);
  const Edge places = e.places();
  const Edge distance = e.b.add("Clip", {e.distances(places, places), e.integer(-last), e.integer(last)});
  return e.b.add("Gather", {e.b.constant(std::move(table)), e.b.add(distance, e.integer(last))}, {{"axis", int64_t{0}}});
}

struct Relative {
  Edge table = kAbsent;  ///< [2 * span, hidden]
  Edge rows = kAbsent;   ///< of a query for its keys
};

/// [2 * span, hidden] to [heads, 2 * span, size].
Edge split_table(Encoder& e, Edge x, int64_t span) {
  return e.b.transpose(e.b.reshape(x, {2 * span, e.c.heads, e.c.hidden / e.c.heads}), {1, 0, 2});
}

/// Of version 1: q, k and v of each head lie beside one another in one matrix without a bias, q and v have theirs apart.
struct Heads {
  Edge q, k, v;
};

Heads fused_heads(Encoder& e, const std::string& own, const AttentionShape& shape) {
  const Edge all = split_heads(e.b, e.net.linear(e.x, own + "in_proj", {e.c.hidden, 3 * e.c.hidden}),
                               {shape.batch_and_sequence, shape.heads, 3 * shape.size});
  const auto parts = e.b.add_many("Split", {all}, 3, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{3}}});
  const auto shifted = [&](Edge x, const char* name) {
    return e.b.add(x, e.b.reshape(e.net.weight(own + name, {e.c.hidden}), {1, shape.heads, 1, shape.size}));
  };
  return {shifted(parts[0], "q_bias"), parts[1], shifted(parts[2], "v_bias")};
}

Heads heads_of(Encoder& e, const std::string& own, const AttentionShape& shape) {
  if (e.net.has(own + "in_proj.weight")) return fused_heads(e, own, shape);
  const auto project = [&](const char* which) { return split_heads(e.b, e.net.linear(e.x, own + which, {e.c.hidden, e.c.hidden}), shape); };
  return {project("query_proj"), project("key_proj"), project("value_proj")};
}

/// What positions add to the scores, before scaling.
Edge position_scores(Encoder& e, const Settings& settings, const std::string& name, const Relative& relative, Edge q, Edge k) {
  const bool first = e.net.has(name + "in_proj.weight");  // version 1
  const auto project = [&](const char* shared, const char* own) {
    return split_table(e, e.net.linear(relative.table, name + (settings.shared_key && !first ? shared : own), {e.c.hidden, e.c.hidden}),
                       settings.span);
  };
  Edge out = kAbsent;
  if (settings.content_to_position) out = scores_by_row(e, q, project("key_proj", first ? "pos_proj" : "pos_key_proj"), relative.rows);
  if (settings.position_to_content) {
    const Edge rows = e.b.transpose(relative.rows, {1, 0});
    const Edge other =
        e.b.transpose(scores_by_row(e, k, project("query_proj", first ? "pos_q_proj" : "pos_query_proj"), rows), {0, 1, 3, 2});
    out = out == kAbsent ? other : e.b.add(out, other);
  }
  return out;
}

void layer(Encoder& e, const Settings& settings, const std::string& name, const Relative& relative) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const std::string own = name + ".attention.self.";
  const Heads parts = heads_of(e, own, shape);
  const int terms = 1 + (settings.content_to_position ? 1 : 0) + (settings.position_to_content ? 1 : 0);
  const double scale =
      1 / std::sqrt(static_cast<double>(shape.size * (settings.relative || e.net.has(own + "in_proj.weight") ? terms : 1)));
  Edge bias = e.mask;
  if (settings.relative && terms > 1) {
    const Edge added = position_scores(e, settings, own, relative, parts.q, parts.k);
    bias = e.b.add(e.b.mul(added, e.b.scalar(scale, added)), bias);
  }
  const Edge mixed = attend(e.b, parts.q, parts.k, parts.v, bias, scale, shape);
  const Edge attended = e.b.add(e.net.linear(mixed, name + ".attention.output.dense", {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(attended, name + ".attention.output.LayerNorm", e.c.hidden, e.c.epsilon);
  const Edge inner = e.net.activation(e.net.linear(e.x, name + ".intermediate.dense", {e.c.hidden, e.c.inner}), e.c.activation);
  const Edge grown = e.b.add(e.net.linear(inner, name + ".output.dense", {e.c.inner, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(grown, name + ".output.LayerNorm", e.c.hidden, e.c.epsilon);
}

/// Padded positions are zero behind the norm.
void embeddings(Encoder& e, const Settings& settings) {
  const Edge types = e.c.types > 0 ? e.input("token_type_ids") : kAbsent;
  Edge x = e.net.embed(e.ids, "embeddings.word_embeddings.weight", e.c.vocabulary, e.c.embedding);
  if (settings.biased_input) x = e.b.add(x, e.net.embed(e.places(), "embeddings.position_embeddings.weight", e.c.positions, e.c.embedding));
  if (types != kAbsent) x = e.b.add(x, e.net.embed(types, "embeddings.token_type_embeddings.weight", e.c.types, e.c.embedding));
  x = e.b.reshape(x, {-1, e.c.embedding});
  if (e.c.embedding != e.c.hidden) x = e.net.linear(x, "embeddings.embed_proj", {e.c.embedding, e.c.hidden});
  x = e.net.layer_norm(x, "embeddings.LayerNorm", e.c.hidden, e.c.epsilon);
  e.x = e.b.mul(x, e.b.cast(e.b.reshape(e.attention_mask, {-1, 1}), DType::float32));
}

void encode(Encoder& e) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings) return e.net.fail_with(settings.error());
  e.open();
  embeddings(e, *settings);
  Relative relative;
  if (settings->relative) {
    relative.table = e.net.weight("encoder.rel_embeddings.weight", {2 * settings->span, e.c.hidden});
    if (settings->norm_relative) relative.table = e.net.layer_norm(relative.table, "encoder.LayerNorm", e.c.hidden, e.c.epsilon);
    relative.rows = relative_rows(e, *settings);
  }
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, *settings, cat("encoder.layer.", i), relative);
}

void sequence_labels(Encoder& e) {
  const Result<std::string_view> activation = e.json.text("pooler_hidden_act", "gelu");
  if (!activation) return e.net.fail_with(activation.error());
  e.first_token_classifier("pooler.dense", *activation, "classifier");
}

/// Files of before the library's 4.30 name the head as BERT does, newer ones lm_predictions.
void masked_lm(Encoder& e) {
  const bool fresh = e.net.has("lm_predictions.lm_head.dense.weight");
  const std::string name = fresh ? "lm_predictions.lm_head" : "cls.predictions.transform";
  const Edge x = e.transform(name + ".dense", e.c.activation, name + ".LayerNorm", fresh ? e.c.hidden : e.c.embedding);
  e.vocabulary_logits(x, fresh ? e.c.hidden : e.c.embedding, "cls.predictions.decoder", "embeddings.word_embeddings.weight",
                      fresh ? "lm_predictions.lm_head.bias" : "cls.predictions.bias");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForMaskedLM", masked_lm},
                           {"ForSequenceClassification", sequence_labels},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_deberta(checkpoint, head, "DebertaV2"); }

}  // namespace

Result<Graph> build_deberta(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix) {
  EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  config.types = NACRE_TRY(checkpoint.config().integer("type_vocab_size", 0));
  return build_encoder({checkpoint, config, "deberta.", class_prefix}, head, kHeads, encode);
}

extern const Architecture architecture_deberta_v2;
const Architecture architecture_deberta_v2{.model_type = "deberta-v2", .prefix = "DebertaV2", .build = build};

}  // namespace nacre
