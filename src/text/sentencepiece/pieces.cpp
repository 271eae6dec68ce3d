#include "text/sentencepiece/pieces.h"

#include <algorithm>
#include <cmath>

#include "text/decoding.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr size_t kMostBytes = Vocabulary::kMostBytes / 2;

/// https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/xlm_roberta/tokenization_xlm_roberta.py
Result<void> number_as_fairseq(std::vector<sentencepiece::PieceProto>& pieces, bool all) {
  using Kind = SentencePieces::Kind;
  constexpr std::string_view first[] = {"<unk>", "<s>", "</s>"};
  for (size_t i = 0; i < std::size(first); ++i)
    if (i >= pieces.size() || pieces[i].text != first[i])
      return fail(ErrorCode::invalid_model,
                  "sentencepiece.bpe.model: the first pieces are not <unk>, <s>, </s>, which fairseq's numbering needs");
  const auto control = [](std::string_view text) { return sentencepiece::PieceProto{text, 0, Kind::control}; };
  const sentencepiece::PieceProto unknown = pieces[0];
  if (all) {
    pieces[0] = control("<unk>NOTUSED");
    pieces.insert(pieces.begin(), {control("<s>NOTUSED"), control("<pad>"), control("</s>NOTUSED"), unknown});
  } else {
    const sentencepiece::PieceProto start = pieces[1], end = pieces[2];
    pieces.insert(pieces.begin(), control(""));
    pieces[0] = start, pieces[1] = control("<pad>"), pieces[2] = end, pieces[3] = unknown;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const SentencePieces>> SentencePieces::parse(std::span<const std::byte> bytes, Numbering numbering) {
  if (bytes.size() > kMostBytes)
    return fail(ErrorCode::resource_exhausted, "sentencepiece: a model of ", bytes.size(), " bytes, the limit is ", kMostBytes);
  sentencepiece::ModelProto proto = NACRE_TRY(sentencepiece::parse_model(bytes));
  if (numbering != Numbering::own) NACRE_TRY(number_as_fairseq(proto.pieces, numbering == Numbering::fairseq_all));
  auto out = std::make_shared<SentencePieces>();
  out->algorithm = proto.algorithm;
  out->byte_fallback = proto.byte_fallback;
  out->whitespace_is_suffix = proto.whitespace_is_suffix;
  out->add_dummy_prefix = proto.add_dummy_prefix;
  out->remove_extra_whitespaces = proto.remove_extra_whitespaces;
  out->escape_whitespaces = proto.escape_whitespaces;
  if (find_invalid_utf8(proto.unknown_surface)) return fail(ErrorCode::invalid_model, "sentencepiece: unk_surface is not UTF-8");
  out->unknown_surface = proto.unknown_surface;
  out->start = proto.start, out->end = proto.end;
  out->charsmap = NACRE_TRY(Charsmap::load(proto.charsmap));
  NACRE_TRY(out->fill(proto));
  return out;
}

Result<void> SentencePieces::fill(const sentencepiece::ModelProto& proto) {
  std::vector<std::string_view> texts;
  texts.reserve(proto.pieces.size()), scores_.reserve(proto.pieces.size()), kinds_.reserve(proto.pieces.size());
  for (const auto& piece : proto.pieces) {
    texts.push_back(piece.text);
    scores_.push_back(piece.score);
    kinds_.push_back(piece.kind);
  }
  NACRE_TRY(make_vocabulary(texts));
  byte_ids_.assign(256, UINT32_MAX);
  for (uint32_t id = 0; id < texts.size(); ++id) {
    NACRE_TRY(check(id));
    if (kinds_[id] != Kind::user_defined) texts[id] = {};
  }
  if (unknown_ == UINT32_MAX) return fail(ErrorCode::invalid_model, "sentencepiece: none of ", texts.size(), " pieces is the unknown one");
  const auto missing = std::find(byte_ids_.begin(), byte_ids_.end(), UINT32_MAX);
  if (byte_fallback && missing != byte_ids_.end())
    return fail(ErrorCode::invalid_model, "sentencepiece: byte fallback, and no piece for byte ", missing - byte_ids_.begin());
  user_defined_ = PrefixTrie(texts);
  return {};
}

/// A text may be there once as what texts are made of, and once as a control piece or the like.
Result<void> SentencePieces::make_vocabulary(std::span<const std::string_view> texts) {
  vocabulary_ = Vocabulary::of_pieces(texts);
  std::vector<uint32_t> hidden;
  for (uint32_t id = 0; id < texts.size(); ++id) {
    const uint32_t found = vocabulary_.find(texts[id]).value_or(id);
    if (found == id) continue;
    if (is_text(found) == is_text(id))
      return fail(ErrorCode::invalid_model, "sentencepiece: piece ", found, " (\"", texts[id], "\") is there twice");
    hidden.push_back(is_text(id) ? found : id);
  }
  if (hidden.empty()) return {};
  vocabulary_ = Vocabulary::of_pieces(texts, hidden);
  for (const uint32_t id : hidden)
    if (!shadowed_.emplace(piece(id), id).second)
      return fail(ErrorCode::invalid_model, "sentencepiece: piece ", id, " (\"", texts[id], "\") is there twice");
  return {};
}

Result<void> SentencePieces::check(uint32_t id) {
  const std::string_view text = piece(id);
  const auto bad = [&](std::string_view what) { return fail(ErrorCode::invalid_model, "sentencepiece: piece ", id, " ", what); };
  if (text.empty()) return bad("is empty");
  if (find_invalid_utf8(text)) return bad("is not UTF-8");
  if (!std::isfinite(scores_[id])) return bad("has no finite score");
  if (kinds_[id] == Kind::unknown) {
    if (unknown_ != UINT32_MAX) return bad("is a second unknown one");
    unknown_ = id;
  }
  if (kinds_[id] != Kind::byte) return {};
  const auto byte = byte_of_token(text);
  if (!byte) return bad(cat("(\"", text, "\") stands for no byte"));
  byte_ids_[*byte] = id;
  return {};
}

uint32_t SentencePieces::id_of(std::string_view piece) const noexcept {
  const auto shadowed = shadowed_.empty() ? shadowed_.end() : shadowed_.find(piece);
  return shadowed != shadowed_.end() ? shadowed->second : vocabulary_.find(piece).value_or(unknown_);
}

size_t SentencePieces::user_defined_prefix(std::string_view text) const noexcept {
  size_t out = 0;
  const auto text_of = [this](uint32_t id) { return piece(id); };
  user_defined_.walk(text, text_of, [&](size_t length, uint32_t) { out = length; });
  return out;
}

size_t SentencePieces::first_symbol(std::string_view text) const noexcept {
  if (const size_t length = user_defined_prefix(text)) return length;
  const char* at = text.data();
  next_code(at);
  return static_cast<size_t>(at - text.data());
}

}  // namespace nacre
