// What transformers makes of a Unigram SentencePiece model in a directory without tokenizer.json: the pieces stay, normalisation
// and spaces become parts of its own, and some results differ from SentencePiece's.
//
//     const auto proto = NACRE_TRY(sentencepiece::parse_model(file.bytes()));
//     std::string json = NACRE_TRY(json_of_pieces(*pieces, proto.charsmap, family_of(*pieces, settings), settings));   // for parse
#pragma once

#include "text/sentencepiece/pieces.h"
#include "text/tokenizer_files.h"

namespace nacre {

/// Whose normalisation: recognised by config.json and the special pieces, not by class names.
enum class PieceFamily : uint8_t { plain, albert, xlnet, deberta };

PieceFamily family_of(const SentencePieces& pieces, const TokenizerSettings& settings);

/// Settings of a tokenizer.json without added tokens and post-processor.
std::string json_of_pieces(const SentencePieces& pieces, std::string_view charsmap, PieceFamily family, const TokenizerSettings& settings);

/// ALBERT's, XLNet's and DeBERTa's tokens that their files may leave out.
void add_usual_tokens(PieceFamily family, TokenizerSettings& settings);

}  // namespace nacre
