#include "importers/huggingface/encoder.h"

#include <cmath>

#include "importers/huggingface/relative.h"

namespace nacre {

Result<EncoderConfig> checked(EncoderConfig config) {
  if (config.embedding == 0) config.embedding = config.hidden;
  if (config.heads < 1 || config.hidden < 1 || config.hidden % config.heads != 0)
    return fail(ErrorCode::invalid_model, "hidden_size ", config.hidden, " does not divide into num_attention_heads ", config.heads);
  constexpr int64_t most_layers = 1000;
  if (config.layers < 0 || config.layers > most_layers)
    return fail(ErrorCode::invalid_model, "num_hidden_layers is ", config.layers, ", expected 0 to ", most_layers);
  return config;
}

Result<EncoderConfig> read_encoder_config(const Json& json, bool relative) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.positions = NACRE_TRY(json.integer("max_position_embeddings", 512)), c.types = NACRE_TRY(json.integer("type_vocab_size", 2));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.embedding = NACRE_TRY(json.integer("embedding_size", c.hidden));
  c.activation = NACRE_TRY(json.text("hidden_act", "gelu")), c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  const std::string_view position = NACRE_TRY(json.text("position_embedding_type", "absolute"));
  const bool key = position == "relative_key", both = position == "relative_key_query";
  if (position != "absolute" && !(relative && (key || both)))
    return fail(ErrorCode::unsupported, "position_embedding_type: expected absolute",
                relative ? ", relative_key or relative_key_query" : "", ", found \"", position, "\"");
  c.places = key ? PlaceKind::relative_key : both ? PlaceKind::relative_key_query : PlaceKind::absolute;
  if (NACRE_TRY(json.boolean("is_decoder", false))) return fail(ErrorCode::unsupported, "is_decoder: this model runs as an encoder only");
  return checked(c);
}

void Encoder::open() {
  ids = input("input_ids"), attention_mask = input("attention_mask");
  b.set_prefix("embeddings");
  shape = b.add("Shape", {ids});
  mask = additive_mask(b, attention_mask);
}

Edge Encoder::input(std::string name) {
  return b.graph().add_input(std::move(name), Fact::tensor(DType::int64, SymShape{SymDim::symbol("batch"), SymDim::symbol("sequence")}));
}

Edge Encoder::types() {
  if (c.types < 1) return kAbsent;
  return c.types == 1 ? b.mul(ids, integer(0)) : input("token_type_ids");
}

void Encoder::output(Edge edge, std::string name) {
  if (net.status()) b.graph().add_output(edge, std::move(name));
}

Edge Encoder::places() {
  const Edge length = b.add("Gather", {shape, integer(1)}, {{"axis", int64_t{0}}});
  return b.add("Range", {integer(0), length, integer(1)});
}

Edge Encoder::places_behind_padding(int64_t pad) {
  const Edge real = b.cast(b.add("Not", {b.add("Equal", {ids, integer(pad)})}), DType::int64);
  return b.add(b.mul(b.add("CumSum", {real, integer(1)}), real), integer(pad));
}

Edge Encoder::distances(Edge rows, Edge columns) { return b.sub(b.unsqueeze(rows, {1}), b.unsqueeze(columns, {0})); }

Edge Encoder::causal_mask() {
  const Edge all = places();
  return lowest_where(b, b.add("Less", {distances(all, all), integer(0)}));
}

Edge Encoder::embed_tables(const std::string& name, Edge positions, Edge types) {
  Edge out = net.embed(ids, name + ".word_embeddings.weight", c.vocabulary, c.embedding);
  if (types != kAbsent) out = b.add(out, net.embed(types, name + ".token_type_embeddings.weight", c.types, c.embedding));
  if (positions != kAbsent && c.places == PlaceKind::absolute)
    out = b.add(out, net.embed(positions, name + ".position_embeddings.weight", c.positions, c.embedding));
  return out;
}

Edge Encoder::embed(const std::string& name, Edge positions, Edge types) {
  return net.layer_norm(b.reshape(embed_tables(name, positions, types), {-1, c.embedding}), name + ".LayerNorm", c.embedding, c.epsilon);
}

Edge Encoder::distance_scores(const std::string& name, Edge q, Edge k) {
  const int64_t size = c.hidden / c.heads;
  const Edge table = b.unsqueeze(net.weight(name + ".distance_embedding.weight", {2 * c.positions - 1, size}), {0});
  const Edge all = places();
  const Edge rows = b.add(distances(all, all), integer(c.positions - 1));
  const Edge by_query = scores_by_row(*this, q, table, rows);
  if (c.places == PlaceKind::relative_key) return by_query;
  return b.add(by_query, b.transpose(scores_by_row(*this, k, table, b.transpose(rows, {1, 0})), {0, 1, 3, 2}));
}

