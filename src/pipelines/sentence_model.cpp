#include "pipelines/sentence_model.h"

#include <algorithm>

#include "core/os/file.h"
#include "io/json.h"

namespace nacre {
namespace {

Result<Json> read_json(const std::string& path) {
  const MappedFile file = NACRE_TRY(map_file(path));
  Result<Json> out = parse_json(file.text());
  if (!out) out.error().within(path);
  return out;
}

/// An absent file is an empty object.
Result<Json> read_optional(const std::string& path) { return is_file(path) ? read_json(path) : parse_json("{}"); }

// Keys of 1_Pooling/config.json. https://www.sbert.net/docs/package_reference/sentence_transformer/models.html
struct PoolingKey {
  const char* key;
  Pooling pooling;
};
constexpr PoolingKey kPoolingKeys[] = {{"pooling_mode_cls_token", Pooling::cls},
                                       {"pooling_mode_max_tokens", Pooling::max},
                                       {"pooling_mode_mean_tokens", Pooling::mean},
                                       {"pooling_mode_mean_sqrt_len_tokens", Pooling::mean_sqrt_len},
                                       {"pooling_mode_weightedmean_tokens", Pooling::weighted_mean},
                                       {"pooling_mode_lasttoken", Pooling::last_token}};

Result<Pooling> read_pooling(const std::string& directory) {
  const Json json = NACRE_TRY(read_json(directory + "/config.json"));
  std::vector<Pooling> modes;
  for (const PoolingKey& each : kPoolingKeys)
    if (NACRE_TRY(json.boolean(each.key, false))) modes.push_back(each.pooling);
  if (modes.size() == 1) return modes[0];
  return fail(ErrorCode::unsupported, directory, "/config.json: ", modes.size(), " pooling modes are on, expected one");
}

Result<int64_t> read_max_length(const std::string& encoder) {
  const Json config = NACRE_TRY(read_optional(encoder + "/config.json"));
  const Json sentence = NACRE_TRY(read_optional(encoder + "/sentence_bert_config.json"));
  const Json tokenizer = NACRE_TRY(read_optional(encoder + "/tokenizer_config.json"));
  const int64_t positions = NACRE_TRY(config.integer("max_position_embeddings", 512));
  if (sentence.has("max_seq_length")) return std::min(NACRE_TRY(sentence.integer("max_seq_length")), positions);
  const double stated = NACRE_TRY(tokenizer.real("model_max_length", 1e30));  // 1e30: transformers' word for "not known"
  return stated < static_cast<double>(positions) ? static_cast<int64_t>(stated) : positions;
}

/// "sentence_transformers.models.Pooling", "sentence_transformers.models.transformer.Transformer": the last part.
std::string_view last_part(std::string_view type) { return type.substr(type.rfind('.') + 1); }

Result<void> take_module(const std::string& directory, const Json& module, SentenceModel& out) {
  const std::string_view type = last_part(NACRE_TRY(module.text("type"))), path = NACRE_TRY(module.text("path", ""));
  if (path.find("..") != path.npos || path.starts_with('/'))
    return fail(ErrorCode::invalid_model, "modules.json: path \"", path, "\" leaves the directory");
  const std::string place = path.empty() ? directory : cat(directory, "/", path);
  if (type == "Transformer") return out.encoder = place, Result<void>();
  if (type == "Normalize") return out.normalise = true, Result<void>();
  if (type == "Pooling") return out.pooling = NACRE_TRY(read_pooling(place)), Result<void>();
  return fail(ErrorCode::unsupported, "modules.json: unknown module \"", type, "\"; known: Transformer, Pooling, Normalize");
}

}  // namespace

Result<SentenceModel> read_sentence_model(const std::string& directory) {
  SentenceModel out{.encoder = directory};
  if (is_file(directory + "/modules.json"))
    for (const Json& module : NACRE_TRY(NACRE_TRY(read_json(directory + "/modules.json")).elements()))
      NACRE_TRY(take_module(directory, module, out));
  out.max_length = NACRE_TRY(read_max_length(out.encoder));
  return out;
}

}  // namespace nacre
