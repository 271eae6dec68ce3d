#include "text/normalized.h"

#include <algorithm>

#include "text/unicode.h"

namespace nacre {
namespace {

// No normalizer in use makes more than some twenty bytes of one.
constexpr size_t kMostGrowth = 64, kMostFixed = size_t{1} << 20;

/// Appends, for each byte of `text` (which starts at `begin`), the bytes of the code point it belongs to.
void append_own_origins(std::vector<ByteRange>& origins, std::string_view text, uint32_t begin) {
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && !starts_code(text[end])) ++end;
    const ByteRange own{begin + static_cast<uint32_t>(at), begin + static_cast<uint32_t>(end)};
    origins.insert(origins.end(), end - at, own);
    at = end;
  }
}

}  // namespace

void Normalized::reset(std::string_view original) {
  text_.assign(original);
  origins_.clear();
  identity_ = true;
  too_long_ = false;
  if (!status_) status_ = {};
  most_ = std::min<size_t>(original.size() * kMostGrowth + kMostFixed, UINT32_MAX);
}

ByteRange Normalized::origin(uint32_t begin, uint32_t end) const noexcept {
  if (begin >= end) return {place_of(begin), place_of(begin)};
  if (identity_) {  // part of a character stands for the whole of it
    while (begin > 0 && !starts_code(text_[begin])) --begin;
    while (end < text_.size() && !starts_code(text_[end])) ++end;
    return {begin, end};
  }
  return {origins_[begin].begin, origins_[end - 1].end};
}

/// Where in the original the text's byte starts, its end included.
uint32_t Normalized::place_of(uint32_t byte) const noexcept {
  if (identity_) return byte;
  if (byte < origins_.size()) return origins_[byte].begin;
  return origins_.empty() ? 0 : origins_.back().end;
}

void Normalized::replace(std::string_view text, std::span<const uint32_t> starts) {
  if (exceeds(text.size())) return;
  next_origins_.clear();
  for (size_t i = 0; i < text.size(); ++i) next_origins_.push_back({place_of(starts[i]), place_of(starts[i + 1])});
  std::swap(origins_, next_origins_);
  text_ = text;
  identity_ = false;
}

void Normalized::assign_part(const Normalized& whole, uint32_t begin, uint32_t end) {
  text_.assign(whole.text_, begin, end - begin);
  origins_.clear();
  identity_ = whole.identity_ && begin == 0;
  too_long_ = whole.too_long_;
  status_ = whole.status_;
  most_ = whole.most_;
  if (whole.identity_ && begin > 0) append_own_origins(origins_, text_, begin);
  if (!whole.identity_) origins_.assign(whole.origins_.begin() + begin, whole.origins_.begin() + end);
}

void Normalized::cut(uint32_t begin, uint32_t end) {
  if (identity_) append_own_origins(origins_, text_, 0);
  identity_ = false;
  text_.erase(end).erase(0, begin);
  origins_.erase(origins_.begin() + end, origins_.end());
  origins_.erase(origins_.begin(), origins_.begin() + begin);
}

void Normalized::transform(std::span<const CodeChange> changes, int64_t dropped) {
  Rewrite rewrite(*this);
  const char* const start = text_.data();
  const char* at = start;
  const char* const end = start + text_.size();
  ByteRange last;  // of the code point before `at`: what an inserted one shares
  const auto take = [&] {
    if (at >= end) return;
    const char* from = at;
    next_code(at);
    last = {static_cast<uint32_t>(from - start), static_cast<uint32_t>(at - start)};
  };
  for (int64_t i = 0; i < dropped; ++i) take();
  for (const CodeChange& change : changes) {
    if (change.change <= 0) take();
    rewrite.put(change.code, last);
    for (int32_t removed = 0; removed > change.change; --removed) take();
  }
  rewrite.finish();
}

Rewrite::Rewrite(Normalized& target)
    : target_(target), text_(target.next_text_), origins_(target.next_origins_), identity_(target.identity_) {
  text_.clear();
  origins_.clear();
}

void Rewrite::leave_identity() {
  append_own_origins(origins_, text_, 0);
  identity_ = false;
}

void Rewrite::keep(uint32_t begin, uint32_t end) {
  if (begin == end || target_.exceeds(text_.size() + (end - begin))) return;
  if (identity_ && text_.size() != begin) leave_identity();
  const std::string_view kept = std::string_view(target_.text_).substr(begin, end - begin);
  text_ += kept;
  if (identity_) return;
  if (target_.identity_) {
    append_own_origins(origins_, kept, begin);
  } else {
    origins_.insert(origins_.end(), target_.origins_.begin() + begin, target_.origins_.begin() + end);
  }
}

void Rewrite::put(char32_t code, ByteRange of) {
  char bytes[4];
  put(std::string_view(bytes, encode_utf8(code, bytes)), of);
}

void Rewrite::put(std::string_view bytes, ByteRange of) {
  if (target_.exceeds(text_.size() + bytes.size())) return;
  if (identity_ && (text_.size() != of.begin || bytes.size() != of.size() || count_codes(bytes) != 1)) leave_identity();
  text_ += bytes;
  if (!identity_) origins_.insert(origins_.end(), bytes.size(), of.size() > 0 ? target_.origin(of.begin, of.end) : of);
}

void Rewrite::finish() {
  // A text that lost its end stands for its beginning still: identity holds byte by byte.
  std::swap(target_.text_, text_);
  std::swap(target_.origins_, origins_);
  target_.identity_ = identity_;
}

}  // namespace nacre
