#include "text/component.h"

#include <span>

namespace nacre {

#define NORMALIZER(name) extern const NormalizerType normalizer_##name;
#include "normalizers_rows.inc"
#undef NORMALIZER
#define PRE_TOKENIZER(name) extern const PreTokenizerType pre_tokenizer_##name;
#include "pre_tokenizers_rows.inc"
#undef PRE_TOKENIZER
#define MODEL(name) extern const ModelType model_##name;
#include "models_rows.inc"
#undef MODEL
#define POST_PROCESSOR(name) extern const PostProcessorType post_processor_##name;
#include "post_processors_rows.inc"
#undef POST_PROCESSOR
#define DECODER(name) extern const DecoderType decoder_##name;
#include "decoders_rows.inc"
#undef DECODER

namespace {

const NormalizerType* const kNormalizers[] = {
#define NORMALIZER(name) &normalizer_##name,
#include "normalizers_rows.inc"
#undef NORMALIZER
};
const PreTokenizerType* const kPreTokenizers[] = {
#define PRE_TOKENIZER(name) &pre_tokenizer_##name,
#include "pre_tokenizers_rows.inc"
#undef PRE_TOKENIZER
};
const ModelType* const kModels[] = {
#define MODEL(name) &model_##name,
#include "models_rows.inc"
#undef MODEL
};
const PostProcessorType* const kPostProcessors[] = {
#define POST_PROCESSOR(name) &post_processor_##name,
#include "post_processors_rows.inc"
#undef POST_PROCESSOR
};
const DecoderType* const kDecoders[] = {
#define DECODER(name) &decoder_##name,
#include "decoders_rows.inc"
#undef DECODER
};

template <class Part>
Result<std::unique_ptr<const Part>> load(const Json& settings, std::string_view what, std::span<const PartType<Part>* const> rows,
                                         std::string_view type = {}) {
  if (type.empty()) type = NACRE_TRY(settings.text("type"));
  std::string known;
  for (const auto* row : rows) {
    if (row->type == type) return row->load(settings);
    known += cat(known.empty() ? "" : ", ", row->type);
  }
  return fail(ErrorCode::unsupported, settings.path(), ": unknown ", what, " type \"", type, "\"; known: ", known);
}

/// Files of the first years (GPT-2's and BERT's on the Hub) do not name the model's type: its members tell.
std::string_view type_by_members(const Json& model) {
  if (model.has("merges")) return "BPE";
  if (model.has("vocab") && model.at("vocab")->is_list()) return "Unigram";
  if (!model.has("vocab") || !model.has("unk_token")) return {};
  return model.has("max_input_chars_per_word") && model.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
}

}  // namespace

Result<std::unique_ptr<const Normalizer>> load_normalizer(const Json& settings) {
  return load<Normalizer>(settings, "normalizer", kNormalizers);
}
Result<std::unique_ptr<const PreTokenizer>> load_pre_tokenizer(const Json& settings) {
  return load<PreTokenizer>(settings, "pre-tokenizer", kPreTokenizers);
}
Result<std::unique_ptr<const TokenModel>> load_model(const Json& settings) {
  return load<TokenModel>(settings, "model", kModels, settings.has("type") ? std::string_view() : type_by_members(settings));
}
Result<std::unique_ptr<const PostProcessor>> load_post_processor(const Json& settings) {
  return load<PostProcessor>(settings, "post-processor", kPostProcessors);
}
Result<std::unique_ptr<const Decoder>> load_decoder(const Json& settings) { return load<Decoder>(settings, "decoder", kDecoders); }

}  // namespace nacre
