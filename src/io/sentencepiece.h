// SentencePiece's model file (protobuf ModelProto) as plain structs.
// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
//
//     sentencepiece::ModelProto proto = NACRE_TRY(sentencepiece::parse_model(file.bytes()));
//     for (const auto& piece : proto.pieces) use(piece.text, piece.score);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre::sentencepiece {

enum class Kind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
enum class Algorithm : uint8_t { unigram = 1, bpe = 2, word = 3, character = 4 };

struct PieceProto {
  std::string_view text;
  float score = 0;
  Kind kind = Kind::normal;
};

/// Views into the bytes that were parsed. Of the trainer's settings only those that matter afterwards.
struct ModelProto {
  std::vector<PieceProto> pieces;
  Algorithm algorithm = Algorithm::unigram;
  bool whitespace_is_suffix = false, byte_fallback = false;
  std::string_view start = "<s>", end = "</s>";  ///< the pieces that begin and end texts, perhaps not among `pieces`
  std::string_view unknown_surface = " \xE2\x81\x87 ";
  std::string_view charsmap;
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
};

/// Untrusted bytes; fails (invalid_model).
Result<ModelProto> parse_model(std::span<const std::byte> bytes);

}  // namespace nacre::sentencepiece
