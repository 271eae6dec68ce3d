// Plans that are made from the plan of another shape are those that would have been made without it.
#include "backends/native/replan.h"

#include <gtest/gtest.h>

#include <cstring>

#include "graph/op.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

constexpr int64_t kHeads = 2, kHead = 4, kWidth = kHeads * kHead;

Tensor ramp(Shape shape, float seed) {
  Tensor out(DType::float32, std::move(shape));
  auto data = out.mutable_data<float>();
  for (size_t i = 0; i < data.size(); ++i) data[i] = std::sin(seed + 0.37f * float(i));
  return out;
}

// A layer of a decoder: x is split into heads by a Reshape whose target comes from Shape, and attends to what was before and itself,
// with a bias of the position: a Range, whose numbers are known once its length is.
ModelMaker decoder(bool grows = true) {
  ModelMaker m(17, 8);
  m.input("x", DType::float32, {"batch", "sequence", kWidth}).input("past", DType::float32, {"batch", kHeads, "past", kHead});
  m.output("y", DType::float32, {"batch", "sequence", kWidth}).output("present", DType::float32, {"batch", kHeads, "total", kHead});
  m.constant("w", ramp({kWidth, kWidth}, 1)).constant("heads", ints({2}, {kHeads, kHead})).constant("width", ints({1}, {kWidth}));
  m.constant("first", ints({1}, {0})).constant("second", ints({1}, {1}));
  m.node("MatMul", {"x", "w"}, {"projected"}).node("Shape", {"x"}, {"shape"});
  m.node("Gather", {"shape", "first"}, {"batch"}).node("Gather", {"shape", "second"}, {"sequence"});
  m.node("Concat", {"batch", "sequence", "heads"}, {"split"}, {attribute("axis", 0)});
  m.node("Concat", {"batch", "sequence", "width"}, {"whole"}, {attribute("axis", 0)});
  m.node("Reshape", {"projected", "split"}, {"h"});
  m.node("Transpose", {"h"}, {"q"}, {attribute("perm", std::vector<int64_t>{0, 2, 1, 3})});
  if (grows)
    m.node("Concat", {"past", "q"}, {"present"}, {attribute("axis", 2)});
  else
    m.node("Add", {"past", "q"}, {"present"});
  m.node("Transpose", {"present"}, {"k"}, {attribute("perm", std::vector<int64_t>{0, 1, 3, 2})});
  m.constant("zero", Tensor::scalar<int64_t>(0)).constant("one", Tensor::scalar<int64_t>(1)).constant("two", Tensor::scalar<int64_t>(2));
  m.node("Shape", {"present"}, {"present_shape"}).node("Gather", {"present_shape", "two"}, {"total"});
  m.node("Range", {"zero", "total", "one"}, {"positions"}).node("Cast", {"positions"}, {"bias"}, {attribute("to", 1)});
  m.node("MatMul", {"q", "k"}, {"products"}).node("Add", {"products", "bias"}, {"scores"});
  m.node("Softmax", {"scores"}, {"share"}, {attribute("axis", -1)});
  m.node("MatMul", {"share", "present"}, {"mixed"});
  m.node("Transpose", {"mixed"}, {"rows"}, {attribute("perm", std::vector<int64_t>{0, 2, 1, 3})});
  m.node("Reshape", {"rows", "whole"}, {"joined"}).node("Add", {"joined", "x"}, {"sum"}).node("Relu", {"sum"}, {"y"});
  return m;
}

Inputs inputs_of(int64_t batch, int64_t sequence, int64_t past) {
  return {{"x", ramp({batch, sequence, kWidth}, 2)}, {"past", ramp({batch, kHeads, past, kHead}, 3)}};
}

std::string bits(const Outputs& outputs) {
  std::string out;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& tensor = outputs.value(i).tensor();
    out += cat(to_string(symbolic(tensor.shape())), " ");
    out.append(static_cast<const char*>(tensor.raw()), tensor.byte_size());
  }
  return out;
}

struct Sizes {
  int64_t batch, sequence, past;
};

