// Dense embeddings: encoder, then the modules of sentence-transformers. https://www.sbert.net
#include "nacre/embed.h"

#include <algorithm>
#include <cmath>

#include "core/allocate.h"
#include "io/safetensors.h"
#include "pipelines/late_interaction.h"
#include "pipelines/pooling.h"
#include "pipelines/text_model.h"

namespace nacre {

struct Embedder::State {
  TextModel model;
  SentenceModules modules;
  std::optional<LateTokens> late;
  std::string output;  // of the session: one vector per token
  std::string prompt;  // before every text
  int64_t prompt_tokens = 0;
  int64_t dimensions = 0;  // of the vectors; 0: not known
  int64_t kept = 0;        // Matryoshka; 0: all
};

namespace {

using Kind = SentenceModule::Kind;

bool has_module(const SentenceModules& modules, Kind kind) {
  return std::any_of(modules.modules.begin(), modules.modules.end(), [&](const SentenceModule& each) { return each.kind == kind; });
}

/// ColBERT's checkpoints have the last layer among the encoder's weights. Vectors of tokens are compared by cosine.
Result<void> add_colbert_layer(const ModelDirectory& directory, SentenceModules& modules) {
  SentenceModule dense{
      .kind = Kind::dense, .directory = directory.path(), .pooling = {}, .weight = {}, .bias = {}, .activation = "identity"};
  const Safetensors weights = NACRE_TRY(load_safetensors(directory.file("model.safetensors")));
  const Tensor* weight = weights.find("linear.weight");
  if (!weight || weight->rank() != 2 || weight->dtype() != DType::float32)
    return fail(ErrorCode::invalid_model, directory.path(), ": HF_ColBERT without a float32 matrix linear.weight");
  dense.weight = *weight;
  modules.modules = {std::move(dense)};
  return {};
}

Result<bool> is_colbert(const ModelDirectory& directory) {
  const Json config = NACRE_TRY(directory.json_or_empty("config.json"));
  if (!config.has("architectures")) return false;
  const std::vector<std::string> names = NACRE_TRY(NACRE_TRY(config.at("architectures")).texts());
  return !names.empty() && names[0] == "HF_ColBERT";
}

/// The modules as the directory has them, and what the caller wants otherwise.
Result<SentenceModules> read_modules(const ModelDirectory& directory, const EmbedOptions& options) {
  SentenceModules out = NACRE_TRY(read_sentence_modules(directory));
  const bool colbert = NACRE_TRY(is_colbert(directory));
  if (colbert) NACRE_TRY(add_colbert_layer(directory, out));
  const bool late = !has_module(out, Kind::pooling) && has_module(out, Kind::dense);  // PyLate's directories have no pooling
  if (late && !has_module(out, Kind::normalise)) out.modules.push_back({.kind = Kind::normalise});
  if (options.pooling) std::erase_if(out.modules, [](const SentenceModule& each) { return each.kind == Kind::pooling; });
  if (options.pooling && *options.pooling != Pooling::none)
    out.modules.insert(out.modules.begin(),
                       SentenceModule{.kind = Kind::pooling, .directory = directory.path(), .pooling = {*options.pooling}});
  if (options.normalise) std::erase_if(out.modules, [](const SentenceModule& each) { return each.kind == Kind::normalise; });
  if (options.normalise.value_or(false)) out.modules.push_back({.kind = Kind::normalise});
  return out;
}

Result<std::string> choose_prompt(const SentenceModules& modules, const EmbedOptions& options) {
  if (!options.prompt.empty() && !options.prompt_name.empty())
    return fail(ErrorCode::invalid_argument, "both a prompt and the name of one are given");
  const std::string& name = options.prompt_name.empty() && options.prompt.empty() ? modules.default_prompt : options.prompt_name;
  if (name.empty()) return options.prompt;
  if (const auto found = modules.prompts.find(name); found != modules.prompts.end()) return found->second;
  std::string known;
  for (const auto& [each, text] : modules.prompts) known += cat(known.empty() ? "" : ", ", each);
  return fail(ErrorCode::not_found, "the model has no prompt \"", name, "\"; it has ", known.empty() ? "none" : known);
}

/// Tokens that stand for the prompt, the special ones before it included.
Result<int64_t> count_prompt(const Tokenizer& tokenizer, const std::string& prompt) {
  if (prompt.empty()) return 0;
  const Encoding encoding = NACRE_TRY(tokenizer.encode(prompt));
  const bool ends = encoding.size() > 0 && encoding.special_tokens_mask.back();
  return static_cast<int64_t>(encoding.size()) - ends;
}

int64_t width_of(const Session& session, const std::string& output, const SentenceModules& modules) {
  int64_t width = 0;
  for (const Port& port : session.outputs())
    if (port.name == output && !port.sizes.empty()) width = std::max<int64_t>(port.sizes.back(), 0);
  for (const SentenceModule& module : modules.modules) {
    if (module.kind == Kind::pooling) width *= static_cast<int64_t>(module.pooling.size());
    if (module.kind == Kind::dense) width = module.weight->shape()[0];
  }
  return width;
}

}  // namespace

Embedder Embedder::load(const std::filesystem::path& directory, const EmbedOptions& options) {
  const ModelDirectory place = unwrap(ModelDirectory::open(directory.string()));
  SentenceModules modules = unwrap(read_modules(place, options));
  if (has_module(modules, Kind::splade_pooling))
    throw Error(ErrorCode::unsupported, "the directory holds a SPLADE model, whose vectors are sparse",
                "use `nacre embed --kind sparse` for it");
  const bool any_class = place.has("modules.json") || unwrap(is_colbert(place));
  TextModel model =
      unwrap(TextModel::load(modules.encoder,
                             {.session = options.session,
                              .max_length = options.max_length > 0 ? std::min(options.max_length, modules.max_length) : modules.max_length,
                              .batch_tokens = options.batch_tokens,
                              .replace_invalid = options.replace_invalid},
                             any_class ? "" : "Model"));
  constexpr std::string_view names[] = {"last_hidden_state", "token_embeddings"};
  std::string output = unwrap(find_output(model.session, names, 3, "a vector for each token (a classifier is no embedding model)"));
  std::string prompt = unwrap(choose_prompt(modules, options));
  const int64_t prompt_tokens = unwrap(count_prompt(model.tokenizer, prompt)), width = width_of(model.session, output, modules);
  if (options.dimensions < 0 || (width > 0 && options.dimensions > width))
    throw Error(ErrorCode::invalid_argument, cat(options.dimensions, " dimensions of vectors that have ", width));
  const int64_t dimensions = options.dimensions > 0 ? options.dimensions : width;
  std::optional<LateTokens> late;
  if (modules.late && !has_module(modules, Kind::pooling)) late = unwrap(LateTokens::make(*modules.late, model, options.max_length));
  return Embedder(std::make_shared<State>(State{std::move(model), std::move(modules), std::move(late), std::move(output), std::move(prompt),
                                                prompt_tokens, dimensions, options.dimensions}));
}

namespace {

/// The text's vectors after all modules.
Result<Vectors> finish(Vectors vectors, const SentenceModules& modules, int64_t skipped, int64_t kept) {
  for (const SentenceModule& module : modules.modules) NACRE_TRY(apply_module(module, vectors, skipped));
  if (kept == 0 || kept >= vectors.features) return vectors;
  Vectors cut{.values = {}, .rows = vectors.rows, .features = kept};
  for (int64_t row = 0; row < vectors.rows; ++row) {
    const auto begin = vectors.values.begin() + row * vectors.features;
    cut.values.insert(cut.values.end(), begin, begin + kept);
    if (has_module(modules, Kind::normalise)) normalise(cut.values.data() + row * kept, kept);
  }
  return cut;
}

/// A matrix for each text, or all of them as rows of one.
Result<void> put(Embeddings& out, size_t text, size_t texts, const Vectors& vectors, bool pooled) {
  Tensor* target = pooled ? &out.vectors : &out.matrices[text];
  if (!pooled || target->rank() != 2)
    *target = NACRE_TRY(allocate(DType::float32, {pooled ? static_cast<int64_t>(texts) : vectors.rows, vectors.features}));
  float* row = target->mutable_data<float>().data() + (pooled ? static_cast<int64_t>(text) * vectors.features : 0);
  std::copy(vectors.values.begin(), vectors.values.end(), row);
  return {};
}

/// The vectors of these tokens.
Vectors chosen(const Vectors& vectors, const std::vector<size_t>& tokens) {
  Vectors out{.values = {}, .rows = static_cast<int64_t>(tokens.size()), .features = vectors.features};
  for (const size_t token : tokens) {
    const auto begin = vectors.values.begin() + static_cast<int64_t>(token) * vectors.features;
    out.values.insert(out.values.end(), begin, begin + vectors.features);
  }
  return out;
}

}  // namespace

Embeddings Embedder::embed(std::span<const std::string> texts, const RunOptions& run) const {
  return embed_as(TextRole::document, texts, run);
}
Embeddings Embedder::embed_queries(std::span<const std::string> texts, const RunOptions& run) const {
  return embed_as(TextRole::query, texts, run);
}

Embeddings Embedder::embed_as(TextRole role, std::span<const std::string> texts, const RunOptions& run) const {
  const State& s = *state_;
  std::vector<std::string> changed;
  const bool changes = !s.prompt.empty() || s.modules.lower_case;
  for (const std::string& text : changes ? texts : std::span<const std::string>())
    changed.push_back(s.modules.lower_case ? lower_cased(s.prompt + text) : s.prompt + text);
  std::vector<TextInput> inputs;
  for (const std::string& text : changes ? std::span<const std::string>(changed) : texts) inputs.push_back({text, {}});
  const std::vector<Encoding> encodings = unwrap(s.late ? s.late->encode(s.model, inputs, role) : s.model.encode(inputs));
  const bool pooled = has_module(s.modules, Kind::pooling);
  Embeddings out;
  if (!pooled) out.matrices.resize(texts.size());
  if (texts.empty()) return out.vectors = Tensor(DType::float32, {0, s.dimensions}), out;
  for (size_t i = 0; i < encodings.size(); ++i) {
    out.tokens += static_cast<int64_t>(encodings[i].size());
    if (!encodings[i].overflow.empty()) out.truncated.push_back(i);
  }
  unwrap(s.model.run(encodings, run, [&](const Batch& batch) -> Result<void> {
    const Tensor hidden = NACRE_TRY(batch.output(s.output, 3));
    const int64_t features = hidden.shape()[2];
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const auto tokens = static_cast<int64_t>(encodings[batch.texts[row]].size());
      const float* first = hidden.data<float>().data() + static_cast<int64_t>(row) * batch.length * features;
      Vectors vectors{.values = {first, first + tokens * features}, .rows = tokens, .features = features};
      if (s.late) vectors = chosen(vectors, s.late->kept(encodings[batch.texts[row]], role));
      NACRE_TRY(
          put(out, batch.texts[row], texts.size(), NACRE_TRY(finish(std::move(vectors), s.modules, s.prompt_tokens, s.kept)), pooled));
    }
    return {};
  }));
  return out;
}

