#include "nacre/embed.h"

#include <algorithm>
#include <numeric>

#include "core/allocate.h"
#include "pipelines/pooling.h"
#include "pipelines/sentence_model.h"
#include "text/tokenizer.h"

namespace nacre {

struct Embedder::State {
  Tokenizer tokenizer;
  Session session;
  SentenceModel model;
  EmbedOptions options;
  std::string output;      // of the session: one vector per token
  int64_t dimensions = 0;  // 0: not known
};

namespace {

template <class T>
T unwrap(Result<T> result) {
  if (!result) throw std::move(result).error();
  return std::move(*result);
}

/// The output with a vector for each token: by its usual name, else the first of rank 3.
Result<const Port*> token_output(const Session& session) {
  std::string known;
  const Port* first = nullptr;
  for (const Port& port : session.outputs()) {
    known += cat(known.empty() ? "" : ", ", port.name, " ", port.type);
    if (port.name == "last_hidden_state" || port.name == "token_embeddings") return &port;
    if (!first && port.sizes.size() == 3) first = &port;
  }
  if (first) return first;
  return fail(ErrorCode::invalid_model, "no output has a vector for each token; the model gives ", known,
              " (a classifier is no embedding model)");
}

/// What goes into the inputs of one batch, by the input's name.
using TokenValue = int64_t (*)(const Encoding&, size_t token);
Result<TokenValue> value_of(const Port& port) {
  if (port.name == "input_ids") return [](const Encoding& e, size_t token) { return static_cast<int64_t>(e.ids[token]); };
  if (port.name == "attention_mask") return [](const Encoding&, size_t) { return int64_t{1}; };
  if (port.name == "token_type_ids") return [](const Encoding& e, size_t token) { return static_cast<int64_t>(e.type_ids[token]); };
  return fail(ErrorCode::unsupported, "input '", port.name, "' (", port.type,
              "): an encoder takes input_ids, attention_mask and token_type_ids");
}

/// [texts, length]; what is behind a text's end is 0, pad id and mask alike.
Result<Tensor> batch_input(const Port& port, std::span<const Encoding* const> batch, int64_t length) {
  const TokenValue value = NACRE_TRY(value_of(port));
  Tensor out = NACRE_TRY(allocate(DType::int64, {static_cast<int64_t>(batch.size()), length}, nullptr, Fill::zero));
  int64_t* row = out.mutable_data<int64_t>().data();
  for (const Encoding* encoding : batch) {
    for (size_t token = 0; token < encoding->size(); ++token) row[token] = value(*encoding, token);
    row += length;
  }
  return out;
}

/// Texts from short to long, so that neighbours need little padding.
std::vector<size_t> by_length(const std::vector<Encoding>& encodings) {
  std::vector<size_t> order(encodings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(encodings[a].size(), a) < std::pair(encodings[b].size(), b); });
  return order;
}

/// How many of the texts, sorted by length, run together from `begin` on.
size_t batch_size(const std::vector<Encoding>& encodings, std::span<const size_t> rest, int64_t most_tokens) {
  size_t count = 1;
  while (count < rest.size() && static_cast<int64_t>((count + 1) * encodings[rest[count]].size()) <= most_tokens) ++count;
  return count;
}

}  // namespace

Embedder Embedder::load(const std::filesystem::path& directory, const EmbedOptions& options) {
  SentenceModel model = unwrap(read_sentence_model(directory.string()));
  if (options.pooling) model.pooling = *options.pooling;
  if (options.normalise) model.normalise = *options.normalise;
  if (options.max_length > 0) model.max_length = options.max_length;
  Tokenizer tokenizer = unwrap(Tokenizer::load(model.encoder));
  Session session = Session::load(model.encoder, options.session);
  const Port* port = unwrap(token_output(session));
  auto state = std::make_shared<State>(State{std::move(tokenizer), session, std::move(model), options, port->name,
                                             port->sizes.empty() ? 0 : std::max<int64_t>(port->sizes.back(), 0)});
  return Embedder(std::move(state));
}

