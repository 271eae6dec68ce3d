// WordLevel: every word is a token or unknown.
#include "text/component.h"

namespace nacre {
namespace {

class WordLevel final : public TokenModel {
 public:
  WordLevel(Vocabulary vocabulary, std::string unknown) : vocabulary_(std::move(vocabulary)), unknown_(std::move(unknown)) {}

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    for (uint32_t word = 0; word < words.size(); ++word) {
      const std::string_view content = text.substr(words[word].begin, words[word].size());
      auto id = vocabulary_.find(content);
      if (!id) id = vocabulary_.find(unknown_);
      if (!id)
        return fail(ErrorCode::invalid_model, "\"", content, "\" is not in the vocabulary, and neither is the unknown token \"", unknown_,
                    "\"");
      out.push_back({*id, words[word], word});
    }
    return {};
  }

 private:
  Vocabulary vocabulary_;
  std::string unknown_;
};

Result<std::unique_ptr<const TokenModel>> load(const Json& json) {
  Vocabulary vocabulary = NACRE_TRY(Vocabulary::load(NACRE_TRY(json.at("vocab"))));
  return std::make_unique<WordLevel>(std::move(vocabulary), std::string(NACRE_TRY(json.text("unk_token", "<unk>"))));
}

}  // namespace

extern const ModelType model_word_level;
const ModelType model_word_level{.type = "WordLevel", .load = load};

}  // namespace nacre
