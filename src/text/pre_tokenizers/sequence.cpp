// Sequence: pre-tokenizers one after the other.
#include "text/component.h"

namespace nacre {
namespace {

class PreTokenizers final : public PreTokenizer {
 public:
  explicit PreTokenizers(std::vector<std::unique_ptr<const PreTokenizer>> parts) : parts_(std::move(parts)) {}

  void split(Section& section) const override {
    for (const auto& part : parts_) {
      section.write_characters();  // what follows a ByteLevel sees its characters
      part->split(section);
    }
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> parts_;
};

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  std::vector<std::unique_ptr<const PreTokenizer>> parts;
  for (const Json& part : NACRE_TRY(NACRE_TRY(json.at("pretokenizers")).elements())) parts.push_back(NACRE_TRY(load_pre_tokenizer(part)));
  return std::make_unique<PreTokenizers>(std::move(parts));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_sequence;
const PreTokenizerType pre_tokenizer_sequence{.type = "Sequence", .load = load};

}  // namespace nacre
