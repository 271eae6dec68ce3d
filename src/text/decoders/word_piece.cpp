// WordPiece decoder: pieces with the prefix join the word before, others get a space; clean-up takes back the spaces that
// English tokenisation put before punctuation.
#include "text/component.h"
#include "text/decoding.h"

namespace nacre {
namespace {

class WordPieceDecoder final : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0 && token.starts_with(prefix_)) {
        token.erase(0, prefix_.size());
      } else if (i > 0) {
        token.insert(0, 1, ' ');
      }
      if (cleanup_) clean_up(token);
    }
    return {};
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  const std::string_view prefix = NACRE_TRY(json.text("prefix", "##"));
  return std::make_unique<WordPieceDecoder>(std::string(prefix), NACRE_TRY(json.boolean("cleanup", true)));
}

}  // namespace

extern const DecoderType decoder_word_piece;
const DecoderType decoder_word_piece{.type = "WordPiece", .load = load};

}  // namespace nacre
