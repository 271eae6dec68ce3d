#include "runtime/merge.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace nacre {
namespace {

// More are left as they are: every merge walks the parts, and a backend that takes a graph in so many pieces gains nothing.
constexpr size_t kMostParts = 512;

class Merger {
 public:
  Merger(const Graph& graph, const Uses& uses, const std::vector<size_t>& owner, std::vector<std::vector<size_t>> parts)
      : owner_(owner), parts_(std::move(parts)), next_(parts_.size()) {
    std::vector<size_t> part_of(graph.nodes.size());
    for (size_t p = 0; p < parts_.size(); ++p)
      for (size_t n : parts_[p]) part_of[n] = p;
    for (size_t n = 0; n < graph.nodes.size(); ++n)
      for (Edge edge : graph.nodes[n].inputs)
        if (const int32_t from = edge == kAbsent ? -1 : uses.producer[index(edge)]; from >= 0 && part_of[size_t(from)] != part_of[n])
          next_[part_of[size_t(from)]].insert(part_of[n]);
  }

  std::vector<std::vector<size_t>> run() {
    while (merge_one()) {}
    return ordered();
  }

 private:
  struct Pair {
    size_t first, second, owner, size;
  };

  std::vector<Pair> candidates() const {
    std::vector<Pair> out;
    for (size_t a = 0; a < parts_.size(); ++a)
      for (size_t b : next_[a])
        if (owner_[parts_[a][0]] == owner_[parts_[b][0]]) out.push_back({a, b, owner_[parts_[a][0]], parts_[a].size() + parts_[b].size()});
    std::ranges::sort(out, {}, [](const Pair& p) { return std::tuple(p.owner, SIZE_MAX - p.size, p.first, p.second); });
    return out;
  }

  bool merge_one() {
    for (const Pair& pair : candidates())
      if (!has_detour(pair.first, pair.second)) {
        join(pair.first, pair.second);
        return true;
      }
    return false;
  }

  // A way from one to the other through a third.
  bool has_detour(size_t from, size_t to) const {
    std::vector<size_t> open;
    std::vector<bool> seen(parts_.size());
    for (size_t part : next_[from])
      if (part != to) open.push_back(part);
    while (!open.empty()) {
      const size_t part = open.back();
      open.pop_back();
      if (part == to) return true;
      if (seen[part]) continue;
      seen[part] = true;
      open.insert(open.end(), next_[part].begin(), next_[part].end());
    }
    return false;
  }

  void join(size_t into, size_t from) {
    parts_[into].insert(parts_[into].end(), parts_[from].begin(), parts_[from].end());
    std::ranges::sort(parts_[into]);
    parts_[from].clear();
    next_[into].insert(next_[from].begin(), next_[from].end());
    next_[from].clear();
    for (auto& targets : next_)
      if (targets.erase(from)) targets.insert(into);
    next_[into].erase(into);
  }

  std::vector<std::vector<size_t>> ordered() {
    std::vector<size_t> waits(parts_.size());
    for (const auto& targets : next_)
      for (size_t part : targets) ++waits[part];
    std::set<std::pair<size_t, size_t>> ready;  // (first node, part)
    const auto add = [&](size_t part) {
      if (waits[part] == 0 && !parts_[part].empty()) ready.emplace(parts_[part][0], part);
    };
    for (size_t part = 0; part < parts_.size(); ++part) add(part);
    std::vector<std::vector<size_t>> out;
    while (!ready.empty()) {
      const size_t part = ready.begin()->second;
      ready.erase(ready.begin());
      for (size_t target : next_[part])
        if (--waits[target] == 0) add(target);
      out.push_back(std::move(parts_[part]));
    }
    return out;
  }

  const std::vector<size_t>& owner_;
  std::vector<std::vector<size_t>> parts_;
  std::vector<std::set<size_t>> next_;  // parts that read a value of this one
};

}  // namespace

std::vector<std::vector<size_t>> merge_components(const Graph& graph, const Uses& uses, const std::vector<size_t>& owner,
                                                  std::vector<std::vector<size_t>> parts) {
  if (parts.size() > kMostParts) return parts;
  return Merger(graph, uses, owner, std::move(parts)).run();
}

}  // namespace nacre