TEST(Replan, EveryShapeGivesTheBitsOfASessionOfItsOwn) {
  const Session shared = decoder().session({.threads = 1});
  for (const Sizes& s : std::vector<Sizes>{{1, 1, 3},
                                           {1, 1, 4},
                                           {1, 1, 5},
                                           {1, 1, 6},
                                           {2, 1, 6},
                                           {1, 7, 0},
                                           {1, 1, 7},
                                           {2, 3, 4},
                                           {1, 1, 1},
                                           {1, 1, 2},
                                           {3, 2, 40},
                                           {1, 1, 41},
                                           {1, 1, 3},
                                           {0, 1, 3},
                                           {1, 1, 42},
                                           {1, 1, 43}}) {
    const Session own = decoder().session({.threads = 1});
    const Inputs inputs = inputs_of(s.batch, s.sequence, s.past);
    EXPECT_EQ(bits(shared.run(inputs)), bits(own.run(inputs))) << s.batch << " " << s.sequence << " " << s.past;
  }
}

// The dims of both inputs are one symbol's or broadcast, which only the sizes decide.
TEST(Replan, SizesThatDoNotFitAreTheErrorsTheyWere) {
  const Session session = decoder(false).session({.threads = 1});
  for (int64_t sequence : {3, 4, 5, 6}) session.run(inputs_of(1, sequence, sequence));
  session.run(inputs_of(1, 5, 1));
  for (int times = 0; times < 2; ++times) {
    expect_error(thrown_by([&] { session.run(inputs_of(1, 5, 3)); }), ErrorCode::invalid_argument, {"cannot broadcast"});
    const Session own = decoder(false).session({.threads = 1});
    EXPECT_EQ(bits(session.run(inputs_of(1, 7, 7))), bits(own.run(inputs_of(1, 7, 7))));
  }
}

/// Everything of a plan that a run depends on.
std::string text_of(const native::Plan& plan) {
  std::string out = cat("arena ", plan.arena_bytes, ", ", plan.largest, "\n");
  for (const native::Step& step : plan.steps) {
    const Node& node = plan.graph->nodes[size_t(step.node)];
    out += cat(node.op->name, " ",
               step.view     ? "view"
               : step.kernel ? step.kernel->name
                             : "reference",
               " ", step.flops, " releases ", step.releases.size());
    for (Edge edge : node.outputs) {
      const native::Place& place = plan.places[index(edge)];
      out += cat(" -> ", plan.fact(edge).text(), " at ", place.offset, " ", place.bytes);
    }
    out += "\n";
  }
  return out;
}

std::vector<Fact> facts_of(const Inputs& inputs) {
  std::vector<Fact> out;
  for (const auto& [name, value] : inputs) out.push_back(Fact::of(value));
  return out;
}

TEST(Replan, ThePlanIsTheOneMadeFromTheOutline) {
  const Session session = decoder().session({.threads = 1, .optimise = false});
  const native::Outline outline(session.state().graph);
  const auto cache = std::make_shared<native::PackCache>();
  const auto plan_of = [&](const std::vector<Fact>& facts) { return *native::make_plan(*outline.bind(facts), facts, cache); };
  native::Replanner replanner(*outline.bind(facts_of(inputs_of(1, 1, 3))), cache);
  for (const Sizes& s : std::vector<Sizes>{{1, 1, 3}, {1, 1, 4}, {1, 1, 5}, {2, 1, 5}, {2, 3, 64}, {1, 1, 1}}) {
    const std::vector<Fact> facts = facts_of(inputs_of(s.batch, s.sequence, s.past));
    const auto plan = replanner.plan(outline, facts);
    ASSERT_TRUE(plan);
    EXPECT_EQ(text_of(*plan), text_of(*plan_of(facts)));
  }
}

TEST(Replan, NodesThatSeeNothingNewKeepWhatWasPrepared) {
  const Session session = decoder().session({.threads = 1, .optimise = false});
  const native::Outline outline(session.state().graph);
  const auto cache = std::make_shared<native::PackCache>();
  native::Replanner replanner(*outline.bind(facts_of(inputs_of(1, 1, 3))), cache);
  const auto first = replanner.plan(outline, facts_of(inputs_of(1, 1, 3))), second = replanner.plan(outline, facts_of(inputs_of(1, 1, 4)));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->graph, second->graph);
  size_t same = 0, renewed = 0;
  for (size_t i = 0; i < first->steps.size(); ++i)
    if (first->steps[i].prepared) (first->steps[i].prepared == second->steps[i].prepared ? same : renewed) += 1;
  EXPECT_GE(same, 1u) << "the projection of x";
  EXPECT_GE(renewed, 1u) << "what reads the past";
}

}  // namespace
}  // namespace nacre
