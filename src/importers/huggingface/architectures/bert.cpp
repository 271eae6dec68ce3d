// BERT, and MiniLM, which is BERT by another training: embeddings, post-norm encoder, and the heads of transformers.
// https://arxiv.org/abs/1810.04805, transformers/models/bert/modeling_bert.py
#include "importers/huggingface/architecture.h"
#include "importers/huggingface/network.h"

namespace nacre {
namespace {

struct Config {
  int64_t hidden, layers, heads, inner, positions, types, vocabulary;
  std::string activation;
  double epsilon;
};

Result<Config> read_config(const Json& json) {
  Config c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.positions = NACRE_TRY(json.integer("max_position_embeddings", 512)), c.types = NACRE_TRY(json.integer("type_vocab_size", 2));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size"));
  c.activation = NACRE_TRY(json.text("hidden_act", "gelu")), c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  const std::string_view position = NACRE_TRY(json.text("position_embedding_type", "absolute"));
  if (position != "absolute") return fail(ErrorCode::unsupported, "position_embedding_type: expected absolute, found \"", position, "\"");
  if (NACRE_TRY(json.boolean("is_decoder", false))) return fail(ErrorCode::unsupported, "is_decoder: BERT runs as an encoder only");
  if (c.heads < 1 || c.hidden < 1 || c.hidden % c.heads != 0)
    return fail(ErrorCode::invalid_model, "hidden_size ", c.hidden, " does not divide into num_attention_heads ", c.heads);
  return c;
}

class Bert {
 public:
  Bert(Graph& graph, const Checkpoint& checkpoint, const Config& config) : net_(graph, checkpoint, "bert."), b_(net_.builder), c_(config) {}

  /// The head by its class name's end; fails (unsupported) on one that is not known.
  Result<void> build(std::string_view head) {
    struct Row {
      std::string_view name;
      void (Bert::*build)();
    };
    constexpr Row rows[] = {{"Model", &Bert::base},
                            {"ForMaskedLM", &Bert::masked_lm},
                            {"ForSequenceClassification", &Bert::sequence_labels},
                            {"ForTokenClassification", &Bert::token_labels},
                            {"ForQuestionAnswering", &Bert::question_answering}};
    std::string known;
    for (const Row& row : rows) {
      known += cat(known.empty() ? "Bert" : ", Bert", row.name);
      if (row.name != head) continue;
      encode();
      (this->*row.build)();
      return net_.status();
    }
    return fail(ErrorCode::unsupported, "unknown head Bert", head, "; known: ", known);
  }

 private:
  Edge input(std::string name) {
    return b_.graph().add_input(std::move(name), Fact::tensor(DType::int64, SymShape{SymDim::symbol("batch"), SymDim::symbol("sequence")}));
  }

  void output(Edge edge, std::string name) {
    if (net_.status()) b_.graph().add_output(edge, std::move(name));
  }

  void encode() {
    const Edge ids = input("input_ids"), mask = input("attention_mask"), types = input("token_type_ids");
    b_.set_prefix("embeddings");
    shape_ = b_.add("Shape", {ids});
    x_ = embeddings(ids, types);
    mask_ = additive_mask(b_, mask);
    for (int64_t layer = 0; layer < c_.layers && net_.status(); ++layer) encoder_layer(cat("encoder.layer.", layer));
    b_.set_prefix("head");
  }

  Edge embeddings(Edge ids, Edge types) {
    const Edge length = b_.add("Gather", {shape_, b_.constant(Tensor::scalar<int64_t>(1))}, {{"axis", int64_t{0}}});
    const Edge places = b_.add("Range", {b_.constant(Tensor::scalar<int64_t>(0)), length, b_.constant(Tensor::scalar<int64_t>(1))});
    Edge x = net_.embed(ids, "embeddings.word_embeddings.weight", c_.vocabulary, c_.hidden);
    x = b_.add(x, net_.embed(types, "embeddings.token_type_embeddings.weight", c_.types, c_.hidden));
    x = b_.add(x, net_.embed(places, "embeddings.position_embeddings.weight", c_.positions, c_.hidden));
    return net_.layer_norm(b_.reshape(x, {-1, c_.hidden}), "embeddings.LayerNorm", c_.hidden, c_.epsilon);
  }

