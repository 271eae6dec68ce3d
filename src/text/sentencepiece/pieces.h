// A SentencePiece model, and the parts of a tokenizer that are made from it. They share it.
//
//     auto pieces = NACRE_TRY(SentencePieces::parse(file.bytes()));
//     auto normalizer = make_normalizer(pieces);
//     auto model = make_model(pieces);
//     auto decoder = make_decoder(pieces, {});
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "io/sentencepiece.h"
#include "text/charsmap.h"
#include "text/component.h"
#include "text/trie.h"

namespace nacre {

class SentencePieces {
 public:
  using Kind = sentencepiece::Kind;
  using Algorithm = sentencepiece::Algorithm;

  /// How a model numbers the pieces. fairseq's have tokens of their own in front: <s> <pad> </s> <unk> and the fourth piece on
  /// (XLM-RoBERTa), or four and then all pieces (CamemBERT).
  enum class Numbering : uint8_t { own, fairseq, fairseq_all };

  /// Untrusted bytes. Fails (invalid_model) on what SentencePiece itself refuses: no unknown piece, equal or empty ones.
  static Result<std::shared_ptr<const SentencePieces>> parse(std::span<const std::byte> bytes, Numbering numbering = Numbering::own);

  const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
  size_t size() const noexcept { return kinds_.size(); }
  std::string_view piece(uint32_t id) const noexcept { return vocabulary_.token(id); }
  float score(uint32_t id) const noexcept { return scores_[id]; }
  Kind kind(uint32_t id) const noexcept { return kinds_[id]; }
  uint32_t unknown() const noexcept { return unknown_; }
  /// The id of a piece, the unknown one for all that is none.
  uint32_t id_of(std::string_view piece) const noexcept;
  /// Only of pieces that text is made of: normal, user-defined and unused ones.
  std::optional<uint32_t> find_text(std::string_view piece) const noexcept {
    const auto id = vocabulary_.find(piece);
    return id && is_text(*id) ? id : std::nullopt;
  }
  /// Bytes of the longest user-defined piece that the text starts with; 0 when there is none.
  size_t user_defined_prefix(std::string_view text) const noexcept;
  /// User-defined pieces and, where there is none, single code points.
  size_t first_symbol(std::string_view text) const noexcept;
  /// found(length, id) for all of those that the text starts with, the shortest first.
  template <class Found>
  void walk(std::string_view text, Found&& found) const {
    vocabulary_.walk(text, [&](size_t length, uint32_t id) {
      if (is_text(id)) found(length, id);
    });
  }
  uint32_t byte_id(char byte) const noexcept { return byte_ids_[static_cast<unsigned char>(byte)]; }

  Algorithm algorithm = Algorithm::unigram;
  bool byte_fallback = false, whitespace_is_suffix = false;
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
  std::string unknown_surface, start, end;
  Charsmap charsmap;

 private:
  bool is_text(uint32_t id) const noexcept {
    return kinds_[id] == Kind::normal || kinds_[id] == Kind::user_defined || kinds_[id] == Kind::unused;
  }
  Result<void> fill(const sentencepiece::ModelProto& proto);
  Result<void> make_vocabulary(std::span<const std::string_view> texts);
  Result<void> check(uint32_t id);
  Vocabulary vocabulary_;
  std::vector<float> scores_;
  std::vector<Kind> kinds_;
  std::map<std::string_view, uint32_t> shadowed_;  // pieces that are no text, and whose text another piece has
  PrefixTrie user_defined_;
  uint32_t unknown_ = UINT32_MAX;
  std::vector<uint32_t> byte_ids_;
};

/// `before` (may be null) sees the text first.
std::unique_ptr<const Normalizer> make_normalizer(std::shared_ptr<const SentencePieces> pieces,
                                                  std::unique_ptr<const Normalizer> before = nullptr);
std::unique_ptr<const TokenModel> make_model(std::shared_ptr<const SentencePieces> pieces);
/// Control pieces leave no text, those in `shown` excepted.
std::unique_ptr<const Decoder> make_decoder(std::shared_ptr<const SentencePieces> pieces, std::set<std::string, std::less<>> shown);

}  // namespace nacre
