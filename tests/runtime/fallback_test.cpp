#include <gtest/gtest.h>

#include <thread>

#include "core/log.h"
#include "graph/builder.h"
#include "runtime/execution.h"
#include "tests/support/fake_backend.h"

namespace nacre {
namespace {

using test::fake;

// y = -(|-x| + x), z = |x + x|: two chains.
Graph chain() {
  Graph g;
  Builder b(g);
  const Edge x = g.add_input("x", Fact::tensor(DType::float32, SymShape{SymDim::symbol("n")}));
  g.add_output(b.neg(b.add(b.add("Abs", {b.neg(x)}), x)), "y");
  g.add_output(b.add("Abs", {b.add(x, x)}), "z");
  return g;
}

class Fallback : public testing::Test {
 protected:
  void SetUp() override {
    fake.takes = {"Neg", "Add", "Abs"};
    fake.refuses.clear();
    fake.fails_to_compile = false;
    fake.failing_runs = 0, fake.made = 0, fake.runs = 0;
    warnings().clear();
    set_log_sink([](LogLevel, std::string_view text, void*) { warnings().emplace_back(text); });
  }
  void TearDown() override {
    set_log_sink(nullptr);
    EXPECT_EQ(fake.alive, 0) << "what the backend made is gone";
  }
  static std::vector<std::string>& warnings() {
    static std::vector<std::string> list;
    return list;
  }

  Result<Compilation> compile(bool strict = false) {
    CompileRequest request{.order = {Target(&test::fake_backend)}, .strict = strict, .book = book_};
    if (!strict) request.order.push_back(*find_backend("native"));
    return compile_graph(chain(), request);
  }

  static void expect_right(const Compilation& compiled) {
    const float x[] = {1, -2, 3};
    RunContext context;
    const auto out = run_compilation(compiled, {Tensor::of<float>({3}, std::span<const float>(x))}, context);
    ASSERT_TRUE(out) << out.error().what();
    const auto y = (*out)[0].tensor().data<float>(), z = (*out)[1].tensor().data<float>();
    EXPECT_EQ(std::vector<float>(y.begin(), y.end()), (std::vector<float>{-2, 0, -6}));
    EXPECT_EQ(std::vector<float>(z.begin(), z.end()), (std::vector<float>{2, 4, 6}));
  }

  size_t nodes_on(std::string_view backend) const {
    size_t out = 0;
    for (const PlacedRegion& region : book_->read().regions)
      if (region.backend == backend) out += region.nodes.size();
    return out;
  }

