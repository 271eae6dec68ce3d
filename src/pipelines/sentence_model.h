// A sentence-transformers directory: which modules follow the encoder and how they are set.
//
//     SentenceModel model = NACRE_TRY(read_sentence_model("models/all-MiniLM-L6-v2"));
//     Session session = Session::load(model.encoder);
#pragma once

#include <string>

#include "core/result.h"
#include "nacre/embed.h"

namespace nacre {

struct SentenceModel {
  std::string encoder;       // directory of config.json, weights and tokenizer
  int64_t max_length = 512;  // tokens, special ones included
  Pooling pooling = Pooling::mean;
  bool normalise = false;
};

/// Without modules.json: the directory is the encoder, pooled by mean, as sentence-transformers does.
Result<SentenceModel> read_sentence_model(const std::string& directory);

}  // namespace nacre
