// Prepend: a text in front, which stands for the first code point; nothing in front of an empty text.
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string_view prefix) : prefix_(prefix) {}

  void apply(Normalized& text) const override {
    const std::string_view present = text.text();
    if (present.empty()) return;
    const char* at = present.data();
    next_code(at);
    Rewrite rewrite(text);
    rewrite.put(prefix_, {0, static_cast<uint32_t>(at - present.data())});
    rewrite.keep(0, static_cast<uint32_t>(present.size()));
    rewrite.finish();
  }

 private:
  std::string prefix_;
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) { return std::make_unique<Prepend>(NACRE_TRY(json.text("prepend"))); }

}  // namespace

extern const NormalizerType normalizer_prepend;
const NormalizerType normalizer_prepend{.type = "Prepend", .load = load};

}  // namespace nacre
