// Precompiled: SentencePiece's table of replacements, as the reference applies it: to graphemes of less than six bytes
// whole, where the shortest key they start with replaces all of them, and to single code points.
#include <array>
#include <optional>

#include "io/base64.h"
#include "text/charsmap.h"
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr size_t kLongGrapheme = 6;

class Precompiled final : public Normalizer {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {
    for (size_t byte = 0; byte < changes_.size(); ++byte) {
      const char character = static_cast<char>(byte);
      changes_[byte] = map_.shortest({&character, 1}).has_value();
    }
  }

  void apply(Normalized& text) const override {
    if (!changes_anything(text.text())) return;
    std::vector<CodeChange> changes;
    changes.reserve(text.text().size());
    for (std::string_view rest = text.text(); !rest.empty();) {
      const std::string_view grapheme = rest.substr(0, first_grapheme(rest));
      replace_grapheme(grapheme, changes);
      rest.remove_prefix(grapheme.size());
      if (text.exceeds(changes.size())) return;
    }
    text.transform(changes);
  }

 private:
  /// Cheap and on the safe side: ASCII that stays, each character a grapheme.
  bool changes_anything(std::string_view text) const {
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0x80 || changes_[byte] || byte == '\r') return true;
    }
    return false;
  }

  void replace_grapheme(std::string_view grapheme, std::vector<CodeChange>& changes) const {
    if (grapheme.size() < kLongGrapheme)
      if (const auto match = map_.shortest(grapheme)) return replace(grapheme, match->text, changes);
    const char* const end = grapheme.data() + grapheme.size();
    for (const char* at = grapheme.data(); at < end;) {
      const char* const from = at;
      const char32_t code = next_code(at);
      const std::string_view part(from, static_cast<size_t>(at - from));
      if (const auto match = map_.shortest(part)) {
        replace(part, match->text, changes);
      } else {
        changes.push_back({code, 0});
      }
    }
  }

  // Code points stand for each other one by one; the last ones of the longer side are inserted or removed. When nothing
  // stays, the code point before takes the removal (the reference's way, that of a text's very start too: none takes it).
  static void replace(std::string_view from, std::string_view to, std::vector<CodeChange>& changes) {
    const auto old_count = static_cast<int32_t>(count_codes(from));
    int32_t count = 0;
    for (const char* at = to.data(); at < to.data() + to.size(); ++count) changes.push_back({next_code(at), count >= old_count});
    if (count < old_count && !changes.empty()) changes.back().change += count - old_count;
  }

  Charsmap map_;
  std::array<bool, 128> changes_{};
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) {
  const std::string_view text = json.has("precompiled_charsmap") ? NACRE_TRY(json.text("precompiled_charsmap")) : std::string_view();
  auto blob = decode_base64(text);
  auto map = blob ? Charsmap::load(*blob) : std::unexpected(blob.error());
  if (!map) map.error().within(json.path() + ".precompiled_charsmap");
  return std::make_unique<Precompiled>(NACRE_TRY(std::move(map)));
}

}  // namespace

extern const NormalizerType normalizer_precompiled;
const NormalizerType normalizer_precompiled{.type = "Precompiled", .load = load};

}  // namespace nacre
