// A* from the end of the lattice backwards; what a partial way may still reach is known from the Viterbi scores.
// https://github.com/google/sentencepiece/blob/master/src/unigram_model.cc, Lattice::NBest
#include "text/sentencepiece/nbest.h"

#include <algorithm>
#include <cfloat>
#include <queue>

#include "text/unicode.h"

namespace nacre {
namespace {

constexpr float kUnknownPenalty = 10;
constexpr size_t kMostWays = 1024, kMostOpen = 1 << 20;

struct LatticeNode {
  uint32_t begin, end, id;
  float score, best;  // its own, and the best way's up to its end
};

class Lattice {
 public:
  Lattice(const SentencePieces& pieces, std::string_view text) : pieces_(pieces), ending_(text.size() + 1) {
    float least = FLT_MAX;
    for (uint32_t id = 0; id < pieces.size(); ++id)
      if (pieces.kind(id) == SentencePieces::Kind::normal)
        least = std::min(least, pieces.score(id)), highest_ = std::max(highest_, pieces.score(id));
    const char* const start = text.data();
    for (const char* at = start; at < start + text.size();) {
      const auto begin = static_cast<uint32_t>(at - start);
      next_code(at);
      const auto code_end = static_cast<uint32_t>(at - start);
      bool single = false;
      pieces.walk(text.substr(begin), [&](size_t length, uint32_t id) {
        if (pieces.kind(id) == SentencePieces::Kind::unused) return;
        add(begin, begin + static_cast<uint32_t>(length), id, score_of(id, length));
        single = single || begin + length == code_end;
      });
      if (!single) add(begin, code_end, pieces.unknown(), least - kUnknownPenalty);
    }
  }

  const std::vector<LatticeNode>& nodes() const noexcept { return nodes_; }
  const std::vector<uint32_t>& ending_at(uint32_t byte) const noexcept { return ending_[byte]; }

 private:
  float score_of(uint32_t id, size_t length) const {
    const bool user_defined = pieces_.kind(id) == SentencePieces::Kind::user_defined;
    return user_defined ? static_cast<float>(length) * highest_ : pieces_.score(id);
  }

  void add(uint32_t begin, uint32_t end, uint32_t id, float score) {
    float before = begin == 0 ? 0 : -FLT_MAX;
    for (const uint32_t node : ending_[begin]) before = std::max(before, nodes_[node].best);
    ending_[end].push_back(static_cast<uint32_t>(nodes_.size()));
    nodes_.push_back({begin, end, id, score, before + score});
  }

  const SentencePieces& pieces_;
  float highest_ = FLT_MIN;
  std::vector<LatticeNode> nodes_;
  std::vector<std::vector<uint32_t>> ending_;
};

/// A way from a node to the end.
struct Way {
  uint32_t node;
  int64_t next;  // the way behind it; -1: the end
  float done;    // its score so far
};

struct Open {
  float promise;
  int64_t way;
  bool operator<(const Open& other) const { return promise < other.promise; }
};

void push_ids(const SentencePieces& pieces, std::string_view piece, uint32_t id, std::vector<uint32_t>& out) {
  if (id != pieces.unknown()) return out.push_back(id);
  if (pieces.byte_fallback) {
    for (const char byte : piece) out.push_back(pieces.byte_id(byte));
  } else if (out.empty() || out.back() != id) {
    out.push_back(id);
  }
}

}  // namespace

std::vector<std::vector<uint32_t>> best_cuts(const SentencePieces& pieces, std::string_view normalized, size_t count) {
  std::vector<std::vector<uint32_t>> out;
  const Lattice lattice(pieces, normalized);
  std::vector<Way> ways;
  std::priority_queue<Open> agenda;
  const auto extend = [&](uint32_t byte, int64_t next, float done) {
    for (const uint32_t node : lattice.ending_at(byte)) {
      agenda.push({lattice.nodes()[node].best + done, static_cast<int64_t>(ways.size())});
      ways.push_back({node, next, lattice.nodes()[node].score + done});
    }
  };
  extend(static_cast<uint32_t>(normalized.size()), -1, 0);
  while (!agenda.empty() && out.size() < std::min(count, kMostWays) && ways.size() < kMostOpen) {
    const int64_t top = agenda.top().way;
    agenda.pop();
    const Way way = ways[static_cast<size_t>(top)];
    if (const uint32_t begin = lattice.nodes()[way.node].begin; begin > 0) {
      extend(begin, top, way.done);
      continue;
    }
    std::vector<uint32_t>& ids = out.emplace_back();
    for (int64_t at = top; at >= 0; at = ways[static_cast<size_t>(at)].next) {
      const LatticeNode& node = lattice.nodes()[ways[static_cast<size_t>(at)].node];
      push_ids(pieces, normalized.substr(node.begin, node.end - node.begin), node.id, ids);
    }
  }
  return out;
}

}  // namespace nacre
