// The modules of a sentence-transformers directory, in their order behind the encoder, with their settings read and checked.
// https://www.sbert.net/docs/package_reference/sentence_transformer/models.html
//
//     SentenceModules model = NACRE_TRY(read_sentence_modules(directory));
//     for (const SentenceModule& module : model.modules)
//       if (module.kind == SentenceModule::Kind::dense) y = dense(y, *module.weight, module.bias, module.activation);
//     std::string text = model.prompts.at("query") + question;
#pragma once

#include <map>
#include <optional>

#include "importers/huggingface/directory.h"
#include "nacre/embed.h"

namespace nacre {

struct SentenceModule {
  enum class Kind : uint8_t { pooling, dense, layer_norm, normalise, splade_pooling };
  Kind kind = Kind::pooling;
  std::string directory;  ///< of its config.json, absolute or as the model's was given

  std::vector<Pooling> pooling;  ///< pooling: the modes that are on; their vectors are concatenated in this order
  bool include_prompt = true;    ///< pooling: tokens of the prompt count

  std::optional<Tensor> weight, bias;  ///< dense: float32 [out, in], [out]; layer_norm: [features] each
  std::string activation;              ///< dense: "tanh", "identity", "relu", "gelu", "sigmoid"

  bool sum = false;          ///< splade_pooling: sum over the tokens instead of max
  bool log1p_twice = false;  ///< splade_pooling: activation "log1p_relu"
};

/// What ColBERT's code does around the model.
struct LateInteraction {
  std::string query_marker, document_marker;         ///< tokens that stand behind the first one
  int64_t query_length = 32, document_length = 220;  ///< tokens, special ones included
  bool expands_queries = true;                       ///< with mask tokens, up to query_length
  bool attends_to_masks = false;
  std::vector<std::string> skipped;  ///< their tokens' vectors are left out of documents
  bool skips_texts = false;          ///< `skipped` are texts, whose first tokens count, instead of tokens
};

struct SentenceModules {
  std::string encoder;                         ///< directory of config.json, weights and tokenizer
  int64_t max_length = 512;                    ///< tokens, special ones included
  bool is_static = false;                      ///< a table of word vectors: texts have no special tokens and any length
  bool lower_case = false;                     ///< texts are lower-cased before the tokenizer sees them
  std::vector<SentenceModule> modules;         ///< behind the encoder, in order
  std::map<std::string, std::string> prompts;  ///< by name; of config_sentence_transformers.json
  std::string default_prompt;                  ///< a key of `prompts`; empty: none
  std::optional<LateInteraction> late;         ///< of artifact.metadata, or of config_sentence_transformers.json as PyLate writes it
  std::string similarity;                      ///< "cosine", "dot", "euclidean", "manhattan"; empty where the files do not say
};

/// The longest text of an encoder with this config.json: RoBERTa and its kin number positions from pad_token_id + 1 on.
Result<int64_t> usable_positions(const Json& config);

/// Without modules.json: the directory is the encoder, pooled by mean, as sentence-transformers does.
Result<SentenceModules> read_sentence_modules(const ModelDirectory& directory);

}  // namespace nacre
