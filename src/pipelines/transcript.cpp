// Levenshtein's distance by rows: https://en.wikipedia.org/wiki/Levenshtein_distance
#include "nacre/transcript.h"

#include <map>
#include <vector>

#include "core/text.h"
#include "nacre/error.h"
#include "text/spoken_text.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr uint64_t kMostCells = uint64_t{1} << 33;

void require_utf8(std::string_view text) {
  if (const auto bad = find_invalid_utf8(text))
    throw Error(ErrorCode::invalid_argument, cat("the transcript is not UTF-8: ill-formed sequence at byte ", *bad));
}

/// Numbers for units, equal ones for equal units.
class Units {
 public:
  std::vector<uint32_t> words(std::string_view text) {
    std::vector<uint32_t> out;
    const char *begin = text.data(), *const end = text.data() + text.size();
    for (const char* at = begin; at <= end;) {
      const char* const here = at;
      const bool space = at == end || has_class(next_code(at), CharClass::whitespace);
      if (!space) continue;
      if (begin < here)
        out.push_back(numbers_.try_emplace(std::string_view(begin, here), static_cast<uint32_t>(numbers_.size())).first->second);
      if (here == end) break;
      begin = at;
    }
    return out;
  }

 private:
  std::map<std::string_view, uint32_t> numbers_;
};

std::vector<uint32_t> codes(std::string_view text) {
  std::vector<uint32_t> out;
  for (const char* at = text.data(); at < text.data() + text.size();) out.push_back(next_code(at));
  return out;
}

EditCounts edits(const std::vector<uint32_t>& said, const std::vector<uint32_t>& heard) {
  if (uint64_t{said.size()} * heard.size() > kMostCells)
    throw Error(ErrorCode::resource_exhausted, cat("transcripts of ", said.size(), " and ", heard.size(), " units: more than 2^33 pairs"));
  std::vector<EditCounts> row(heard.size() + 1);  // [i]: to the first i units heard
  for (size_t i = 1; i < row.size(); ++i) row[i] = row[i - 1], ++row[i].insertions;
  for (const uint32_t unit : said) {
    EditCounts corner = row[0];
    ++row[0].deletions;
    for (size_t i = 1; i < row.size(); ++i) {
      EditCounts best = corner, deleted = row[i], inserted = row[i - 1];
      best.substitutions += unit != heard[i - 1];
      ++deleted.deletions, ++inserted.insertions;
      if (deleted.errors() < best.errors()) best = deleted;
      if (inserted.errors() < best.errors()) best = inserted;
      corner = row[i], row[i] = best;
    }
  }
  row.back().length = static_cast<int64_t>(said.size());
  return row.back();
}

}  // namespace

std::string normalize_transcript(std::string_view text, bool without_diacritics) {
  require_utf8(text);
  return normalize_spoken(text, without_diacritics);
}

EditCounts word_errors(std::string_view said, std::string_view heard) {
  require_utf8(said), require_utf8(heard);
  Units units;
  const std::vector<uint32_t> first = units.words(said);
  return edits(first, units.words(heard));
}

EditCounts character_errors(std::string_view said, std::string_view heard) {
  require_utf8(said), require_utf8(heard);
  return edits(codes(said), codes(heard));
}

}  // namespace nacre