  std::shared_ptr<ReportBook> book_ = std::make_shared<ReportBook>();
};

TEST_F(Fallback, WhatItTakesWholeStaysWithIt) {
  auto compiled = compile();
  ASSERT_TRUE(compiled) << compiled.error().what();
  expect_right(*compiled);
  EXPECT_EQ(fake.runs, 1);
  EXPECT_TRUE(book_->read().warnings.empty());
  EXPECT_TRUE(warnings().empty());
}

TEST_F(Fallback, AtLoadNodesItDoesNotSupportGoToTheNextOne) {
  fake.takes = {"Neg"};
  auto compiled = compile();
  ASSERT_TRUE(compiled) << compiled.error().what();
  expect_right(*compiled);
  EXPECT_EQ(nodes_on("fake"), 2u);
  EXPECT_EQ(nodes_on("native"), 4u);
  ASSERT_EQ(warnings().size(), 1u) << "one cause, one warning";
  EXPECT_NE(warnings()[0].find("4 node(s) run on native: not supported by fake, first A"), std::string::npos) << warnings()[0];
}

TEST_F(Fallback, ConnectedNodesAreOneRegionAndOthersAnother) {
  fake.takes = {"Add", "Abs", "Neg"};
  fake.refuses = {};
  auto compiled = compile();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->regions.size(), 1u) << "one backend takes the graph as it is";
  compiled = Compilation();
  fake.takes = {"Abs"};
  compiled = compile();
  ASSERT_TRUE(compiled);
  // -x apart from x + x, then both |..| apart, then the rest of the first chain.
  EXPECT_EQ(compiled->regions.size(), 5u);
  expect_right(*compiled);
}

TEST_F(Fallback, AtCompileOnlyTheNodeThatIsNamedMoves) {
  fake.refuses = {"Abs"};
  auto compiled = compile();
  ASSERT_TRUE(compiled) << compiled.error().what();
  expect_right(*compiled);
  EXPECT_EQ(nodes_on("native"), 2u);
  EXPECT_EQ(nodes_on("fake"), 4u);
  const std::string text = book_->read().text();
  EXPECT_NE(text.find("fake could not compile it: no kernel for it"), std::string::npos) << text;
}

TEST_F(Fallback, AtCompileARefusedRegionMovesWhole) {
  fake.fails_to_compile = true;
  auto compiled = compile();
  ASSERT_TRUE(compiled) << compiled.error().what();
  expect_right(*compiled);
  EXPECT_EQ(nodes_on("native"), 6u);
  EXPECT_EQ(fake.runs, 0);
  ASSERT_EQ(warnings().size(), 1u);
  EXPECT_NE(warnings()[0].find("the compiler gave up"), std::string::npos) << warnings()[0];
}

TEST_F(Fallback, AtTheFirstRunTheRegionMovesAndStaysThere) {
  auto compiled = compile();
  ASSERT_TRUE(compiled) << compiled.error().what();
  fake.failing_runs = 1;
  expect_right(*compiled);
  EXPECT_EQ(fake.alive, 0) << "what failed is given back at once";
  expect_right(*compiled);
  EXPECT_EQ(fake.runs, 1) << "it is not asked again";
  EXPECT_EQ(nodes_on("fake"), 0u);
  EXPECT_EQ(nodes_on("native"), 6u);
  ASSERT_EQ(warnings().size(), 1u) << "said once";
  EXPECT_NE(warnings()[0].find("fake failed in its first run: the device fell off the bus"), std::string::npos) << warnings()[0];
  EXPECT_NE(book_->read().json().find("the device fell off the bus"), std::string::npos);
}

TEST_F(Fallback, AfterOneGoodRunAFailureIsAnError) {
  auto compiled = compile();
  ASSERT_TRUE(compiled);
  expect_right(*compiled);
  fake.failing_runs = 1;
  RunContext context;
  const auto out = run_compilation(*compiled, {Tensor(DType::float32, {3})}, context);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), ErrorCode::unavailable);
  expect_right(*compiled);
  EXPECT_EQ(nodes_on("fake"), 6u);
}

TEST_F(Fallback, OneRegionOfSeveralMovesInItsFirstRun) {
  fake.takes = {"Neg"};
  auto compiled = compile();
  ASSERT_TRUE(compiled);
  fake.failing_runs = 1;
  expect_right(*compiled);
  expect_right(*compiled);
  EXPECT_EQ(nodes_on("fake"), 1u);
  EXPECT_EQ(nodes_on("native"), 5u);
}

TEST_F(Fallback, StrictFailsAtLoadCompileAndRun) {
  fake.takes = {"Neg"};
  EXPECT_FALSE(compile(true));
  fake.takes = {"Neg", "Add", "Abs"}, fake.refuses = {"Abs"};
  auto refused = compile(true);
  ASSERT_FALSE(refused);
  EXPECT_NE(std::string(refused.error().what()).find("no kernel for it"), std::string::npos);
  fake.refuses.clear();
  auto compiled = compile(true);
  ASSERT_TRUE(compiled);
  fake.failing_runs = 1;
  RunContext context;
  EXPECT_FALSE(run_compilation(*compiled, {Tensor(DType::float32, {3})}, context));
}

TEST_F(Fallback, ThreadsThatFailTogetherMoveOnce) {
  auto compiled = compile();
  ASSERT_TRUE(compiled);
  fake.failing_runs = 1000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { expect_right(*compiled); });
  }
  EXPECT_EQ(warnings().size(), 1u);
  EXPECT_EQ(nodes_on("native"), 6u);
}

TEST_F(Fallback, CancelledIsNoFailureOfTheBackend) {
  auto compiled = compile();
  ASSERT_TRUE(compiled);
  const std::atomic<bool> cancel = true;
  RunContext context{.cancel = &cancel};
  const auto out = run_compilation(*compiled, {Tensor(DType::float32, {3})}, context);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), ErrorCode::cancelled);
  EXPECT_TRUE(warnings().empty());
}

}  // namespace
}  // namespace nacre