  void encoder_layer(const std::string& name) {
    b_.set_prefix(name);
    const auto project = [&](const char* which) { return net_.linear(x_, name + ".attention.self." + which, {c_.hidden, c_.hidden}); };
    const Edge q = project("query"), k = project("key"), v = project("value");
    const Edge mixed = attention(b_, q, k, v, mask_, {shape_, c_.heads, c_.hidden / c_.heads});
    const Edge attended = b_.add(net_.linear(mixed, name + ".attention.output.dense", {c_.hidden, c_.hidden}), x_);
    x_ = net_.layer_norm(attended, name + ".attention.output.LayerNorm", c_.hidden, c_.epsilon);
    const Edge inner = net_.activation(net_.linear(x_, name + ".intermediate.dense", {c_.hidden, c_.inner}), c_.activation);
    const Edge grown = b_.add(net_.linear(inner, name + ".output.dense", {c_.inner, c_.hidden}), x_);
    x_ = net_.layer_norm(grown, name + ".output.LayerNorm", c_.hidden, c_.epsilon);
  }

  Edge by_sequence(Edge x, int64_t features) { return unflatten(b_, x, shape_, features); }

  /// tanh of a linear layer over the first token.
  Edge pooled() {
    const Edge first = b_.add("Gather", {by_sequence(x_, c_.hidden), b_.constant(Tensor::scalar<int64_t>(0))}, {{"axis", int64_t{1}}});
    return b_.tanh(net_.linear(first, "pooler.dense", {c_.hidden, c_.hidden}));
  }

  void base() {
    output(by_sequence(x_, c_.hidden), "last_hidden_state");
    if (net_.has("pooler.dense.weight")) output(pooled(), "pooler_output");
  }

  /// The decoder is the word table again unless the file has its own.
  void masked_lm() {
    Edge x = net_.activation(net_.linear(x_, "cls.predictions.transform.dense", {c_.hidden, c_.hidden}), c_.activation);
    x = net_.layer_norm(x, "cls.predictions.transform.LayerNorm", c_.hidden, c_.epsilon);
    const std::string own = "cls.predictions.decoder.weight";
    const Edge table = net_.weight(net_.has(own) ? own : "embeddings.word_embeddings.weight", {c_.vocabulary, c_.hidden});
    const Edge bias = net_.weight("cls.predictions.bias", {c_.vocabulary});
    output(by_sequence(b_.add("Gemm", {x, table, bias}, {{"transB", int64_t{1}}}), c_.vocabulary), "logits");
  }

  void sequence_labels() { output(net_.linear(pooled(), "classifier", {c_.hidden, -1}), "logits"); }

  void token_labels() { output(by_sequence(net_.linear(x_, "classifier", {c_.hidden, -1}), -1), "logits"); }

  void question_answering() {
    const Edge both = by_sequence(net_.linear(x_, "qa_outputs", {c_.hidden, 2}), 2);
    const auto ends = b_.add_many("Split", {both}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
    output(b_.add("Squeeze", {ends[0], b_.ints({-1})}), "start_logits");
    output(b_.add("Squeeze", {ends[1], b_.ints({-1})}), "end_logits");
  }

  Network net_;
  Builder& b_;
  const Config& c_;
  Edge shape_ = kAbsent;  // [batch, sequence]
  Edge mask_ = kAbsent;   // added to attention scores
  Edge x_ = kAbsent;      // hidden states
};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const Config config = NACRE_TRY(read_config(checkpoint.config()));
  Graph graph;
  NACRE_TRY(Bert(graph, checkpoint, config).build(head));
  return graph;
}

}  // namespace

extern const Architecture architecture_bert;
const Architecture architecture_bert{.model_type = "bert", .prefix = "Bert", .build = build};

}  // namespace nacre
