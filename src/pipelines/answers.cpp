#include "pipelines/answers.h"

#include <algorithm>
#include <cmath>

#include "pipelines/scores.h"
#include "pipelines/text_model.h"

namespace nacre {
namespace {

struct Span {
  size_t start, end;
  double score;
};

/// Tokens of the context, and the first one, which means "no answer", take part in the softmax; the first cannot be an answer.
std::vector<double> probabilities(const Encoding& encoding, std::span<const float> logits) {
  std::vector<double> out(logits.size());
  double largest = -INFINITY, sum = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const bool counts = encoding.sequence_ids[i] == 1 || (i == 0 && encoding.special_tokens_mask[0]);
    out[i] = counts ? static_cast<double>(logits[i]) : -10000.0;  // the reference's "never"
    largest = std::max(largest, out[i]);
  }
  for (double& value : out) sum += value = std::exp(value - largest);
  for (double& value : out) value /= sum;
  return out;
}

/// The best `count` spans of the context with start <= end and at most so many tokens.
std::vector<Span> best_spans(const Encoding& encoding, std::span<const double> start, std::span<const double> end, size_t count,
                             size_t most_tokens) {
  std::vector<Span> out;
  const auto better = [](const Span& a, const Span& b) {
    return a.score != b.score ? a.score > b.score : a.start != b.start ? a.start < b.start : a.end < b.end;
  };
  for (size_t first = 0; first < start.size(); ++first) {
    if (encoding.sequence_ids[first] != 1) continue;
    for (size_t last = first; last < std::min(end.size(), first + most_tokens); ++last) {
      const Span span{first, last, start[first] * end[last]};
      if (encoding.sequence_ids[last] != 1 || (out.size() == count && !better(span, out.front()))) continue;
      // A heap with the worst of the best in front: contexts have a hundred thousand spans, answers are few.
      if (out.size() == count) std::pop_heap(out.begin(), out.end(), better), out.pop_back();
      out.push_back(span);
      std::push_heap(out.begin(), out.end(), better);
    }
  }
  std::sort_heap(out.begin(), out.end(), better);
  return out;
}

/// The first or the last token of the word that `token` is in; itself when it is in none.
size_t edge_of_word(const Encoding& encoding, size_t token, bool last) {
  const int32_t word = encoding.word_ids[token];
  size_t out = token;
  for (size_t i = 0; word >= 0 && i < encoding.size(); ++i)
    if (encoding.word_ids[i] == word && encoding.sequence_ids[i] == 1 && (last ? i > out : i < out)) out = i;
  return out;
}

TextSpan place_of(const Encoding& encoding, const Span& span, bool whole_words) {
  // Where a token is in no word the reference takes the offsets of both.
  const bool words = whole_words && encoding.word_ids[span.start] >= 0 && encoding.word_ids[span.end] >= 0;
  const size_t first = words ? edge_of_word(encoding, span.start, false) : span.start;
  const size_t last = words ? edge_of_word(encoding, span.end, true) : span.end;
  return {encoding.offsets[first].begin, encoding.offsets[last].end, encoding.byte_offsets[first].begin, encoding.byte_offsets[last].end};
}

/// Answers by their text in lower case: scores of equal ones add up.
class AnswerList {
 public:
  explicit AnswerList(std::string_view context) : context_(context) {}

  void add(const TextSpan& place, double score) {
    const std::string_view text =
        place.byte_begin < place.byte_end ? context_.substr(place.byte_begin, place.byte_end - place.byte_begin) : std::string_view();
    std::string key = lower_cased(text);
    const auto known = std::find(keys_.begin(), keys_.end(), key);
    if (known != keys_.end()) {
      answers_[static_cast<size_t>(known - keys_.begin())].score += score;
      return;
    }
    keys_.push_back(std::move(key));
    answers_.push_back({std::string(text), score, place});
  }

  std::vector<Answer> best(size_t count) && {
    std::vector<double> scores;
    for (const Answer& each : answers_) scores.push_back(each.score);
    std::vector<Answer> out;
    if (count > 0)
      for (const size_t i : ranked(scores, count)) out.push_back(std::move(answers_[i]));
    return out;
  }

  std::vector<Answer>& answers() { return answers_; }

 private:
  std::string_view context_;
  std::vector<Answer> answers_;
  std::vector<std::string> keys_;
};

}  // namespace

std::vector<Answer> answers_of(std::string_view context, std::span<const AnswerWindow> windows, const AnswerRules& rules) {
  AnswerList list(context);
  double no_answer = 1e6;
  // Several spans grow to the same words, so more are looked at than are wanted. The reference's numbers.
  const size_t looked_at = rules.whole_words ? rules.top_k * 2 + 10 : rules.top_k;
  for (const AnswerWindow& window : windows) {
    const Encoding& encoding = *window.encoding;
    std::vector<double> start = probabilities(encoding, window.start), end = probabilities(encoding, window.end);
    if (start.empty()) continue;
    if (rules.impossible) no_answer = std::min(no_answer, start[0] * end[0]);
    start[0] = end[0] = 0;
    const std::vector<Span> spans = best_spans(encoding, start, end, looked_at, rules.max_answer_tokens);
    for (const Span& span : spans) list.add(place_of(encoding, span, rules.whole_words), span.score);
    // A short context has fewer spans than are looked at: then the reference comes to the first token, an empty answer of score 0.
    if (spans.size() < looked_at && encoding.special_tokens_mask[0]) list.add({}, 0);
  }
  if (rules.impossible) list.answers().push_back({"", no_answer, {}});
  return std::move(list).best(rules.top_k);
}

}  // namespace nacre