bool Embedder::has_roles() const noexcept { return state_->late.has_value(); }
int64_t Embedder::dimensions() const noexcept { return state_->dimensions; }
int64_t Embedder::max_length() const noexcept { return state_->model.max_length; }
Pooling Embedder::pooling() const noexcept {
  for (const SentenceModule& module : state_->modules.modules)
    if (module.kind == Kind::pooling) return module.pooling.empty() ? Pooling::mean : module.pooling[0];
  return Pooling::none;
}
bool Embedder::normalises() const noexcept { return has_module(state_->modules, Kind::normalise); }
const Session& Embedder::session() const noexcept { return state_->model.session; }
std::vector<std::string> Embedder::prompt_names() const {
  std::vector<std::string> out;
  for (const auto& [name, text] : state_->modules.prompts) out.push_back(name);
  return out;
}

Int8Vector to_int8(std::span<const float> vector) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(value));
  Int8Vector out{.values = {}, .scale = largest > 0 && std::isfinite(largest) ? largest / 127 : 1};
  for (const float value : vector) out.values.push_back(static_cast<int8_t>(std::clamp(std::round(value / out.scale), -127.0f, 127.0f)));
  return out;
}

std::vector<uint8_t> to_binary(std::span<const float> vector) {
  std::vector<uint8_t> out((vector.size() + 7) / 8);
  for (size_t i = 0; i < vector.size(); ++i)
    if (vector[i] > 0) out[i / 8] = static_cast<uint8_t>(out[i / 8] | 0x80u >> i % 8);
  return out;
}

double max_similarity(const Tensor& query, const Tensor& document) {
  if (query.rank() != 2 || document.rank() != 2 || query.shape()[1] != document.shape()[1])
    throw Error(ErrorCode::invalid_argument, cat("vectors of tokens ", describe(query), " against ", describe(document)));
  const auto width = static_cast<size_t>(query.shape()[1]);
  double sum = 0;
  for (size_t q = 0; q < static_cast<size_t>(query.shape()[0]); ++q) {
    double best = -INFINITY;
    for (size_t d = 0; d < static_cast<size_t>(document.shape()[0]); ++d) {
      double product = 0;
      for (size_t i = 0; i < width; ++i)
        product += static_cast<double>(query.data<float>()[q * width + i]) * document.data<float>()[d * width + i];
      best = std::max(best, product);
    }
    sum += document.shape()[0] > 0 ? best : 0;
  }
  return sum;
}

}  // namespace nacre
