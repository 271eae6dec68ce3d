// Operators whose result can be far larger than what they are given, found by asking each for small hostile operands: every one is
// refused before memory is taken, with the node, the size and the budget in the message.
#include <gtest/gtest.h>

#include <set>

#include "ops/inference.h"
#include "runtime/session_state.h"
#include "tests/support/graph_check.h"

namespace nacre {
namespace {

using test::Case;
using test::GraphMaker;
using test::RecipeBook;

int64_t bytes_of(const Fact& fact) {
  if (!fact.is_tensor() || !fact.shape) return 0;
  __int128 elements = 1;
  for (const SymDim& dim : *fact.shape) elements *= std::max<int64_t>(dim.constant().value_or(0), 0);
  return int64_t(std::min<__int128>(elements * __int128(bits_of(fact.dtype)) / 8, INT64_MAX));
}

/// The case with what it is given known to inference, so that the facts of its results hold sizes.
Graph with_constants(const Case& c) {
  Graph graph = c.graph;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.inputs[i].second.is_tensor()) graph.make_constant(graph.inputs[i], c.inputs[i].second.tensor());
  return graph;
}

int64_t given_bytes(const Case& c) {
  int64_t out = 1;
  for (const auto& [name, value] : c.inputs)
    if (value.is_tensor()) out += int64_t(value.tensor().byte_size());
  for (size_t i = 0; i < c.graph.edge_count(); ++i)
    if (const Tensor* constant = c.graph.constant(Edge(int32_t(i)))) out += int64_t(constant->byte_size());
  return out;
}

int64_t largest_result(const Graph& graph) {
  int64_t out = 0;
  for (const Node& node : graph.nodes)
    for (Edge edge : node.outputs)
      if (edge != kAbsent) out = std::max(out, bytes_of(graph.fact(edge)));
  return out;
}

bool names_it(const std::string& message, const Case& c) {
  bool node = false;
  for (const Node& one : c.graph.nodes) node = node || message.find(describe(one)) != std::string::npos;
  // What no number of 64 bits counts has no size to name.
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  return node && ((says(" bytes") && says("of a limit of")) || says("more than 2^63 elements") || says("overflows"));
}

class Bombs : public testing::Test {
 protected:
  /// A small budget is refused where the results alone are larger; nothing of that size is allocated before.
  void expect_refused(const Case& c, int64_t budget, const char* backend) {
    const auto state = make_session(c.graph, {.backends = {backend}, .strict = true, .threads = 1, .memory_budget = budget});
    if (!state) return;  // refused when it was opened
    const auto got = run_session(**state, c.inputs, {.timeout = std::chrono::seconds(20)});
    ASSERT_FALSE(got) << backend << " ran within " << budget << " bytes:\n" << test::show(c);
    if (got.error().code() == ErrorCode::resource_exhausted)
      EXPECT_TRUE(names_it(got.error().what(), c)) << got.error().what();
    else
      EXPECT_NE(int(got.error().code()), int(ErrorCode::internal)) << got.error().what();
  }
};

TEST_F(Bombs, EveryOperatorThatGrowsItsInputIsRefusedBeforeItAllocates) {
  const RecipeBook book;
  std::set<std::string> found;
  for (const auto& [op, recipes] : book.recipes) {
    if (op->kind == OpKind::control) continue;  // the bodies' operators are asked by themselves
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      GraphMaker maker(book, seed);
      const Case c = maker.make_one(op, seed % 2 == 0);
      if (c.graph.nodes.empty()) continue;
      Graph known = with_constants(c);
      if (!infer_graph(known)) continue;
      const int64_t given = given_bytes(c), result = largest_result(known);
      if (result <= 16 * given || result < 4096) continue;
      found.insert(std::string(op->name));
      for (const char* backend : {"reference", "native"}) expect_refused(c, result / 2, backend);
      if (HasFailure()) return;
    }
  }
  // What is known to grow must be among those found, or the search finds nothing.
  for (const char* name : {"Expand", "Tile", "Range", "Pad", "ConstantOfShape"}) EXPECT_TRUE(found.contains(name)) << name;
}

}  // namespace
}  // namespace nacre
