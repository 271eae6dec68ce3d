// WordPiece decoder: pieces with the prefix join the word before, others get a space; clean-up takes back the spaces that
// English tokenisation put before punctuation.
#include <array>
#include <utility>

#include "text/component.h"

namespace nacre {
namespace {

// The reference's list, in its order: https://github.com/huggingface/tokenizers, decoders/wordpiece.rs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kCleanups{{{" .", "."},
                                                                                   {" ?", "?"},
                                                                                   {" !", "!"},
                                                                                   {" ,", ","},
                                                                                   {" ' ", "'"},
                                                                                   {" n't", "n't"},
                                                                                   {" 'm", "'m"},
                                                                                   {" do not", " don't"},
                                                                                   {" 's", "'s"},
                                                                                   {" 've", "'ve"},
                                                                                   {" 're", "'re"}}};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

class WordPieceDecoder final : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}

  void apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0 && token.starts_with(prefix_)) {
        token.erase(0, prefix_.size());
      } else if (i > 0) {
        token.insert(0, 1, ' ');
      }
      if (!cleanup_) continue;
      for (const auto& [from, to] : kCleanups) replace_all(token, from, to);
    }
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
