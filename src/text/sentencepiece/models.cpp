// SentencePiece's four algorithms, equal to the library's to the last rounding: scores are float.
// https://github.com/google/sentencepiece/blob/master/src: unigram_model.cc, bpe_model.cc, word_model.cc, char_model.cc
#include <algorithm>
#include <cfloat>
#include <map>
#include <queue>

#include "text/sentencepiece/pieces.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";
constexpr float kUnknownPenalty = 10;
constexpr uint32_t kNowhere = UINT32_MAX;

struct Cut {
  ByteRange range;
  uint32_t id;
};

/// Of all ways to cut the text the one with the highest sum of scores (EncodeOptimized).
class UnigramCutter {
 public:
  explicit UnigramCutter(const SentencePieces& pieces) : pieces_(pieces) {
    float least = FLT_MAX;
    for (uint32_t id = 0; id < pieces.size(); ++id) {
      if (pieces.kind(id) != SentencePieces::Kind::normal) continue;
      least = std::min(least, pieces.score(id));
      highest_ = std::max(highest_, pieces.score(id));
    }
    unknown_score_ = least - kUnknownPenalty;
  }

  void cut(std::string_view text, std::vector<Cut>& out) const {
    std::vector<Node> best(text.size() + 1);
    const char* const start = text.data();
    for (const char* at = start; at < start + text.size();) {
      const auto begin = static_cast<uint32_t>(at - start);
      next_code(at);
      offer_from(text, begin, static_cast<uint32_t>(at - start), best);
    }
    const size_t first = out.size();
    for (auto end = static_cast<uint32_t>(text.size()); end > 0; end = best[end].begin)
      out.push_back({{best[end].begin, end}, best[end].id});
    std::reverse(out.begin() + static_cast<ptrdiff_t>(first), out.end());
  }

 private:
  struct Node {
    float score = 0;
    uint32_t begin = kNowhere, id = 0;
    void offer(float other, uint32_t from, uint32_t piece) {
      if (begin == kNowhere || other > score) *this = {other, from, piece};
    }
  };

  void offer_from(std::string_view text, uint32_t begin, uint32_t code_end, std::vector<Node>& best) const {
    const float score = best[begin].score;
    bool single = false;
    pieces_.walk(text.substr(begin), [&](size_t length, uint32_t id) {
      if (pieces_.kind(id) == SentencePieces::Kind::unused) return;
      const bool user_defined = pieces_.kind(id) == SentencePieces::Kind::user_defined;
      const float own = user_defined ? static_cast<float>(length) * highest_ : pieces_.score(id);
      best[begin + length].offer(own + score, begin, id);
      single = single || begin + length == code_end;
    });
    if (!single) best[code_end].offer(unknown_score_ + score, begin, pieces_.unknown());
  }

  const SentencePieces& pieces_;
  float unknown_score_ = 0, highest_ = FLT_MIN;
};

/// Joins the pair of neighbours that makes the best piece, again and again.
class BpeCutter {
 public:
  explicit BpeCutter(const SentencePieces& pieces) : pieces_(pieces) {}

  void cut(std::string_view text, std::vector<Cut>& out) const {
    Work work{text, {}, {}};
    for (uint32_t begin = 0; begin < text.size();) {
      const std::string_view rest = text.substr(begin);
      const size_t length = pieces_.first_symbol(rest);
      const auto number = static_cast<int32_t>(work.symbols.size());
      work.symbols.push_back({begin, static_cast<uint32_t>(length), number - 1, number + 1, pieces_.user_defined_prefix(rest) > 0});
      begin += static_cast<uint32_t>(length);
    }
    if (work.symbols.empty()) return;
    work.symbols.back().next = -1;
    for (int32_t right = 1; right < static_cast<int32_t>(work.symbols.size()); ++right) propose(work, right - 1, right);
    while (!work.agenda.empty()) {
      const Pair pair = work.agenda.top();
      work.agenda.pop();
      join(work, pair);
    }
    for (int32_t at = 0; at != -1; at = work.symbols[at].next)
      split_unused(text, {work.symbols[at].begin, work.symbols[at].begin + work.symbols[at].length}, work, out);
  }

 private:
  struct Symbol {
    uint32_t begin, length;
    int32_t previous, next;
    bool fixed;
  };
  struct Pair {
    float score;
    int32_t left, right;
    uint32_t length;
    bool operator<(const Pair& other) const { return score != other.score ? score < other.score : left > other.left; }
  };
  struct Work {
    std::string_view text;
    std::vector<Symbol> symbols;
    std::priority_queue<Pair> agenda;
    std::map<std::string_view, uint32_t> unused{};  // pieces that must be taken apart again: bytes of their first half
  };

