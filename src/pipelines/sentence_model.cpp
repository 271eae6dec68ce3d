#include "pipelines/sentence_model.h"

#include "importers/huggingface/sentence_modules.h"

namespace nacre {

Result<SentenceModel> read_sentence_model(const std::string& directory) {
  const SentenceModules read = NACRE_TRY(read_sentence_modules(NACRE_TRY(ModelDirectory::open(directory))));
  SentenceModel out{.encoder = read.encoder, .max_length = read.max_length};
  for (const SentenceModule& module : read.modules) {
    if (module.kind == SentenceModule::Kind::normalise) {
      out.normalise = true;
    } else if (module.kind == SentenceModule::Kind::pooling && module.pooling.size() == 1) {
      out.pooling = module.pooling[0];
    } else if (module.kind == SentenceModule::Kind::pooling) {
      return fail(ErrorCode::unsupported, module.directory, ": ", module.pooling.size(), " pooling modes are on, expected one");
    } else {
      return fail(ErrorCode::unsupported, module.directory, ": this module is not run yet; known: Transformer, Pooling, Normalize");
    }
  }
  return out;
}

}  // namespace nacre
