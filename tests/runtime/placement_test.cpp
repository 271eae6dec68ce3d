#include "runtime/placement.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/op.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

// A backend that takes Neg and nothing else; what it runs is never looked at here.
Probe available(const ProbeOptions&) { return {.available = true}; }
bool only_neg(const Graph&, const Node& node) { return node.op->name == "Neg"; }
Result<std::unique_ptr<Executable>> none(const Graph&, const CompileOptions&) { return fail(ErrorCode::unsupported, "not compiled here"); }
const Backend picky{.name = "picky", .about = "", .probe = available, .supports = only_neg, .compile = none};

const Backend& backend(std::string_view name) { return **find_backend(name); }

// y = -(|-x| + x), z = x: Neg, Abs, Add, Neg
Graph chain() {
  Graph g;
  Builder b(g);
  const Edge x = g.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n")}));
  const Edge y = b.neg(b.add(b.add("Abs", {b.neg(x)}), x));
  g.add_output(y, "y");
  g.add_output(x, "z");
  return g;
}

TEST(Placement, WholeGraphIsOneRegionWithItsOwnInputsAndOutputs) {
  const Graph g = chain();
  const Target order[] = {&backend("native")};
  const auto placed = place(g, order, true);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->regions.size(), 1u);
  EXPECT_EQ(placed->regions[0].inputs, g.inputs);
  EXPECT_EQ(placed->regions[0].outputs, g.outputs);
  EXPECT_EQ(placed->report.crossings, 0);
  EXPECT_TRUE(placed->report.warnings.empty());
  EXPECT_EQ(placed->report.regions[0].nodes.size(), 4u);
}

TEST(Placement, GraphWithoutNodesIsPlaced) {
  Graph g;
  g.add_output(g.add_input("x", Fact::tensor(DType::float32)), "y");
  const Target order[] = {&picky};
  const auto placed = place(g, order, true);
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->regions.size(), 1u);
}

TEST(Placement, RegionsFollowTheOrderOfExecution) {
  const Graph g = chain();
  const Target order[] = {&picky, &backend("reference")};
  const auto placed = place(g, order, false);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->regions.size(), 3u);
  EXPECT_EQ(placed->regions[0].target.backend, &picky);
  EXPECT_EQ(placed->regions[1].target.backend, &backend("reference"));
  EXPECT_EQ(placed->regions[1].graph.nodes.size(), 2u);
  EXPECT_EQ(placed->regions[1].inputs.size(), 2u) << "-x and x";
  EXPECT_EQ(placed->regions[1].outputs.size(), 1u) << "what only the region reads stays inside";
  EXPECT_EQ(placed->regions[2].outputs, (std::vector<Edge>{g.outputs[0]}));
  for (const Region& region : placed->regions) EXPECT_TRUE(verify(region.graph));
  EXPECT_EQ(placed->report.crossings, 2) << "-x and the sum; x itself is the caller's";
}

// y = -x + |x|: |x| lies on no way from -x to the sum, so both of the first backend's nodes are one region that runs after it.
TEST(Placement, NodesThatAnEdgeJoinsAreOneRegionUnlessAnotherLiesBetween) {
  const Backend takes_two{.name = "two",
                          .about = "",
                          .probe = available,
                          .supports = [](const Graph&, const Node& node) { return node.op->name != "Abs"; },
                          .compile = nullptr};
  const Target order[] = {&takes_two, &backend("reference")};
  Graph g;
  Builder b(g);
  const Edge x = g.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n")}));
  const Edge negative = b.neg(x);
  g.add_output(b.add(negative, b.add("Abs", {x})), "y");
  auto placed = place(g, order, false);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->regions.size(), 2u);
  EXPECT_EQ(placed->regions[0].target.backend->name, "reference");
  EXPECT_EQ(placed->regions[1].graph.nodes.size(), 2u);
  EXPECT_EQ(placed->report.crossings, 1);
  // y = -x + |-x|: now the other backend waits for one of them and the other one for it.
  Graph between;
  Builder c(between);
  const Edge in = between.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n")}));
  const Edge first = c.neg(in);
  between.add_output(c.add(first, c.add("Abs", {first})), "y");
  placed = place(between, order, false);
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->regions.size(), 3u);
  EXPECT_EQ(placed->report.crossings, 2) << "what one backend hands to itself crosses nothing";
}

TEST(Placement, FallbackIsReported) {
  const Target order[] = {&picky, &backend("reference")};
  const auto placed = place(chain(), order, false);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->report.warnings.size(), 1u);
  EXPECT_NE(placed->report.warnings[0].find("2 node(s) run on reference: not supported by picky, first Abs"), std::string::npos)
      << placed->report.warnings[0];
  EXPECT_EQ(placed->report.regions[0].reason, "first choice");
  EXPECT_NE(placed->report.json().find("\"crossings\":2"), std::string::npos) << placed->report.json();
}

TEST(Placement, StrictNamesTheNodeAndTheBackend) {
  const Target order[] = {&picky, &backend("reference")};
  const auto placed = place(chain(), order, true);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(placed.error().what()).find("[Abs \"Abs\"] backend 'picky' does not support it"), std::string::npos)
      << placed.error().what();
}

TEST(Placement, ANodeNobodyTakesIsAnError) {
  const Target order[] = {&picky};
  EXPECT_FALSE(place(chain(), order, false));
}

// The parts compiled and run by hand in order: what crosses between them arrives.
TEST(Placement, RegionsOfTwoBackendsComputeTheWhole) {
  const Backend mixed{.name = "mixed", .about = "", .probe = available, .supports = only_neg, .compile = backend("native").compile};
  const Graph g = chain();
  const Target order[] = {&mixed, &backend("reference")};
  auto placed = place(g, order, false);
  ASSERT_TRUE(placed);
  Session::State state;
  state.graph = g;
  state.inputs = ports_of(g, g.inputs, {});
  for (Region& region : placed->regions) {
    auto executable = region.target.backend->compile(region.graph, {});
    ASSERT_TRUE(executable) << executable.error().what();
    state.regions.push_back({region.target, std::move(*executable), region.inputs, region.outputs});
  }
  const float x[] = {1, -2, 3};
  Profile profile;
  const auto out = run_session(state, {{"x", Tensor::of<float>({3}, std::span<const float>(x))}}, {.profile = &profile});
  ASSERT_TRUE(out) << out.error().what();
  const auto y = (*out)[0].tensor().data<float>();
  EXPECT_EQ(std::vector<float>(y.begin(), y.end()), (std::vector<float>{-2, 0, -6}));
  EXPECT_EQ((*out)[1].tensor().data<float>()[1], -2);
  ASSERT_EQ(profile.nodes.size(), 4u);
  EXPECT_EQ(profile.nodes[0].backend, "native");
  EXPECT_EQ(profile.nodes[1].backend, "reference");
}

TEST(Backends, UnknownNameListsTheKnownOnes) {
  const auto found = find_backend("gpu9000");
  ASSERT_FALSE(found);
  for (const char* name : {"gpu9000", "native", "null", "reference"})
    EXPECT_NE(found.error().message().find(name), std::string::npos) << found.error().message();
}

}  // namespace
}  // namespace nacre