  void propose(Work& work, int32_t left, int32_t right) const {
    if (left < 0 || right < 0) return;
    const Symbol &a = work.symbols[left], &b = work.symbols[right];
    if (a.fixed || b.fixed) return;
    const std::string_view joined = work.text.substr(a.begin, a.length + b.length);
    const auto id = pieces_.find_text(joined);
    if (!id) return;
    work.agenda.push({pieces_.score(*id), left, right, a.length + b.length});
    if (pieces_.kind(*id) == SentencePieces::Kind::unused) work.unused[joined] = a.length;
  }

  void join(Work& work, const Pair& pair) const {
    Symbol &left = work.symbols[pair.left], &right = work.symbols[pair.right];
    if (left.length == 0 || right.length == 0 || left.length + right.length != pair.length) return;
    left.length += right.length;
    right.length = 0;
    left.next = right.next;
    if (right.next >= 0) work.symbols[right.next].previous = pair.left;
    propose(work, left.previous, pair.left);
    propose(work, pair.left, left.next);
  }

  // The library keeps one way for each unused piece, the last that was proposed; halves are shorter, so this ends.
  void split_unused(std::string_view text, ByteRange range, const Work& work, std::vector<Cut>& out) const {
    std::vector<ByteRange> open{range};
    while (!open.empty()) {
      const ByteRange part = open.back();
      open.pop_back();
      const std::string_view piece = text.substr(part.begin, part.size());
      const uint32_t id = pieces_.id_of(piece);
      const auto way = pieces_.kind(id) == SentencePieces::Kind::unused ? work.unused.find(piece) : work.unused.end();
      if (way == work.unused.end()) {
        out.push_back({part, id});
        continue;
      }
      open.push_back({part.begin + way->second, part.end});
      open.push_back({part.begin, part.begin + way->second});
    }
  }

  const SentencePieces& pieces_;
};

class SentencePieceModel final : public TokenModel {
 public:
  explicit SentencePieceModel(std::shared_ptr<const SentencePieces> pieces)
      : pieces_(std::move(pieces)), unigram_(*pieces_), bpe_(*pieces_) {}

  const Vocabulary& vocabulary() const override { return pieces_->vocabulary(); }

  Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    std::vector<Cut> cuts;
    for (uint32_t word = 0; word < words.size(); ++word) {
      cuts.clear();
      cut(text.substr(words[word].begin, words[word].size()), cuts);
      bool after_unknown = false;
      for (const Cut& cut : cuts) {
        const ByteRange range{words[word].begin + cut.range.begin, words[word].begin + cut.range.end};
        push(text, {cut.id, range, word}, after_unknown, out);
        after_unknown = cut.id == pieces_->unknown();
      }
    }
    return {};
  }

 private:
  void cut(std::string_view text, std::vector<Cut>& out) const {
    switch (pieces_->algorithm) {
      case SentencePieces::Algorithm::unigram: return unigram_.cut(text, out);
      case SentencePieces::Algorithm::bpe: return bpe_.cut(text, out);
      case SentencePieces::Algorithm::word: return cut_words(text, out);
      case SentencePieces::Algorithm::character: return cut_symbols(text, out);
    }
  }

  void cut_symbols(std::string_view text, std::vector<Cut>& out) const {
    for (uint32_t begin = 0; begin < text.size();) {
      const std::string_view rest = text.substr(begin);
      const auto length = static_cast<uint32_t>(pieces_->first_symbol(rest));
      out.push_back({{begin, begin + length}, pieces_->id_of(rest.substr(0, length))});
      begin += length;
    }
  }

  /// A word starts at every space.
  void cut_words(std::string_view text, std::vector<Cut>& out) const {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(kSpaceSymbol, begin + 1), text.size());
      out.push_back({{static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}, pieces_->id_of(text.substr(begin, end - begin))});
      begin = end;
    }
  }

  /// Unknown pieces become bytes, the last of which stands for the text; or runs of them become one.
  void push(std::string_view text, Piece piece, bool after_unknown, std::vector<Piece>& out) const {
    piece.shows_text = piece.id == pieces_->unknown();
    if (!piece.shows_text) return out.push_back(piece);
    if (pieces_->byte_fallback) {
      for (uint32_t at = piece.range.begin; at < piece.range.end; ++at) {
        const bool last = at + 1 == piece.range.end;
        out.push_back({pieces_->byte_id(text[at]), {piece.range.begin, last ? piece.range.end : piece.range.begin}, piece.word});
      }
    } else if (after_unknown) {
      out.back().range.end = piece.range.end;
    } else {
      out.push_back(piece);
    }
  }

  std::shared_ptr<const SentencePieces> pieces_;
  UnigramCutter unigram_;
  BpeCutter bpe_;
};

}  // namespace

std::unique_ptr<const TokenModel> make_model(std::shared_ptr<const SentencePieces> pieces) {
  return std::make_unique<SentencePieceModel>(std::move(pieces));
}

}  // namespace nacre
