#include "text/added_tokens.h"

#include <algorithm>

#include "text/unicode.h"

namespace nacre {
namespace {

char32_t code_at(std::string_view text, size_t begin) {
  const char* at = text.data() + begin;
  return next_code(at);
}

bool stands_alone(std::string_view text, uint32_t begin, uint32_t end) {
  const bool touched_before = begin > 0 && has_class(code_before(text, begin), CharClass::word);
  return !touched_before && (end == text.size() || !has_class(code_at(text, end), CharClass::word));
}

}  // namespace

Result<AddedToken> AddedToken::load(const Json& json) {
  AddedToken out{.content = std::string(NACRE_TRY(json.text("content")))};
  out.single_word = NACRE_TRY(json.boolean("single_word", false));
  out.lstrip = NACRE_TRY(json.boolean("lstrip", false));
  out.rstrip = NACRE_TRY(json.boolean("rstrip", false));
  out.special = NACRE_TRY(json.boolean("special", false));
  out.normalized = NACRE_TRY(json.boolean("normalized", !out.special));
  return out;
}

void StringFinder::clear() { *this = StringFinder(); }

uint32_t StringFinder::child_of(uint32_t node, char byte) const noexcept {
  uint32_t at = nodes_[node].child;
  while (at != kNone && nodes_[at].byte != byte) at = nodes_[at].sibling;
  return at;
}

void StringFinder::add(std::string_view text, uint32_t value) {
  if (text.empty()) return;
  starts_[static_cast<unsigned char>(text[0])] = true;
  uint32_t node = 0;
  for (const char byte : text) {
    uint32_t next = child_of(node, byte);
    if (next == kNone) {
      next = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({.sibling = nodes_[node].child, .depth = nodes_[node].depth + 1, .byte = byte});
      nodes_[node].child = next;
    }
    node = next;
  }
  nodes_[node].value = value;
}

void StringFinder::finish() {
  std::vector<uint32_t> level{0}, next;
  for (; !level.empty(); std::swap(level, next)) {
    next.clear();
    for (const uint32_t parent : level) {
      for (uint32_t node = nodes_[parent].child; node != kNone; node = nodes_[node].sibling) {
        const uint32_t shorter = parent == 0 ? 0 : step(nodes_[parent].shorter, nodes_[node].byte);
        nodes_[node].shorter = shorter;
        nodes_[node].found = nodes_[node].value != kNone ? node : nodes_[shorter].found;
        next.push_back(node);
      }
    }
  }
}

uint32_t StringFinder::step(uint32_t node, char byte) const noexcept {
  for (;; node = nodes_[node].shorter) {
    if (const uint32_t child = child_of(node, byte); child != kNone) return child;
    if (node == 0) return 0;
  }
}

std::optional<StringFinder::Match> StringFinder::find(std::string_view text, uint32_t from) const noexcept {
  std::optional<Match> best;
  uint32_t node = 0;
  for (uint32_t at = from; at < text.size(); ++at) {
    if (node == 0 && best) break;
    if (node == 0 && !starts_[static_cast<unsigned char>(text[at])]) continue;
    node = step(node, text[at]);
    if (best && at + 1 - nodes_[node].depth > best->begin) break;  // whatever comes starts behind it
    const uint32_t found = nodes_[node].found;
    if (found == 0) continue;
    const Match match{at + 1 - nodes_[found].depth, at + 1, nodes_[found].value};
    if (!best || match.begin <= best->begin) best = match;
  }
  return best;
}

std::optional<uint32_t> AddedTokens::add(AddedToken token, const Vocabulary& vocabulary) {
  if (token.content.empty() || ids_.contains(token.content)) return std::nullopt;
  const uint32_t highest = by_id_.empty() ? 0 : by_id_.rbegin()->first + 1;
  const auto size = static_cast<uint32_t>(vocabulary.size());
  const uint32_t id = vocabulary.find(token.content).value_or(std::max(highest, size));
  bytes_ += token.content.size();
  ids_[token.content] = id;
  by_id_[id] = std::move(token);
  return id;
}

void AddedTokens::refresh(const Normalizer* normalizer) {
  raw_.clear();
  normalized_.clear();
  Normalized text;
  for (const auto& [id, token] : by_id_) {
    if (!token.normalized) {
      raw_.add(token.content, id);
      continue;
    }
    text.reset(token.content);
    if (normalizer) normalizer->apply(text);
    if (!text.is_too_long()) normalized_.add(text.text(), id);
  }
  raw_.finish();
  normalized_.finish();
}

// After find_matches of the reference, its oddity included: white space that one token has taken is not given twice.
void AddedTokens::split(const StringFinder& finder, std::string_view text, Part part) const {
  const auto size = static_cast<uint32_t>(text.size());
  uint32_t done = 0;
  for (uint32_t from = 0; const auto match = finder.find(text, from);) {
    from = match->end;
    const AddedToken& token = by_id_.at(match->value);
    if (token.single_word && !stands_alone(text, match->begin, match->end)) continue;
    const uint32_t begin = std::max(done, token.lstrip ? skip_space_back(text, match->begin, done) : match->begin);
    const uint32_t end = token.rstrip ? skip_space(text, match->end) : match->end;
    if (done < begin) part(std::nullopt, {done, begin});
    part(match->value, {begin, end});
    done = end;
  }
  if (done < size) part(std::nullopt, {done, size});
}

const AddedToken* AddedTokens::find(uint32_t id) const noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

std::optional<uint32_t> AddedTokens::find(std::string_view content) const noexcept {
  const auto found = ids_.find(content);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

bool AddedTokens::is_special(std::string_view content) const noexcept {
  const auto id = find(content);
  const AddedToken* token = id ? find(*id) : nullptr;
  return token && token->special;
}

size_t AddedTokens::beyond(const Vocabulary& vocabulary) const noexcept {
  return static_cast<size_t>(std::count_if(by_id_.begin(), by_id_.end(), [&](const auto& entry) { return !vocabulary.has(entry.first); }));
}

}  // namespace nacre