Edge Encoder::attention_of(Edge from, const std::string& name, const LayerNames& names) {
  const auto at = [&](const char* part) { return cat(name, ".", part); };
  const auto project = [&](const char* part) { return net.linear(from, at(part), {c.hidden, c.hidden}); };
  const Edge q = project(names.query), k = project(names.key), v = project(names.value);
  const AttentionShape heads{shape, c.heads, c.hidden / c.heads};
  if (c.places == PlaceKind::absolute) return net.linear(attention(b, q, k, v, mask, heads), at(names.mixed), {c.hidden, c.hidden});
  const std::string own = at(names.query);
  const double scale = 1 / std::sqrt(static_cast<double>(heads.size));
  const Edge queries = split_heads(b, q, heads), keys = split_heads(b, k, heads);
  const Edge added = distance_scores(own.substr(0, own.rfind('.')), queries, keys);
  const Edge bias = b.add(b.mul(added, b.scalar(scale, added)), mask);
  return net.linear(attend(b, queries, keys, split_heads(b, v, heads), bias, scale, heads), at(names.mixed), {c.hidden, c.hidden});
}

Edge Encoder::feed_forward_of(Edge from, const std::string& name, const LayerNames& names) {
  const Edge inner = net.activation(net.linear(from, cat(name, ".", names.inner), {c.hidden, c.inner}), c.activation);
  return net.linear(inner, cat(name, ".", names.outer), {c.inner, c.hidden});
}

void Encoder::post_norm_layer(const std::string& name, const LayerNames& names) {
  b.set_prefix(name);
  x = net.layer_norm(b.add(attention_of(x, name, names), x), cat(name, ".", names.mixed_norm), c.hidden, c.epsilon);
  x = net.layer_norm(b.add(feed_forward_of(x, name, names), x), cat(name, ".", names.outer_norm), c.hidden, c.epsilon);
}

void Encoder::pre_norm_layers(std::string_view prefix, const LayerNames& names, const std::string& last) {
  for (int64_t layer = 0; layer < c.layers && net.status(); ++layer) {
    const std::string name = cat(prefix, layer);
    b.set_prefix(name);
    x = b.add(attention_of(net.layer_norm(x, cat(name, ".", names.mixed_norm), c.hidden, c.epsilon), name, names), x);
    x = b.add(feed_forward_of(net.layer_norm(x, cat(name, ".", names.outer_norm), c.hidden, c.epsilon), name, names), x);
  }
  x = net.layer_norm(x, last, c.hidden, c.epsilon);
}

void Encoder::post_norm_layers(std::string_view prefix, const LayerNames& names) {
  for (int64_t layer = 0; layer < c.layers && net.status(); ++layer) post_norm_layer(cat(prefix, layer), names);
}

Edge Encoder::first_token() { return b.add("Gather", {by_sequence(x, c.hidden), integer(0)}, {{"axis", int64_t{1}}}); }

Edge Encoder::last_token(Edge real) {
  const Edge last = b.reduce("ReduceMax", b.mul(real, places()), {1});
  return b.add("GatherND", {by_sequence(x, c.hidden), last}, {{"batch_dims", int64_t{1}}});
}

Edge Encoder::mean_token(Edge by_sequence) {
  const Edge weight = b.cast(b.unsqueeze(attention_mask, {2}), DType::float32);
  return b.div(b.reduce("ReduceSum", b.mul(by_sequence, weight), {1}, false), b.reduce("ReduceSum", weight, {1}, false));
}

void Encoder::span_logits(const std::string& name) {
  const Edge both = by_sequence(net.linear(x, name, {c.hidden, 2}), 2);
  const auto ends = b.add_many("Split", {both}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  output(b.add("Squeeze", {ends[0], b.ints({-1})}), "start_logits");
  output(b.add("Squeeze", {ends[1], b.ints({-1})}), "end_logits");
}

Edge Encoder::pooled(const std::string& name) { return b.tanh(net.linear(first_token(), name, {c.hidden, c.hidden})); }

void Encoder::base_outputs(const std::string& pooler) {
  last_hidden_state();
  if (net.has(pooler + ".weight")) output(pooled(pooler), "pooler_output");
}

void Encoder::vocabulary_logits(Edge value, int64_t features, const std::string& own, const std::string& tied, const std::string& bias) {
  const Edge table = net.weight(net.has(own + ".weight") ? own + ".weight" : tied, {c.vocabulary, features});
  const Edge shift = net.weight(net.has(bias) ? bias : own + ".bias", {c.vocabulary});
  if (net.status()) output(by_sequence(b.add("Gemm", {value, table, shift}, {{"transB", int64_t{1}}}), c.vocabulary), "logits");
}

Edge Encoder::transform(const std::string& dense, std::string_view activation, const std::string& norm, int64_t features) {
  return net.layer_norm(net.activation(net.linear(x, dense, {c.hidden, features}), activation), norm, features, c.epsilon);
}

void Encoder::first_token_classifier(const std::string& dense, std::string_view activation, const std::string& last) {
  sequence_logits(net.activation(net.linear(first_token(), dense, {c.hidden, c.hidden}), activation), last);
}

Result<Graph> build_encoder(const EncoderSource& source, std::string_view head, std::span<const Head> heads, void (*body)(Encoder&)) {
  std::string known;
  for (const Head& row : heads) {
    known += cat(known.empty() ? "" : ", ", source.class_prefix, row.name);
    if (row.name != head) continue;
    Graph graph;
    Encoder encoder(graph, source.checkpoint, source.config, source.prefix);
    body(encoder);
    encoder.b.set_prefix("head");
    row.build(encoder);
    NACRE_TRY(encoder.net.status());
    return graph;
  }
  return fail(ErrorCode::unsupported, "unknown head ", source.class_prefix, head, "; known: ", known);
}

}  // namespace nacre
