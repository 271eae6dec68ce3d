// SentencePiece's way back from pieces to text.
// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_processor.cc, Decode
#include "text/decoding.h"
#include "text/sentencepiece/pieces.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";

/// Every byte that is part of no character becomes U+FFFD: not the maximal subparts that the rest of the library counts.
std::string text_of_bytes(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const size_t good = find_invalid_utf8(bytes).value_or(bytes.size());
    out += bytes.substr(0, good);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    out += "\uFFFD";
    bytes.remove_prefix(1);
  }
  return out;
}

class SentencePieceDecoder final : public Decoder {
 public:
  SentencePieceDecoder(std::shared_ptr<const SentencePieces> pieces, std::set<std::string, std::less<>> shown)
      : pieces_(std::move(pieces)), shown_(std::move(shown)) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    std::string out, bytes;
    bool at_start = true, space_taken = false;
    for (const std::string& token : tokens) {
      const uint32_t id = pieces_->id_of(token);
      if (pieces_->kind(id) == SentencePieces::Kind::byte) {
        bytes += static_cast<char>(byte_of_token(token).value_or(0));
        continue;
      }
      out += text_of_bytes(bytes);
      bytes.clear();
      if (space_taken || !out.empty()) at_start = false;
      space_taken = false;
      out += surface_of(token, id, at_start, space_taken);
    }
    tokens.assign(1, out + text_of_bytes(bytes));
    return {};
  }

 private:
  std::string surface_of(std::string_view token, uint32_t id, bool at_start, bool& space_taken) const {
    if (shown_.contains(token)) return std::string(token);
    if (pieces_->kind(id) == SentencePieces::Kind::control) return "";
    if (pieces_->kind(id) == SentencePieces::Kind::unknown)
      return pieces_->piece(id) == token ? pieces_->unknown_surface : std::string(token);
    if (at_start && (pieces_->add_dummy_prefix || pieces_->remove_extra_whitespaces) && token.starts_with(kSpaceSymbol)) {
      token.remove_prefix(kSpaceSymbol.size());
      space_taken = !pieces_->remove_extra_whitespaces;  // otherwise the next one's goes too, as long as there is no text
    }
    std::string out(token);
    replace_all(out, kSpaceSymbol, " ");
    return out;
  }

  std::shared_ptr<const SentencePieces> pieces_;
  std::set<std::string, std::less<>> shown_;
};

}  // namespace

std::unique_ptr<const Decoder> make_decoder(std::shared_ptr<const SentencePieces> pieces, std::set<std::string, std::less<>> shown) {
  return std::make_unique<SentencePieceDecoder>(std::move(pieces), std::move(shown));
}

}  // namespace nacre
