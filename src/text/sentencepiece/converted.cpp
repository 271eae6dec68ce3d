// https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/convert_slow_tokenizer.py, SpmConverter and its kin
#include "text/sentencepiece/converted.h"

#include <charconv>

#include "io/base64.h"
#include "io/json.h"
#include "text/category.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr std::string_view kQuotes = R"({"type": "Replace", "pattern": {"String": "``"}, "content": "\""},
  {"type": "Replace", "pattern": {"String": "''"}, "content": "\""}, )";
constexpr std::string_view kAccents = R"({"type": "NFKD"}, {"type": "StripAccents"}, )";
constexpr std::string_view kLowerCase = R"({"type": "Lowercase"}, )";

std::string strip(bool left) { return cat(R"({"type": "Strip", "strip_left": )", left ? "true" : "false", R"(, "strip_right": true}, )"); }

std::string normalizer(std::string_view charsmap, PieceFamily family, const TokenizerSettings& settings) {
  const std::string precompiled =
      charsmap.empty() ? "" : cat(R"({"type": "Precompiled", "precompiled_charsmap": ")", encode_base64(charsmap), "\"}, ");
  std::string steps;
  if (family == PieceFamily::plain) {
    steps = precompiled + strip(false);
  } else if (family == PieceFamily::deberta) {
    steps = cat(settings.lower_pieces.value_or(false) ? kLowerCase : "", strip(true), precompiled);
  } else {
    const bool lower = settings.lower_pieces.value_or(settings.model_type == "albert");
    steps = cat(kQuotes, settings.keep_accents.value_or(false) ? "" : kAccents, lower ? kLowerCase : "", precompiled);
  }
  const std::string_view space = family == PieceFamily::plain ? "\xE2\x96\x81" : " ";
  return cat(R"({"type": "Sequence", "normalizers": [)", steps, R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": ")", space,
             "\"}]}");
}

std::string metaspace(const TokenizerSettings& settings) {
  const std::string_view prepend = !settings.pieces_prefix.value_or(true) ? "never" : settings.legacy.value_or(true) ? "always" : "first";
  return cat(R"({"type": "Metaspace", "replacement": ")", "\xE2\x96\x81", R"(", "prepend_scheme": ")", prepend, R"(", "split": true})");
}

/// "2010,": ALBERT and XLNet cut such pieces again, which their conversion does by a penalty.
bool is_number_with_comma(std::string_view piece) {
  if (piece.size() < 2 || !piece.ends_with(',')) return false;
  return in_category(code_before(piece, piece.size() - 1), Category::number);
}

std::string vocabulary(const SentencePieces& pieces, bool cuts_numbers) {
  constexpr double penalty = 100;
  std::string out;
  for (uint32_t id = 0; id < pieces.size(); ++id) {
    const double value = pieces.score(id) - (cuts_numbers && is_number_with_comma(pieces.piece(id)) ? penalty : 0);
    char score[32];
    const char* const end = std::to_chars(score, score + sizeof score, value).ptr;
    out += cat(id ? ", [" : "[", json_quoted(pieces.piece(id)), ", ", std::string_view(score, static_cast<size_t>(end - score)), "]");
  }
  return out;
}

}  // namespace

PieceFamily family_of(const SentencePieces& pieces, const TokenizerSettings& settings) {
  const auto has = [&](std::string_view piece) { return pieces.vocabulary().find(piece).has_value(); };
  if (settings.model_type == "albert" || settings.keep_accents) return has("<cls>") ? PieceFamily::xlnet : PieceFamily::albert;
  if (has("<cls>") && has("<sep>")) return PieceFamily::xlnet;
  const bool framed = settings.model_type.empty() && has("[CLS]") && has("[SEP]");
  return framed || settings.model_type == "deberta-v2" ? PieceFamily::deberta : PieceFamily::plain;
}

void add_usual_tokens(PieceFamily family, TokenizerSettings& settings) {
  const bool deberta = family == PieceFamily::deberta;
  if (family == PieceFamily::xlnet)
    for (const char* content : {"<eop>", "<eod>"})
      settings.additional.push_back({.content = content, .normalized = false, .special = true});
  if (family == PieceFamily::plain || settings.role("mask_token")) return;
  settings.roles["mask_token"] = {
      .content = family == PieceFamily::xlnet ? "<mask>" : "[MASK]", .lstrip = !deberta, .normalized = false, .special = true};
}

std::string json_of_pieces(const SentencePieces& pieces, std::string_view charsmap, PieceFamily family, const TokenizerSettings& settings) {
  const std::string spaces = metaspace(settings);
  const std::string words =
      family == PieceFamily::deberta && settings.split_by_punctuation
          ? cat(R"({"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, )", spaces, "]}")
          : spaces;
  return cat(R"({"normalizer": )", normalizer(charsmap, family, settings), R"(, "pre_tokenizer": )", words, R"(, "decoder": )", spaces,
             R"(, "model": {"type": "Unigram", "unk_id": )", pieces.unknown(), R"(, "vocab": [)",
             vocabulary(pieces, family == PieceFamily::albert || family == PieceFamily::xlnet), "]}}");
}

}  // namespace nacre
