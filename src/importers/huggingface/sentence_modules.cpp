#include "importers/huggingface/sentence_modules.h"

#include <algorithm>
#include <array>

#include "core/allocate.h"
#include "core/convert.h"
#include "core/os/file.h"
#include "importers/huggingface/static_embedding.h"
#include "io/safetensors.h"

namespace nacre {
namespace {

// Keys of 1_Pooling/config.json, in the order in which sentence-transformers concatenates; `word` is "pooling_mode" of newer files.
struct PoolingKey {
  std::string_view key, word;
  Pooling pooling;
};
constexpr PoolingKey kPoolingKeys[] = {{"pooling_mode_cls_token", "cls", Pooling::cls},
                                       {"pooling_mode_max_tokens", "max", Pooling::max},
                                       {"pooling_mode_mean_tokens", "mean", Pooling::mean},
                                       {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::mean_sqrt_len},
                                       {"pooling_mode_weightedmean_tokens", "weightedmean", Pooling::weighted_mean},
                                       {"pooling_mode_lasttoken", "lasttoken", Pooling::last_token}};

Result<SentenceModule> read_pooling(const ModelDirectory& directory) {
  SentenceModule out{.kind = SentenceModule::Kind::pooling, .directory = directory.path()};
  const Json json = NACRE_TRY(directory.json("config.json"));
  const std::string_view word = NACRE_TRY(json.text("pooling_mode", ""));
  for (const PoolingKey& each : kPoolingKeys)
    if (NACRE_TRY(json.boolean(each.key, false)) || word == each.word) out.pooling.push_back(each.pooling);
  if (out.pooling.empty()) return fail(ErrorCode::unsupported, directory.path(), "/config.json: no known pooling mode is on");
  out.include_prompt = NACRE_TRY(json.boolean("include_prompt", true));
  return out;
}

/// "torch.nn.modules.activation.Tanh", "sentence_transformers.models.Pooling": the last part.
std::string_view last_part(std::string_view type) { return type.substr(type.rfind('.') + 1); }

Result<Tensor> as_float32(const Tensor& weight) {
  if (weight.dtype() == DType::float32) return weight;
  if (!is_float(weight.dtype())) return fail(ErrorCode::invalid_model, describe(weight), ", expected floats");
  Tensor out = NACRE_TRY(allocate(DType::float32, weight.shape()));
  NACRE_TRY(convert(weight, out));
  return out;
}

Result<Tensor> dense_weight(const Safetensors& weights, std::string_view name, const Shape& shape, const std::string& place) {
  const Tensor* found = weights.find(name);
  if (!found) return fail(ErrorCode::invalid_model, place, ": weight ", name, " is missing");
  if (found->shape() != shape)
    return fail(ErrorCode::invalid_model, place, ": weight ", name, " has shape ", found->shape(), ", expected ", shape);
  return as_float32(*found);
}

Result<Safetensors> module_weights(const ModelDirectory& directory) {
  if (directory.has("model.safetensors")) return load_safetensors(directory.file("model.safetensors"));
  return fail(ErrorCode::not_found, directory.path(), "/model.safetensors is missing",
              directory.has("pytorch_model.bin") ? "; pytorch_model.bin is a program, which is not run: convert it" : "");
}

Result<SentenceModule> read_dense(const ModelDirectory& directory) {
  SentenceModule out{.kind = SentenceModule::Kind::dense, .directory = directory.path()};
  const Json json = NACRE_TRY(directory.json("config.json"));
  const int64_t in = NACRE_TRY(json.integer("in_features")), features = NACRE_TRY(json.integer("out_features"));
  out.activation = last_part(NACRE_TRY(json.text("activation_function", "Tanh")));
  std::transform(out.activation.begin(), out.activation.end(), out.activation.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array<std::string_view, 5> known{"identity", "tanh", "relu", "gelu", "sigmoid"};
  if (std::find(known.begin(), known.end(), out.activation) == known.end())
    return fail(ErrorCode::unsupported, directory.path(), "/config.json: unknown activation \"", out.activation,
                "\"; known: identity, tanh, relu, gelu, sigmoid");
  const Safetensors weights = NACRE_TRY(module_weights(directory));
  out.weight = NACRE_TRY(dense_weight(weights, "linear.weight", {features, in}, directory.path()));
  if (NACRE_TRY(json.boolean("bias", true))) out.bias = NACRE_TRY(dense_weight(weights, "linear.bias", {features}, directory.path()));
  return out;
}

Result<SentenceModule> read_layer_norm(const ModelDirectory& directory) {
  SentenceModule out{.kind = SentenceModule::Kind::layer_norm, .directory = directory.path()};
  const int64_t features = NACRE_TRY(NACRE_TRY(directory.json("config.json")).integer("dimension"));
  const Safetensors weights = NACRE_TRY(module_weights(directory));
  out.weight = NACRE_TRY(dense_weight(weights, "norm.weight", {features}, directory.path()));
  out.bias = NACRE_TRY(dense_weight(weights, "norm.bias", {features}, directory.path()));
  return out;
}

Result<SentenceModule> read_normalise(const ModelDirectory& directory) {
  return SentenceModule{.kind = SentenceModule::Kind::normalise, .directory = directory.path()};
}

Result<SentenceModule> read_splade_pooling(const ModelDirectory& directory) {
  SentenceModule out{.kind = SentenceModule::Kind::splade_pooling, .directory = directory.path()};
  const Json json = NACRE_TRY(directory.json("config.json"));
  const std::string_view strategy = NACRE_TRY(json.text("pooling_strategy", "max"));
  const std::string_view activation = NACRE_TRY(json.text("activation_function", "relu"));
  if (strategy != "max" && strategy != "sum")
    return fail(ErrorCode::unsupported, directory.path(), "/config.json: pooling_strategy \"", strategy, "\", expected max or sum");
  if (activation != "relu" && activation != "log1p_relu")
    return fail(ErrorCode::unsupported, directory.path(), "/config.json: activation_function \"", activation,
                "\", expected relu or log1p_relu");
  out.sum = strategy == "sum", out.log1p_twice = activation == "log1p_relu";
  return out;
}

struct ModuleRow {
  std::string_view type;
  Result<SentenceModule> (*read)(const ModelDirectory&);  // null: the encoder
};
constexpr ModuleRow kModules[] = {
    {"Transformer", nullptr}, {"MLMTransformer", nullptr},    {"StaticEmbedding", nullptr},  {"Pooling", read_pooling},
    {"Dense", read_dense},    {"LayerNorm", read_layer_norm}, {"Normalize", read_normalise}, {"SpladePooling", read_splade_pooling}};

/// A module's folder may be empty on disk, and version control then leaves it out: it need not exist.
ModelDirectory below(const ModelDirectory& directory, std::string_view path) {
  return path.empty() ? directory : directory.subdirectory(path);
}

Result<void> take_module(const ModelDirectory& directory, const Json& module, SentenceModules& out) {
  const std::string_view type = last_part(NACRE_TRY(module.text("type"))), path = NACRE_TRY(module.text("path", ""));
  if (path.find("..") != path.npos || path.starts_with('/'))
    return fail(ErrorCode::invalid_model, "modules.json: path \"", path, "\" leaves the directory");
  if (type == "Dropout") return {};  // of training
  std::string known;
  for (const ModuleRow& row : kModules) {
    known += cat(known.empty() ? "" : ", ", row.type);
    if (row.type != type) continue;
    const ModelDirectory place = below(directory, path);
    if (!row.read) return out.encoder = place.path(), Result<void>();
    return out.modules.push_back(NACRE_TRY(row.read(place))), Result<void>();
  }
  return fail(ErrorCode::unsupported, "modules.json: unknown module \"", type, "\"; known: ", known);
}

constexpr int64_t kUnlimited = int64_t{1} << 40;

Result<void> read_limits(const ModelDirectory& encoder, SentenceModules& out) {
  const Json config = NACRE_TRY(encoder.json_or_empty("config.json"));
  const Json sentence = NACRE_TRY(encoder.json_or_empty("sentence_bert_config.json"));
  const Json tokenizer = NACRE_TRY(encoder.json_or_empty("tokenizer_config.json"));
  out.lower_case = NACRE_TRY(sentence.boolean("do_lower_case", false));
  out.is_static = is_static_embedding(encoder);
  if (out.is_static) return out.max_length = kUnlimited, Result<void>();
  const int64_t positions = NACRE_TRY(usable_positions(config));
  if (sentence.has("max_seq_length"))
    return out.max_length = std::min(NACRE_TRY(sentence.integer("max_seq_length")), positions), Result<void>();
  const double stated = NACRE_TRY(tokenizer.real("model_max_length", 1e30));  // 1e30: transformers' word for "not known"
  out.max_length = stated < static_cast<double>(positions) ? static_cast<int64_t>(stated) : positions;
  return {};
}

constexpr std::string_view kPunctuation = R"(!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~)";

/// https://github.com/stanford-futuredata/ColBERT/blob/main/colbert/infra/config/settings.py
Result<LateInteraction> read_artifact(const Json& json) {
  LateInteraction out;
  out.query_marker = NACRE_TRY(json.text("query_token_id", "[unused0]"));
  out.document_marker = NACRE_TRY(json.text("doc_token_id", "[unused1]"));
  out.query_length = NACRE_TRY(json.integer("query_maxlen", 32));
  out.document_length = NACRE_TRY(json.integer("doc_maxlen", 220));
  out.attends_to_masks = NACRE_TRY(json.boolean("attend_to_mask_tokens", false));
  out.skips_texts = true;
  if (NACRE_TRY(json.boolean("mask_punctuation", true)))
    for (const char letter : kPunctuation) out.skipped.emplace_back(1, letter);
  return out;
}

/// https://github.com/lightonai/pylate/blob/main/pylate/models/colbert.py
Result<LateInteraction> read_pylate(const Json& json) {
  LateInteraction out;
  out.query_marker = NACRE_TRY(json.text("query_prefix", "[Q] "));
  out.document_marker = NACRE_TRY(json.text("document_prefix", "[D] "));
  out.query_length = NACRE_TRY(json.integer("query_length", 32));
  out.document_length = NACRE_TRY(json.integer("document_length", 180));
  out.expands_queries = NACRE_TRY(json.boolean("do_query_expansion", true));
  out.attends_to_masks = NACRE_TRY(json.boolean("attend_to_expansion_tokens", false));
  if (json.has("skiplist_words"))
    out.skipped = NACRE_TRY(NACRE_TRY(json.at("skiplist_words")).texts());
  else
    for (const char letter : kPunctuation) out.skipped.emplace_back(1, letter);
  return out;
}

Result<void> read_late_interaction(const ModelDirectory& directory, SentenceModules& out) {
  const Json json = NACRE_TRY(directory.json_or_empty("config_sentence_transformers.json"));
  if (directory.has("artifact.metadata")) {
    out.late = NACRE_TRY(read_artifact(NACRE_TRY(directory.json("artifact.metadata"))));
  } else if (json.has("query_prefix") || json.has("query_length") || json.has("skiplist_words")) {
    out.late = NACRE_TRY(read_pylate(json));
  }
  constexpr int64_t least = 3, most = 1 << 20;  // start, marker, end
  for (const int64_t length : {out.late ? out.late->query_length : least, out.late ? out.late->document_length : least})
    if (length < least || length > most)
      return fail(ErrorCode::invalid_model, directory.path(), ": queries or documents of ", length, " tokens, outside [", least, ", ", most,
                  "]");
  return {};
}

Result<void> read_prompts(const ModelDirectory& directory, SentenceModules& out) {
  const Json json = NACRE_TRY(directory.json_or_empty("config_sentence_transformers.json"));
  if (json.has("prompts"))
    for (const auto& [name, text] : NACRE_TRY(NACRE_TRY(json.at("prompts")).entries()))
      if (!text.is_null()) out.prompts[std::string(name)] = NACRE_TRY(text.text());
  out.default_prompt = NACRE_TRY(json.text("default_prompt_name", ""));
  out.similarity = NACRE_TRY(json.text("similarity_fn_name", ""));
  if (!out.default_prompt.empty() && !out.prompts.contains(out.default_prompt))
    return fail(ErrorCode::invalid_model, "config_sentence_transformers.json: default_prompt_name \"", out.default_prompt,
                "\" is not among the prompts");
  return {};
}

}  // namespace

Result<int64_t> usable_positions(const Json& config) {
  const int64_t positions = NACRE_TRY(config.integer("max_position_embeddings", 512));
  const std::string_view type = NACRE_TRY(config.text("model_type", ""));
  constexpr std::array<std::string_view, 11> offset{"roberta",       "xlm-roberta",          "camembert",  "mpnet", "xlm-roberta-xl",
                                                    "data2vec-text", "roberta-prelayernorm", "longformer", "esm",   "luke",
                                                    "ibert"};
  const bool padded = std::find(offset.begin(), offset.end(), type) != offset.end();
  const int64_t used = padded ? NACRE_TRY(config.integer("pad_token_id", 1)) + 1 : 0;
  if (positions - used < 1)
    return fail(ErrorCode::invalid_model, "config.json: max_position_embeddings ", positions, " leaves no position");
  return positions - used;
}

Result<SentenceModules> read_sentence_modules(const ModelDirectory& directory) {
  SentenceModules out{.encoder = directory.path()};
  if (directory.has("modules.json")) {
    for (const Json& module : NACRE_TRY(NACRE_TRY(directory.json("modules.json")).elements()))
      NACRE_TRY(take_module(directory, module, out));
  } else {
    out.modules.push_back({.kind = SentenceModule::Kind::pooling, .directory = directory.path(), .pooling = {Pooling::mean}});
  }
  NACRE_TRY(read_limits(NACRE_TRY(ModelDirectory::open(out.encoder)), out));
  // A static model gives the mean of its words' vectors.
  if (out.is_static && directory.has("modules.json"))
    out.modules.insert(out.modules.begin(), {.kind = SentenceModule::Kind::pooling, .directory = out.encoder, .pooling = {Pooling::mean}});
  NACRE_TRY(read_prompts(directory, out));
  NACRE_TRY(read_late_interaction(directory, out));
  return out;
}

}  // namespace nacre
