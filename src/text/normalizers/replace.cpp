// Replace: every match of a pattern becomes a text, which stands for the match's last code point (the reference's way).
#include "text/component.h"
#include "text/pattern.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class Replace final : public Normalizer {
 public:
  Replace(Pattern pattern, std::string_view content) : pattern_(std::move(pattern)), content_(content) {}

  void apply(Normalized& text) const override {
    const std::string_view present = text.text();
    const auto size = static_cast<uint32_t>(present.size());
    std::optional<Rewrite> rewrite;
    uint32_t done = 0;
    const Result<void> status = pattern_.for_each_match(present, [&](ByteRange match) {
      if (!rewrite) rewrite.emplace(text);
      rewrite->keep(done, match.begin);
      rewrite->put(content_, last_code(present, match.end));
      done = match.end;
    });
    if (!rewrite) return text.note(status);
    rewrite->keep(done, size);
    rewrite->finish();
    text.note(status);
  }

 private:
  static ByteRange last_code(std::string_view text, uint32_t end) {
    uint32_t begin = end;
    while (begin > 0 && !starts_code(text[--begin])) continue;
    return {begin, end};
  }

  Pattern pattern_;
  std::string content_;
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) {
  Pattern pattern = NACRE_TRY(Pattern::load(NACRE_TRY(json.at("pattern"))));
  return std::make_unique<Replace>(std::move(pattern), NACRE_TRY(json.text("content")));
}

}  // namespace

extern const NormalizerType normalizer_replace;
const NormalizerType normalizer_replace{.type = "Replace", .load = load};

}  // namespace nacre
