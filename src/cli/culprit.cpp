#include "cli/culprit.h"

#include <algorithm>

namespace nacre::cli {
namespace {

struct Place {
  size_t node = 0;
  Edge edge = kAbsent;
};

std::vector<Place> intermediates(const Graph& graph) {
  std::vector<Place> out;
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (Edge edge : graph.nodes[n].outputs)
      if (edge != kAbsent && !graph.constant(edge)) out.push_back({n, edge});
  return out;
}

class Search {
 public:
  Search(const Graph& graph, const Inputs& inputs, const SessionOptions& subject, const SessionOptions& judge, const Tolerance& tolerance,
         Progress& progress)
      : graph_(graph),
        inputs_(inputs),
        subject_(subject),
        judge_(judge),
        tolerance_(tolerance),
        progress_(progress),
        places_(intermediates(graph)) {}

  Result<std::optional<Culprit>> run() {
    progress_.show("keeping every intermediate");
    want_ = NACRE_TRY(values_of(places_, judge_));
    const std::vector<Value> got = NACRE_TRY(values_of(places_, subject_));
    for (size_t i = 0; i < places_.size(); ++i)
      if (Difference difference = compare(got[i], want_[i], tolerance_); !difference.agrees)
        return culprit(i, std::move(difference), false);
    return halve();
  }

 private:
  /// The graph's own outputs stay, so that nothing else changes for the optimiser; those of `kept` are added and returned.
  Result<std::vector<Value>> values_of(std::span<const Place> kept, const SessionOptions& options) const {
    Graph graph = graph_;
    for (const Place& place : kept) graph.add_output(place.edge, cat("kept ", index(place.edge)));
    const auto state = NACRE_TRY(make_session(std::move(graph), options));
    std::vector<Value> values = NACRE_TRY(run_session(*state, inputs_, {}));
    values.erase(values.begin(), values.end() - std::ptrdiff_t(kept.size()));
    return values;
  }

  Result<Difference> difference_at(size_t i) const {
    const std::vector<Value> got = NACRE_TRY(values_of(std::span(&places_[i], 1), subject_));
    return compare(got[0], want_[i], tolerance_);
  }

  Result<std::optional<Culprit>> halve() {
    size_t good = 0, bad = places_.size();  // all before `good` agree, the one at `bad` differs
    std::optional<Culprit> found;
    while (good < bad) {
      const size_t middle = (good + bad) / 2;
      progress_.show(cat("keeping one intermediate: ", bad - good, " left"));
      Difference difference = NACRE_TRY(difference_at(middle));
      if (difference.agrees)
        good = middle + 1;
      else
        found = culprit(bad = middle, std::move(difference), true);
    }
    return found;
  }

  Culprit culprit(size_t i, Difference difference, bool fused) const {
    return {describe(graph_.nodes[places_[i].node]), graph_[places_[i].edge].name, std::move(difference), fused};
  }

  const Graph& graph_;
  const Inputs& inputs_;
  const SessionOptions &subject_, &judge_;
  const Tolerance tolerance_;
  Progress& progress_;
  const std::vector<Place> places_;
  std::vector<Value> want_;
};

}  // namespace

Result<std::optional<Culprit>> find_culprit(const Graph& graph, const Inputs& inputs, const SessionOptions& subject,
                                            const SessionOptions& judge, const Tolerance& tolerance, Progress& progress) {
  return Search(graph, inputs, subject, judge, tolerance, progress).run();
}

}  // namespace nacre::cli
