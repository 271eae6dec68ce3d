// SentencePiece's normalisation: replacements of the charsmap, white space as U+2581, one in front (or behind).
// https://github.com/google/sentencepiece/blob/master/src/normalizer.cc
#include "text/sentencepiece/pieces.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";

/// The text while it is built, and for every byte of it where the part of the original starts that gave it.
class Builder {
 public:
  Builder(std::string_view input, const SentencePieces& pieces) : input_(input), pieces_(pieces) {}

  /// Stops early when `target` cannot take so much.
  void run(Normalized& target) {
    bool after_space = pieces_.remove_extra_whitespaces;
    if (after_space) skip_spaces();
    if (at_ == input_.size()) return;
    if (!pieces_.whitespace_is_suffix && pieces_.add_dummy_prefix) put(' ');
    while (at_ < input_.size() && !target.exceeds(text_.size())) {
      Part part = next_part();
      while (after_space && part.text.starts_with(' ')) part.text.remove_prefix(1);
      for (const char byte : part.text) put(byte);
      if (!part.text.empty()) after_space = part.text.ends_with(' ');
      if (!pieces_.remove_extra_whitespaces) after_space = false;
      at_ += part.length;
    }
    if (pieces_.remove_extra_whitespaces) drop_trailing();
    if (pieces_.whitespace_is_suffix && pieces_.add_dummy_prefix) put(' ');
  }

  const std::string& text() const noexcept { return text_; }
  /// One entry more than bytes: the end's.
  std::vector<uint32_t> starts() && {
    starts_.push_back(static_cast<uint32_t>(at_));
    return std::move(starts_);
  }

 private:
  struct Part {
    std::string_view text;
    size_t length;  // of the original
  };

  /// What the next bytes of the original become: user-defined pieces stay, the longest replacement wins.
  Part next_part() const {
    const std::string_view rest = input_.substr(at_);
    if (const size_t length = pieces_.user_defined_prefix(rest)) return {rest.substr(0, length), length};
    if (const auto match = pieces_.charsmap.longest(rest)) return {match->text, match->length};
    const char* end = rest.data();
    next_code(end);
    const auto length = static_cast<size_t>(end - rest.data());
    return {rest.substr(0, length), length};
  }

  void skip_spaces() {
    while (at_ < input_.size()) {
      const Part part = next_part();
      if (part.text != " ") return;
      at_ += part.length;
    }
  }

  void put(char byte) {
    const std::string_view written = byte == ' ' && pieces_.escape_whitespaces ? kSpaceSymbol : std::string_view(&byte, 1);
    text_ += written;
    starts_.insert(starts_.end(), written.size(), static_cast<uint32_t>(at_));
  }

  void drop_trailing() {
    const std::string_view space = pieces_.escape_whitespaces ? kSpaceSymbol : " ";
    while (text_.ends_with(space)) {
      text_.resize(text_.size() - space.size());
      at_ = starts_[text_.size()];
      starts_.resize(text_.size());
    }
  }

  std::string_view input_;
  const SentencePieces& pieces_;
  size_t at_ = 0;
  std::string text_;
  std::vector<uint32_t> starts_;
};

class SentencePieceNormalizer final : public Normalizer {
 public:
  SentencePieceNormalizer(std::shared_ptr<const SentencePieces> pieces, std::unique_ptr<const Normalizer> before)
      : pieces_(std::move(pieces)), before_(std::move(before)) {}

  void apply(Normalized& text) const override {
    if (before_) before_->apply(text);
    Builder builder(text.text(), *pieces_);
    builder.run(text);
    const std::string built = builder.text();
    text.replace(built, std::move(builder).starts());
  }

 private:
  std::shared_ptr<const SentencePieces> pieces_;
  std::unique_ptr<const Normalizer> before_;
};

}  // namespace

std::unique_ptr<const Normalizer> make_normalizer(std::shared_ptr<const SentencePieces> pieces, std::unique_ptr<const Normalizer> before) {
  return std::make_unique<SentencePieceNormalizer>(std::move(pieces), std::move(before));
}

}  // namespace nacre
