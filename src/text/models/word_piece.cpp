// WordPiece: from the left, the longest piece in the vocabulary; a word that cannot be finished is unknown as a whole.
// https://arxiv.org/abs/1609.08144
#include <algorithm>

#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class WordPiece final : public TokenModel {
 public:
  WordPiece(Vocabulary vocabulary, std::string unknown, std::string prefix, size_t most_codes)
      : vocabulary_(std::move(vocabulary)), unknown_(std::move(unknown)), prefix_(std::move(prefix)), most_codes_(most_codes) {
    for (const char byte : prefix_) behind_prefix_.add(byte);
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    std::vector<uint32_t> hashes(vocabulary_.longest());
    for (uint32_t word = 0; word < words.size(); ++word) {
      const size_t before = out.size();
      if (take_pieces(text, words[word], word, hashes, out)) continue;
      out.resize(before);
      const auto id = vocabulary_.find(unknown_);
      if (!id)
        return fail(ErrorCode::invalid_model, "no pieces for \"", text.substr(words[word].begin, words[word].size()),
                    "\", and the unknown token \"", unknown_, "\" is not in the vocabulary");
      out.push_back({*id, words[word], word});
    }
    return {};
  }

 private:
  bool take_pieces(std::string_view text, ByteRange word, uint32_t number, std::vector<uint32_t>& hashes, std::vector<Piece>& out) const {
    if (word.size() > most_codes_ && count_codes(text.substr(word.begin, word.size())) > most_codes_) return false;
    for (uint32_t begin = word.begin; begin < word.end;) {
      const bool first = begin == word.begin;
      const std::string_view head = first ? std::string_view() : prefix_;
      const std::string_view rest = text.substr(begin, std::min<size_t>(word.end - begin, vocabulary_.longest()));
      PrefixHash hash = first ? PrefixHash() : behind_prefix_;
      for (size_t i = 0; i < rest.size(); ++i) hash.add(rest[i]), hashes[i] = hash.value();
      std::optional<uint32_t> id;
      size_t length = rest.size();
      while (length > 0 && !(id = vocabulary_.find(head, rest.substr(0, length), hashes[length - 1]))) --length;
      if (!id) return false;
      out.push_back({*id, {begin, begin + static_cast<uint32_t>(length)}, number});
      begin += static_cast<uint32_t>(length);
    }
    return true;
  }

  Vocabulary vocabulary_;
  std::string unknown_, prefix_;
  size_t most_codes_;
  PrefixHash behind_prefix_;
};

Result<std::unique_ptr<const TokenModel>> load(const Json& json) {
  Vocabulary vocabulary = NACRE_TRY(Vocabulary::load(NACRE_TRY(json.at("vocab"))));
  const std::string unknown(NACRE_TRY(json.text("unk_token", "[UNK]"))), prefix(NACRE_TRY(json.text("continuing_subword_prefix", "##")));
  const int64_t most = NACRE_TRY(json.integer("max_input_chars_per_word", 100));
  return std::make_unique<WordPiece>(std::move(vocabulary), unknown, prefix, static_cast<size_t>(std::max<int64_t>(most, 0)));
}

}  // namespace

extern const ModelType model_word_piece;
const ModelType model_word_piece{.type = "WordPiece", .load = load};

}  // namespace nacre
