// Cross-encoders, as sentence-transformers' CrossEncoder.
// https://www.sbert.net/docs/package_reference/cross_encoder/cross_encoder.html
#include "nacre/rerank.h"

#include "pipelines/scores.h"
#include "pipelines/text_model.h"

namespace nacre {

struct Reranker::State {
  TextModel model;
  RerankOptions options;
  bool identity;
};

namespace {

/// Newer configs have {"sentence_transformers": {"activation_fn": ...}}, older ones a key of their own.
Result<bool> has_identity(const Json& config) {
  std::string_view name = NACRE_TRY(config.text("sbert_ce_default_activation_function", ""));
  if (!config.has("sentence_transformers")) return name.ends_with("Identity");
  return NACRE_TRY(NACRE_TRY(config.at("sentence_transformers")).text("activation_fn", name)).ends_with("Identity");
}

}  // namespace

double relevance(std::span<const float> logits, bool identity) {
  if (logits.size() == 1) return identity ? logits[0] : sigmoid(logits[0]);
  if (logits.size() == 2) return identity ? static_cast<double>(logits[1]) - logits[0] : softmax(logits)[1];
  throw Error(ErrorCode::invalid_argument, cat("a reranker has one or two logits, this model has ", logits.size()),
              "use `nacre classify` for it");
}

Reranker Reranker::load(const std::filesystem::path& directory, const RerankOptions& options) {
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForSequenceClassification"));
  if (model.labels.size() > 2) relevance(std::vector<float>(model.labels.size()));  // throws before any text is read
  const bool identity = options.logits || unwrap(has_identity(model.config));
  return Reranker(std::make_shared<State>(State{std::move(model), options, identity}));
}

std::vector<RankedDocument> Reranker::rank(const std::string& query, std::span<const std::string> documents, const RunOptions& run) const {
  std::vector<TextInput> inputs;
  for (const std::string& document : documents) inputs.push_back({query, document});
  const std::vector<Encoding> encodings = unwrap(state_->model.encode(inputs));
  std::vector<double> scores;
  for (const auto& logits : unwrap(sequence_logits(state_->model, encodings, run))) scores.push_back(relevance(logits, state_->identity));
  std::vector<RankedDocument> out;
  for (const size_t i : ranked(scores, state_->options.top_k)) out.push_back({i, scores[i], !encodings[i].overflow.empty()});
  return out;
}

}  // namespace nacre
