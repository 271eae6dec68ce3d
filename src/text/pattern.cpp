#include "text/pattern.h"

#ifdef NACRE_HAS_ONIGURUMA
#include <oniguruma.h>
#endif

#include <mutex>
#include <optional>

#include "io/json.h"
#include "text/unicode.h"

namespace nacre {
namespace {

/// `search` gives the next match at or after a place, or none, or an error.
template <class Search>
Result<void> walk_matches(std::string_view text, const Search& search, Pattern::Match match) {
  std::optional<uint32_t> last_end;
  for (uint32_t from = 0; from <= text.size();) {
    const std::optional<ByteRange> found = NACRE_TRY(search(from));
    if (!found) return {};
    if (found->size() == 0 && last_end == found->end) {  // empty, and right behind the last one: not counted
      do ++from;
      while (from < text.size() && !starts_code(text[from]));
      continue;
    }
    match(*found);
    from = found->end;
    last_end = from;
  }
  return {};
}

}  // namespace

#ifdef NACRE_HAS_ONIGURUMA

struct Pattern::Engine {
  OnigRegex regex = nullptr;
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { onig_free(regex); }
  Result<void> for_each_match(std::string_view text, Match match) const;
};

namespace {

const OnigUChar* bytes_of(std::string_view text) { return reinterpret_cast<const OnigUChar*>(text.data()); }

void initialize_engine() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
  });
}

std::string message_of(int status, OnigErrorInfo* info = nullptr) {
  OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN] = {};
  info ? onig_error_code_to_str(message, status, info) : onig_error_code_to_str(message, status);
  return reinterpret_cast<const char*>(message);
}

/// [[:punct:]] has symbols in it, too, as in the reference's Oniguruma 6.9.10; in 6.9.8 it is punctuation alone.
std::string with_symbols_as_punctuation(std::string_view source) {
  constexpr std::string_view plain = "[:punct:]", negated = "[:^punct:]";
  std::string out;
  int depth = 0;  // of brackets: outside of them the name is a set of letters
  for (size_t at = 0; at < source.size();) {
    const std::string_view rest = source.substr(at);
    if (depth > 0 && (rest.starts_with(plain) || rest.starts_with(negated))) {
      const bool is_plain = rest.starts_with(plain);
      out += is_plain ? R"(\p{P}\p{S})" : R"([^\p{P}\p{S}])";
      at += is_plain ? plain.size() : negated.size();
      continue;
    }
    depth += rest.front() == '[' ? 1 : rest.front() == ']' && depth > 0 ? -1 : 0;
    const size_t length = rest.front() == '\\' ? std::min<size_t>(rest.size(), 2) : 1;
    out += rest.substr(0, length);
    at += length;
  }
  return out;
}

/// A search's registers, freed at its end.
class Region {
 public:
  Region() : region_(onig_region_new()) {}
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() { onig_region_free(region_, 1); }
  Result<std::optional<ByteRange>> search(OnigRegex regex, std::string_view text, uint32_t from) {
    const OnigUChar *begin = bytes_of(text), *end = begin + text.size();
    onig_region_clear(region_);
    const int status = onig_search(regex, begin, end, begin + from, end, region_, ONIG_OPTION_NONE);
    if (status == ONIG_MISMATCH) return std::nullopt;
    if (status < 0) return fail(ErrorCode::resource_exhausted, "searching from byte ", from, ": ", message_of(status));
    return ByteRange{static_cast<uint32_t>(region_->beg[0]), static_cast<uint32_t>(region_->end[0])};
  }

 private:
  OnigRegion* region_;
};

}  // namespace

Result<void> Pattern::Engine::for_each_match(std::string_view text, Match match) const {
  Region region;
  return walk_matches(text, [&](uint32_t from) { return region.search(regex, text, from); }, match);
}

Result<Pattern> Pattern::regex(std::string_view source) {
  initialize_engine();
  Pattern out;
  out.source_ = source;
  out.engine_ = std::make_unique<Engine>();
  OnigErrorInfo info{};
  const std::string text = with_symbols_as_punctuation(source);
  const int status =
      onig_new(&out.engine_->regex, bytes_of(text), bytes_of(text) + text.size(), 0, ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &info);
  if (status == ONIG_NORMAL) return out;
  return fail(ErrorCode::invalid_argument, "the regular expression ", json_quoted(source), ": ", message_of(status, &info));
}

std::string_view regex_engine_version() noexcept { return onig_version(); }

#else  // no Oniguruma: literal patterns and the well-known ones are all there is

struct Pattern::Engine {
  Result<void> for_each_match(std::string_view, Match) const { return {}; }
};

Result<Pattern> Pattern::regex(std::string_view source) {
  auto error = fail(ErrorCode::unavailable, "the regular expression ", json_quoted(source), " needs Oniguruma, which this build lacks");
  error.error().suggest("install libonig-dev and build again");
  return error;
}

std::string_view regex_engine_version() noexcept { return {}; }

#endif

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<void> Pattern::for_each_match(std::string_view text, Match match) const {
  if (engine_) {
    Result<void> done = engine_->for_each_match(text, match);
    if (!done) done.error().within(cat("the regular expression ", json_quoted(source_)));
    return done;
  }
  const auto find = [&](uint32_t from) -> Result<std::optional<ByteRange>> {
    const size_t at = text.find(source_, from);
    if (at == text.npos) return std::nullopt;
    return ByteRange{static_cast<uint32_t>(at), static_cast<uint32_t>(at + source_.size())};
  };
  return walk_matches(text, find, match);
}

Pattern Pattern::literal(std::string text) {
  Pattern out;
  out.source_ = std::move(text);
  return out;
}

Result<Pattern> Pattern::load(const Json& json) {
  if (json.has("String")) return literal(std::string(NACRE_TRY(json.text("String"))));
  if (json.has("Regex")) return regex(NACRE_TRY(json.text("Regex")));
  return fail(ErrorCode::invalid_argument, json.path(), ": expected {\"String\": ...} or {\"Regex\": ...}");
}

}  // namespace nacre
