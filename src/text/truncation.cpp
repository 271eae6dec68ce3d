// Truncation to a length, with the windows that it leaves over.
#include <algorithm>

#include "io/json.h"
#include "text/encoding.h"

namespace nacre {
namespace {

/// Windows of `longest` tokens that overlap by `stride`, from the kept end on; the last one reaches the other end.
std::vector<ByteRange> windows_of(size_t size, size_t longest, size_t stride, Side direction) {
  std::vector<ByteRange> out;
  const size_t step = longest - stride;
  for (size_t done = 0;; done += step) {
    const size_t reach = std::min(done + longest, size);
    const bool right = direction == Side::right;
    const size_t begin = right ? done : size - reach, end = right ? reach : size - done;
    out.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
    if (reach == size) return out;
  }
}

Result<void> cut(Encoding& encoding, size_t longest, const Truncation& truncation) {
  if (longest >= encoding.size()) return {};
  Encoding kept;
  if (longest == 0) {
    kept.overflow.push_back(std::move(encoding));
    encoding = std::move(kept);
    return {};
  }
  if (truncation.stride >= longest)
    return fail(ErrorCode::invalid_argument, "a stride of ", truncation.stride, " leaves nothing new in windows of ", longest, " tokens");
  for (const ByteRange& window : windows_of(encoding.size(), longest, truncation.stride, truncation.direction)) {
    Encoding part = encoding.slice(window.begin, window.end);
    if (kept.size() == 0) {
      kept = std::move(part);
    } else {
      kept.overflow.push_back(std::move(part));
    }
  }
  encoding = std::move(kept);
  return {};
}

/// Tokens left of each text: the longer one loses first, then both to the same length.
std::pair<size_t, size_t> longest_first(size_t first, size_t second, size_t most) {
  const bool swapped = first > second;
  size_t low = std::min(first, second), high;
  high = low > most ? low : std::max(low, most - low);
  if (low + high > most) low = most / 2, high = low + most % 2;
  return swapped ? std::pair(high, low) : std::pair(low, high);
}

Result<void> cut_one(Encoding& target, size_t surplus, const Truncation& truncation) {
  if (target.size() > surplus) return cut(target, target.size() - surplus, truncation);
  return fail(ErrorCode::invalid_argument, "the text to truncate has ", target.size(), " tokens, ", surplus, " would have to go");
}

}  // namespace

Result<void> truncate(Encoding& first, Encoding* second, const Truncation& truncation, size_t added) {
  const size_t most = truncation.max_length - std::min(truncation.max_length, added);
  const size_t total = first.size() + (second ? second->size() : 0);
  if (total <= most) return {};
  if (most == 0) {
    NACRE_TRY(cut(first, 0, truncation));
    return second ? cut(*second, 0, truncation) : Result<void>();
  }
  const bool only_second = truncation.strategy == Truncation::Strategy::only_second;
  if (truncation.strategy == Truncation::Strategy::longest_first) {
    if (!second) return cut(first, most, truncation);
    const auto [left, right] = longest_first(first.size(), second->size(), most);
    NACRE_TRY(cut(first, left, truncation));
    return cut(*second, right, truncation);
  }
  if (only_second && !second) return fail(ErrorCode::invalid_argument, "truncation of the second text only, and there is none");
  return cut_one(only_second ? *second : first, total - most, truncation);
}

Result<Side> load_side(const Json& json) {
  const std::string_view direction = NACRE_TRY(json.text("direction", "Right"));
  if (direction == "Left") return Side::left;
  if (direction == "Right") return Side::right;
  return fail(ErrorCode::invalid_argument, json.path(), ".direction: expected Left or Right, found ", json_quoted(direction));
}

Result<Truncation> Truncation::load(const Json& json) {
  Truncation out;
  const int64_t length = NACRE_TRY(json.integer("max_length", 512)), stride = NACRE_TRY(json.integer("stride", 0));
  if (length < 0 || stride < 0) return fail(ErrorCode::invalid_argument, json.path(), ": negative max_length or stride");
  out.max_length = static_cast<size_t>(length);
  out.stride = static_cast<size_t>(stride);
  const std::string_view strategy = NACRE_TRY(json.text("strategy", "LongestFirst"));
  if (strategy == "OnlyFirst") out.strategy = Strategy::only_first;
  if (strategy == "OnlySecond") out.strategy = Strategy::only_second;
  if (out.strategy == Strategy::longest_first && strategy != "LongestFirst")
    return fail(ErrorCode::invalid_argument, json.path(), ".strategy: expected LongestFirst, OnlyFirst or OnlySecond, found ",
                json_quoted(strategy));
  out.direction = NACRE_TRY(load_side(json));
  return out;
}

}  // namespace nacre
