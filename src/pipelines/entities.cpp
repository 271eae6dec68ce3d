#include "pipelines/entities.h"

#include <algorithm>
#include <numeric>

#include "pipelines/scores.h"
#include "text/unicode.h"

namespace nacre {
namespace {

/// A token that stands for text, with the scores of all labels.
struct LabelledToken {
  std::string word;
  std::vector<double> scores;
  TextSpan span;
  int64_t token;
  bool inside_word;
};

TextSpan span_of(const Encoding& window, size_t token) {
  const ByteRange codes = window.offsets[token], bytes = window.byte_offsets[token];
  return {codes.begin, codes.end, bytes.begin, bytes.end};
}

/// Where the tokenizer marks no pieces, a token without a space before and at its start continues a word. The reference's rule.
bool touches(std::string_view text, const TextSpan& span) {
  if (span.begin == 0) return false;
  return text[span.byte_begin - 1] != ' ' && (span.byte_begin >= text.size() || text[span.byte_begin] != ' ');
}

LabelledToken piece_of(const Tokenizer& tokenizer, std::string_view text, const Encoding& window, size_t token) {
  const TextSpan span = span_of(window, token);
  const std::string_view original = text.substr(span.byte_begin, span.byte_end - span.byte_begin);
  const std::string_view word = tokenizer.token(window.ids[token]);
  LabelledToken out{std::string(word), {}, span, static_cast<int64_t>(token), false};
  if (tokenizer.unknown_id() == window.ids[token])
    out.word = original;
  else
    out.inside_word = tokenizer.continuing_prefix().empty() ? touches(text, span) : count_codes(word) != count_codes(original);
  return out;
}

std::vector<LabelledToken> pieces_of(const Tokenizer& tokenizer, std::string_view text, const Encoding& window,
                                     std::span<const float> logits) {
  std::vector<LabelledToken> out;
  const size_t width = logits.size() / std::max<size_t>(window.size(), 1);
  for (size_t token = 0; token < window.size(); ++token) {
    if (window.special_tokens_mask[token]) continue;
    out.push_back(piece_of(tokenizer, text, window, token));
    out.back().scores = softmax(logits.subspan(token * width, width));
  }
  return out;
}

size_t best_of(std::span<const double> scores) { return scores.empty() ? 0 : ranked(scores, 1)[0]; }

TextSpan cover(const TextSpan& first, const TextSpan& last) { return {first.begin, last.end, first.byte_begin, last.byte_end}; }

class Aggregator {
 public:
  explicit Aggregator(const EntityRules& rules) : rules_(rules) {}

  Result<std::vector<Entity>> words(std::span<const LabelledToken> pieces) const {
    std::vector<Entity> out;
    for (size_t begin = 0, end; begin < pieces.size(); begin = end) {
      for (end = begin + 1; end < pieces.size() && pieces[end].inside_word;) ++end;
      out.push_back(NACRE_TRY(word(pieces.subspan(begin, end - begin))));
    }
    return out;
  }

  std::vector<Entity> tokens(std::span<const LabelledToken> pieces) const {
    std::vector<Entity> out;
    for (const LabelledToken& piece : pieces)
      out.push_back({label(best_of(piece.scores)), score(piece.scores), piece.word, piece.span, piece.token});
    return out;
  }

  /// Neighbours with the same label become one; "B-" begins another.
  Result<std::vector<Entity>> groups(std::span<const Entity> entities) const {
    std::vector<Entity> out;
    for (size_t begin = 0, end; begin < entities.size(); begin = end) {
      for (end = begin + 1; end < entities.size() && continues(entities[end].label, entities[end - 1].label);) ++end;
      out.push_back(NACRE_TRY(group(entities.subspan(begin, end - begin))));
    }
    return out;
  }

 private:
  std::string label(size_t index) const { return index < rules_.labels.size() ? rules_.labels[index] : cat("LABEL_", index); }
  static double score(std::span<const double> scores) { return scores.empty() ? 0 : scores[best_of(scores)]; }

  static std::string_view tag(std::string_view label) {
    return label.starts_with("B-") || label.starts_with("I-") ? label.substr(2) : label;
  }
  static bool continues(std::string_view label, std::string_view before) { return !label.starts_with("B-") && tag(label) == tag(before); }

  static std::vector<double> average(std::span<const LabelledToken> pieces) {
    std::vector<double> out(pieces[0].scores.size());
    for (const LabelledToken& piece : pieces)
      for (size_t i = 0; i < out.size(); ++i) out[i] += piece.scores[i] / static_cast<double>(pieces.size());
    return out;
  }

  std::vector<double> scores_of(std::span<const LabelledToken> pieces) const {
    if (rules_.aggregation == Aggregation::average) return average(pieces);
    if (rules_.aggregation == Aggregation::first) return pieces[0].scores;
    const auto lower = [](const LabelledToken& a, const LabelledToken& b) { return score(a.scores) < score(b.scores); };
    return std::max_element(pieces.begin(), pieces.end(), lower)->scores;
  }

  Result<Entity> word(std::span<const LabelledToken> pieces) const {
    std::vector<std::string> words;
    for (const LabelledToken& piece : pieces) words.push_back(piece.word);
    const std::vector<double> scores = scores_of(pieces);
    return Entity{label(best_of(scores)), score(scores), NACRE_TRY(rules_.tokenizer.join(std::move(words))),
                  cover(pieces.front().span, pieces.back().span), -1};
  }

  Result<Entity> group(std::span<const Entity> entities) const {
    std::vector<std::string> words;
    double sum = 0;
    for (const Entity& entity : entities) words.push_back(entity.word), sum += entity.score;
    const std::string& first = entities[0].label;
    const size_t dash = first.find('-');  // the reference cuts at the first one, whatever is before it
    return Entity{dash == first.npos ? first : first.substr(dash + 1), sum / static_cast<double>(entities.size()),
                  NACRE_TRY(rules_.tokenizer.join(std::move(words))), cover(entities.front().span, entities.back().span), -1};
  }

  const EntityRules& rules_;
};

}  // namespace

Result<std::vector<Entity>> entities_of(const EntityRules& rules, std::string_view text, const Encoding& window,
                                        std::span<const float> logits) {
  const Aggregator aggregator(rules);
  const std::vector<LabelledToken> pieces = pieces_of(rules.tokenizer, text, window, logits);
  const bool by_token = rules.aggregation == Aggregation::none || rules.aggregation == Aggregation::simple;
  std::vector<Entity> out = by_token ? aggregator.tokens(pieces) : NACRE_TRY(aggregator.words(pieces));
  if (rules.aggregation != Aggregation::none) out = NACRE_TRY(aggregator.groups(out));
  std::erase_if(out, [&](const Entity& entity) {
    return std::find(rules.ignored.begin(), rules.ignored.end(), entity.label) != rules.ignored.end();
  });
  return out;
}

std::vector<Entity> merge_windows(std::vector<Entity> entities) {
  std::vector<size_t> order(entities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(entities[a].span.begin, a) < std::pair(entities[b].span.begin, b); });
  std::vector<Entity> out;
  for (const size_t i : order) {
    Entity& entity = entities[i];
    if (out.empty() || entity.span.begin >= out.back().span.end) {
      out.push_back(std::move(entity));
      continue;
    }
    const size_t length = entity.span.end - entity.span.begin, before = out.back().span.end - out.back().span.begin;
    if (length > before || (length == before && entity.score > out.back().score)) out.back() = std::move(entity);
  }
  return out;
}

}  // namespace nacre