namespace {

/// One run: encodings to rows of `vectors`, which is made at the first run when the number of components shows.
class Batches {
 public:
  Batches(const Session& session, const std::string& output, const SentenceModel& model, const RunOptions& options)
      : session_(session), output_(output), model_(model), options_(options) {}

  Result<void> run(const std::vector<Encoding>& encodings, std::span<const size_t> texts, Tensor& vectors) {
    std::vector<const Encoding*> batch;
    for (const size_t text : texts) batch.push_back(&encodings[text]);
    const auto length = static_cast<int64_t>(std::max<size_t>(batch.back()->size(), 1));
    Inputs inputs;
    for (const Port& port : session_.inputs()) inputs.emplace_back(port.name, NACRE_TRY(batch_input(port, batch, length)));
    const Outputs outputs = session_.run(inputs, options_);
    const Tensor& hidden = outputs[output_];
    const auto count = static_cast<int64_t>(texts.size());
    if (hidden.dtype() != DType::float32 || hidden.rank() != 3 || hidden.shape()[0] != count || hidden.shape()[1] != length)
      return fail(ErrorCode::invalid_model, "output '", output_, "' is ", describe(hidden), ", expected float32[", count, ",", length,
                  ",?]");
    const int64_t features = hidden.shape()[2];
    if (vectors.rank() != 2) vectors = NACRE_TRY(allocate(DType::float32, {static_cast<int64_t>(encodings.size()), features}));
    const std::span<float> rows = vectors.mutable_data<float>();
    for (size_t i = 0; i < texts.size(); ++i) {
      float* row = rows.data() + static_cast<int64_t>(texts[i]) * features;
      pool(model_.pooling, hidden.data<float>().data() + static_cast<int64_t>(i) * length * features,
           static_cast<int64_t>(batch[i]->size()), features, row);
      if (model_.normalise) normalise(row, features);
    }
    return {};
  }

 private:
  const Session& session_;
  const std::string& output_;
  const SentenceModel& model_;
  const RunOptions& options_;
};

}  // namespace

Embeddings Embedder::embed(std::span<const std::string> texts, const RunOptions& run) const {
  const State& s = *state_;
  std::vector<TextInput> inputs;
  for (const std::string& text : texts) inputs.push_back({text, {}});
  const EncodeOptions encode{.truncation = Truncation{.max_length = static_cast<size_t>(s.model.max_length)},
                             .replace_invalid = s.options.replace_invalid};
  const std::vector<Encoding> encodings = unwrap(s.tokenizer.encode_batch(inputs, encode));
  Embeddings out;
  if (texts.empty()) return out.vectors = Tensor(DType::float32, {0, s.dimensions}), out;
  for (size_t i = 0; i < encodings.size(); ++i) {
    out.tokens += static_cast<int64_t>(encodings[i].size());
    if (!encodings[i].overflow.empty()) out.truncated.push_back(i);
  }
  const std::vector<size_t> order = by_length(encodings);
  Batches batches(s.session, s.output, s.model, run);
  for (std::span<const size_t> rest = order; !rest.empty();) {
    const size_t count = batch_size(encodings, rest, s.options.batch_tokens);
    if (Result<void> done = batches.run(encodings, rest.first(count), out.vectors); !done) throw std::move(done).error();
    rest = rest.subspan(count);
  }
  return out;
}

int64_t Embedder::dimensions() const noexcept { return state_->dimensions; }
int64_t Embedder::max_length() const noexcept { return state_->model.max_length; }
Pooling Embedder::pooling() const noexcept { return state_->model.pooling; }
bool Embedder::normalises() const noexcept { return state_->model.normalise; }
const Session& Embedder::session() const noexcept { return state_->session; }

}  // namespace nacre
