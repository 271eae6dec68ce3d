// SPLADE: weight(token) = max or sum over positions of log(1 + relu(logit)). https://arxiv.org/abs/2109.10086
#include "nacre/sparse.h"

#include <algorithm>
#include <cmath>

#include "importers/huggingface/sentence_modules.h"
#include "pipelines/text_model.h"

namespace nacre {

struct SparseEmbedder::State {
  TextModel model;
  std::string output;
  bool sum = false, log_twice = false;
};

namespace {

/// log(1 + relu(x)) grows with x, so that the maximum is taken of logits and the logarithm once.
SparseVector weights_of(std::span<const float> logits, size_t tokens, bool sum, bool log_twice) {
  const size_t vocabulary = logits.size() / std::max<size_t>(tokens, 1);
  std::vector<float> best(tokens > 0 ? vocabulary : 0, 0.0f);
  for (size_t token = 0; token < tokens; ++token)
    for (size_t id = 0; id < vocabulary; ++id) {
      const float logit = std::max(logits[token * vocabulary + id], 0.0f);
      best[id] = sum ? best[id] + std::log1p(logit) : std::max(best[id], logit);
    }
  SparseVector out;
  for (size_t id = 0; id < best.size(); ++id) {
    if (!(best[id] > 0)) continue;
    const float weight = sum ? best[id] : std::log1p(best[id]);
    out.ids.push_back(static_cast<uint32_t>(id)), out.weights.push_back(log_twice ? std::log1p(weight) : weight);
  }
  return out;
}

}  // namespace

double dot(const SparseVector& a, const SparseVector& b) {
  double sum = 0;
  for (size_t i = 0, j = 0; i < a.ids.size() && j < b.ids.size();) {
    if (a.ids[i] == b.ids[j]) sum += static_cast<double>(a.weights[i]) * b.weights[j];
    const bool left = a.ids[i] <= b.ids[j], right = b.ids[j] <= a.ids[i];
    i += left, j += right;
  }
  return sum;
}

SparseEmbedder SparseEmbedder::load(const std::filesystem::path& directory, const TaskOptions& options) {
  const SentenceModules modules = unwrap(read_sentence_modules(unwrap(ModelDirectory::open(directory.string()))));
  TaskOptions smaller = options;
  smaller.batch_tokens = std::max<int64_t>(options.batch_tokens / 4, 1);  // a token has a logit for each word of the vocabulary
  State state{unwrap(TextModel::load(modules.encoder, smaller, "ForMaskedLM")), {}};
  constexpr std::string_view names[] = {"logits"};
  state.output = unwrap(find_output(state.model.session, names, 3, "logits for each token"));
  for (const SentenceModule& module : modules.modules)
    if (module.kind == SentenceModule::Kind::splade_pooling) state.sum = module.sum, state.log_twice = module.log1p_twice;
  return SparseEmbedder(std::make_shared<State>(std::move(state)));
}

std::vector<SparseVector> SparseEmbedder::embed(std::span<const std::string> texts, const RunOptions& run) const {
  const State& s = *state_;
  std::vector<TextInput> inputs;
  for (const std::string& text : texts) inputs.push_back({text, {}});
  const std::vector<Encoding> encodings = unwrap(s.model.encode(inputs));
  std::vector<SparseVector> out(texts.size());
  unwrap(s.model.run(encodings, run, [&](const Batch& batch) -> Result<void> {
    const Tensor logits = NACRE_TRY(batch.output(s.output, 3));
    const auto vocabulary = static_cast<size_t>(logits.shape()[2]), row_size = static_cast<size_t>(batch.length) * vocabulary;
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const Encoding& encoding = encodings[batch.texts[row]];
      const auto values = logits.data<float>().subspan(row * row_size, encoding.size() * vocabulary);
      out[batch.texts[row]] = weights_of(values, encoding.size(), s.sum, s.log_twice);
      out[batch.texts[row]].truncated = !encoding.overflow.empty();
    }
    return {};
  }));
  return out;
}

std::string SparseEmbedder::token(uint32_t id) const { return std::string(state_->model.tokenizer.token(id)); }

}  // namespace nacre
