#include "io/sentencepiece.h"

#include "io/wire.h"

namespace nacre::sentencepiece {
namespace {

bool read_flag(wire::Reader& in) {
  int64_t value = 0;
  in.read(value);
  return value != 0;
}

/// An enumerator between 1 and `last`.
template <class Enum>
Enum read_enum(wire::Reader& in, Enum last, const char* what) {
  int64_t value = 0;
  in.read(value);
  if (value >= 1 && value <= static_cast<int64_t>(last)) return static_cast<Enum>(value);
  if (in.ok()) in.reject(cat(what, " ", value, " is outside [1, ", static_cast<int>(last), "]"));
  return last;
}

PieceProto read_piece(wire::Reader& in) {
  PieceProto out;
  while (in.next()) {
    if (in.field() == 1) {
      in.read(out.text);
    } else if (in.field() == 2) {
      in.read(out.score);
    } else if (in.field() == 3) {
      out.kind = read_enum(in, Kind::byte, "piece type");
    } else {
      in.skip();
    }
  }
  return out;
}

void read_trainer(wire::Reader& in, ModelProto& out) {
  while (in.next()) {
    switch (in.field()) {
      case 3: out.algorithm = read_enum(in, Algorithm::character, "model type"); break;
      case 24: out.whitespace_is_suffix = read_flag(in); break;
      case 35: out.byte_fallback = read_flag(in); break;
      case 44: in.read(out.unknown_surface); break;
      case 46: in.read(out.start); break;
      case 47: in.read(out.end); break;
      default: in.skip();
    }
  }
}

void read_normalizer(wire::Reader& in, ModelProto& out) {
  while (in.next()) {
    switch (in.field()) {
      case 2: in.read(out.charsmap); break;
      case 3: out.add_dummy_prefix = read_flag(in); break;
      case 4: out.remove_extra_whitespaces = read_flag(in); break;
      case 5: out.escape_whitespaces = read_flag(in); break;
      default: in.skip();
    }
  }
}

}  // namespace

Result<ModelProto> parse_model(std::span<const std::byte> bytes) {
  ModelProto out;
  wire::Reader in(bytes, "sentencepiece.ModelProto");
  while (in.next()) {
    if (in.field() == 1) {
      in.nested("SentencePiece", [&] { out.pieces.push_back(read_piece(in)); });
    } else if (in.field() == 2) {
      in.nested("TrainerSpec", [&] { read_trainer(in, out); });
    } else if (in.field() == 3) {
      in.nested("NormalizerSpec", [&] { read_normalizer(in, out); });
    } else {
      in.skip();
    }
  }
  if (!in.ok()) return std::unexpected(in.error());
  return out;
}

}  // namespace nacre::sentencepiece
