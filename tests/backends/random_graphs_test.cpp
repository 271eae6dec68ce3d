// The planner against the oracle: what native computes in its arena must be what reference computes with values of their own.
#include <gtest/gtest.h>

#include "core/text.h"
#include "runtime/session_state.h"
#include "tests/support/random_graph.h"

namespace nacre {
namespace {

using test::RandomGraph;

bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (!a.is_tensor()) return true;
  const Tensor &x = a.tensor(), &y = b.tensor();
  if (x.dtype() != y.dtype() || x.shape() != y.shape()) return false;
  for (int64_t i = 0; i < x.size(); ++i)
    if (x.data<float>()[size_t(i)] != y.data<float>()[size_t(i)]) return false;  // 0 and -0 are the same here
  return true;
}

std::string show(const Value& value) {
  std::string out = describe(value.tensor());
  for (int64_t i = 0; i < std::min<int64_t>(value.tensor().size(), 32); ++i)
    out += cat(" ", double(value.tensor().data<float>()[size_t(i)]));
  return out;
}

std::shared_ptr<const Session::State> session_of(const Graph& graph, const char* backend, bool optimised) {
  auto state = make_session(graph, {.backends = {backend}, .optimise = optimised});
  EXPECT_TRUE(state) << state.error().what();
  return state ? *state : nullptr;
}

void check_seed(uint64_t seed) {
  RandomGraph maker(seed);
  const Graph graph = maker.make(6 + int(seed % 30));
  const auto oracle = session_of(graph, "reference", false), plain = session_of(graph, "native", false),
             fused = session_of(graph, "native", true);
  ASSERT_TRUE(oracle && plain && fused) << "seed " << seed << "\n" << print(graph);
  // Sizes come back, so that plans and their memory are used again.
  for (int64_t n : {3, 3, 0, 5, 3, 1, 0}) {
    const Inputs inputs = maker.inputs(graph, n);
    const auto expected = run_session(*oracle, inputs, {});
    ASSERT_TRUE(expected) << expected.error().what() << "\nseed " << seed << ", n " << n << "\n" << print(graph);
    for (const auto& state : {plain, fused}) {
      const auto got = run_session(*state, inputs, {});
      ASSERT_TRUE(got) << got.error().what() << "\nseed " << seed << ", n " << n << "\n" << print(state->graph);
      for (size_t i = 0; i < expected->size(); ++i)
        ASSERT_TRUE(same((*got)[i], (*expected)[i])) << "seed " << seed << ", n " << n << ", output " << i << ": got " << show((*got)[i])
                                                     << ", expected " << show((*expected)[i]) << "\n"
                                                     << print(state->graph) << state->regions[0].executable->plan_text();
    }
  }
}

TEST(RandomGraphs, NativeAgreesWithReference) {
  for (uint64_t seed = 1; seed <= 400 && !HasFatalFailure(); ++seed) check_seed(seed);
}

}  // namespace
}  // namespace nacre
