// Metaspace: spaces become a visible mark, one is put in front, and words start at marks. SentencePiece's convention.
// https://github.com/google/sentencepiece
#include "text/splitting.h"

namespace nacre {
namespace {

enum class Prepend : uint8_t { always, first, never };

class Metaspace final : public PreTokenizer {
 public:
  Metaspace(std::string mark, Prepend prepend, bool split) : mark_(std::move(mark)), prepend_(prepend), split_(split) {}

  void split(Section& section) const override {
    section.next_words.clear();
    Rewrite rewrite(section.text);
    uint32_t written = 0;
    for (const ByteRange word : section.words) {
      const uint32_t begin = written;
      written += write(rewrite, section, word);
      section.next_words.push_back({begin, written});
    }
    rewrite.finish();
    std::swap(section.words, section.next_words);
    if (split_) split_at_marks(section);
  }

 private:
  /// How many bytes it wrote.
  uint32_t write(Rewrite& rewrite, const Section& section, ByteRange word) const {
    const std::string_view text = section.text.text().substr(0, word.end);
    const auto mark = static_cast<uint32_t>(mark_.size());
    uint32_t count = 0;
    if (wants_mark(section, word)) {
      uint32_t first = word.begin + 1;
      while (first < word.end && !starts_code(text[first])) ++first;
      rewrite.put(mark_, {word.begin, first});
      count += mark;
    }
    for (uint32_t at = word.begin; at < word.end;) {
      const auto space = static_cast<uint32_t>(std::min<size_t>(text.find(' ', at), word.end));
      rewrite.keep(at, space);
      count += space - at;
      at = space;
      if (space < word.end) rewrite.put(mark_, {space, space + 1}), count += mark, ++at;
    }
    return count;
  }

  bool wants_mark(const Section& section, ByteRange word) const {
    const std::string_view text = section.text.text().substr(word.begin, word.size());
    if (prepend_ == Prepend::never || text.starts_with(' ') || text.starts_with(mark_)) return false;
    return prepend_ == Prepend::always || (section.at_start && section.text.origin(word.begin, word.end).begin == 0);
  }

  void split_at_marks(Section& section) const {
    Splitter splitter(section, SplitBehavior::merged_with_next);
    const std::string_view text = section.text.text();
    for (const ByteRange word : section.words) {
      splitter.start(word);
      for (size_t at = text.find(mark_, word.begin); at < word.end; at = text.find(mark_, at + mark_.size()))
        splitter.match({static_cast<uint32_t>(at), static_cast<uint32_t>(at + mark_.size())});
      splitter.finish();
    }
    splitter.swap();
  }

  std::string mark_;
  Prepend prepend_;
  bool split_;
};

Result<Prepend> load_prepend(const Json& json) {
  const std::string_view scheme = NACRE_TRY(json.text("prepend_scheme", "always"));
  if (!NACRE_TRY(json.boolean("add_prefix_space", true))) {  // the older name of it
    if (json.has("prepend_scheme") && scheme != "never")
      return fail(ErrorCode::invalid_argument, json.path(), ": add_prefix_space is false, and prepend_scheme ", json_quoted(scheme));
    return Prepend::never;
  }
  if (scheme == "always") return Prepend::always;
  if (scheme == "first") return Prepend::first;
  if (scheme == "never") return Prepend::never;
  return fail(ErrorCode::invalid_argument, json.path(), ".prepend_scheme: expected always, first or never, found ", json_quoted(scheme));
}

Result<std::unique_ptr<const PreTokenizer>> load(const Json& json) {
  const std::string_view mark = NACRE_TRY(json.text("replacement", "\xE2\x96\x81"));
  if (count_codes(mark) != 1)
    return fail(ErrorCode::invalid_argument, json.path(), ".replacement: expected one character, found ", json_quoted(mark));
  const Prepend prepend = NACRE_TRY(load_prepend(json));
  return std::make_unique<Metaspace>(std::string(mark), prepend, NACRE_TRY(json.boolean("split", true)));
}

}  // namespace

extern const PreTokenizerType pre_tokenizer_metaspace;
const PreTokenizerType pre_tokenizer_metaspace{.type = "Metaspace", .load = load};

}  // namespace nacre
