// The operators that compute and change shapes. Expected numbers are numpy's.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

// A graph of one input whose tracked values and dims are read back.
struct Traced {
  Graph graph;
  Builder builder{graph};
  Edge input(SymShape shape, DType dtype = DType::float32) {
    return graph.add_input(cat("x", ++count), Fact::tensor(dtype, std::move(shape)));
  }
  std::string shape(Edge edge) {
    EXPECT_TRUE(builder.status().has_value()) << (builder.status() ? "" : builder.status().error().what());
    return edge == kAbsent ? "absent" : graph.fact(edge).text();
  }
  std::string values(Edge edge) { return graph.fact(edge).values ? to_string(*graph.fact(edge).values) : "none"; }
  int count = 0;
};
SymDim sym(const char* name) { return SymDim::symbol(name); }

TEST(Reshape, ZeroKeepsDimensionUnlessAllowzero) {
  expect_equal(run_op("Reshape", {f32({2, 3}, {1, 2, 3, 4, 5, 6}), i64({3}, {0, 1, -1})}), f32({2, 1, 3}, {1, 2, 3, 4, 5, 6}));
  expect_equal(run_op("Reshape", {f32({0, 3}, {}), i64({2}, {3, 0})}, {{"allowzero", int64_t{1}}}), f32({3, 0}, {}));
  expect_failure(run_op("Reshape", {f32({2, 7, 384}, std::vector<float>(5376)), i64({3}, {2, 8, 384})}), ErrorCode::invalid_argument,
                 "cannot view [2,7,384] as [2,8,384]: 5376 elements against 6144");
  expect_failure(run_op("Reshape", {f32({6}, std::vector<float>(6)), i64({2}, {-1, 4})}), ErrorCode::invalid_argument);
}

// -1 takes what is left of the dims that are not copied, also where a copied one is 0.
TEST(Reshape, WhatDoesNotDivideFailsBeforeTheRun) {
  Graph graph;
  Builder b(graph);
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{0, 2, 2}));
  b.reshape(x, std::vector<int64_t>{0, -1, 5, 1});
  ASSERT_FALSE(b.status());
  EXPECT_NE(std::string(b.status().error().what()).find("4 elements do not divide by 5"), std::string::npos);
}

TEST(Reshape, OldAttributeFormIsUpgraded) {
  expect_equal(
      run_op(OpCase{
          .op = "Reshape", .inputs = {f32({4}, {1, 2, 3, 4})}, .attributes = {{"shape", std::vector<int64_t>{2, -1}}}, .version = 1}),
      f32({2, 2}, {1, 2, 3, 4}));
}

// What exporters write for multi-head attention: Reshape(x, Concat(Gather(Shape(x), 0), Gather(Shape(x), 1), 12, -1)).
TEST(Reshape, TargetsComputedFromShapesAreKnownBeforeRunTime) {
  Traced t;
  const Edge x = t.input({sym("batch"), sym("past") + sym("seq"), 768});
  const Edge dims = t.builder.add("Shape", {x});
  auto dim = [&](int64_t i) {
    return t.builder.unsqueeze(t.builder.add("Gather", {dims, t.builder.constant(Tensor::scalar<int64_t>(i))}), {0});
  };
  const Edge target = t.builder.add("Concat", {dim(0), dim(1), t.builder.ints({12, -1})}, {{"axis", int64_t{0}}});
  const Edge heads = t.builder.reshape(x, target);
  EXPECT_EQ(t.shape(heads), "float32[batch,past + seq,12,64]");
  const Edge flat =
      t.builder.reshape(heads, t.builder.add("Concat", {t.builder.ints({-1}), dim(1), t.builder.ints({768})}, {{"axis", int64_t{0}}}));
  EXPECT_EQ(t.shape(flat), "float32[batch,past + seq,768]");
}

TEST(Reshape, ElementsNobodyKnowsGiveFreshDims) {
  Traced t;
  const Edge x = t.input({2, sym("n"), 6}), other = t.input({1}, DType::int64);
  const Edge target = t.builder.add("Concat", {other, t.builder.ints({-1, 3})}, {{"axis", int64_t{0}}});
  EXPECT_EQ(t.shape(t.builder.reshape(x, target)).substr(0, 9), "float32[?");
  EXPECT_TRUE(t.shape(t.builder.reshape(x, target)).ends_with(",3]"));
}

TEST(Shape, StartAndEndAreClamped) {
  const Tensor x = f32({2, 3, 4}, std::vector<float>(24));
  expect_equal(run_op("Shape", {x}), i64({3}, {2, 3, 4}));
  expect_equal(run_op("Shape", {x}, {{"start", int64_t{-1}}}), i64({1}, {4}));
  expect_equal(run_op("Shape", {x}, {{"start", int64_t{1}}, {"end", int64_t{-1}}}), i64({1}, {3}));
  expect_equal(run_op("Shape", {x}, {{"start", int64_t{2}}, {"end", int64_t{1}}}), i64({0}, {}));
  expect_equal(run_op("Shape", {x}, {{"start", int64_t{-9}}, {"end", int64_t{9}}}), i64({3}, {2, 3, 4}));
}

TEST(Squeeze, WithAxesWithoutAndAsAttribute) {
  const Tensor x = f32({1, 3, 1}, {1, 2, 3});
  expect_equal(run_op("Squeeze", {x}), f32({3}, {1, 2, 3}));
  expect_equal(run_op("Squeeze", {x, i64({1}, {-1})}), f32({1, 3}, {1, 2, 3}));
  expect_equal(run_op(OpCase{.op = "Squeeze", .inputs = {x}, .attributes = {{"axes", std::vector<int64_t>{0}}}, .version = 11}),
               f32({3, 1}, {1, 2, 3}));
  expect_failure(run_op("Squeeze", {x, i64({1}, {1})}), ErrorCode::invalid_argument, "it is 3");
}

TEST(Unsqueeze, AxesCountInTheOutput) {
  expect_equal(run_op("Unsqueeze", {f32({2}, {1, 2}), i64({2}, {-1, 0})}), f32({1, 2, 1}, {1, 2}));
  expect_failure(run_op("Unsqueeze", {f32({2}, {1, 2}), i64({2}, {0, 0})}), ErrorCode::invalid_model, "twice");
  expect_failure(run_op("Unsqueeze", {f32({2}, {1, 2}), i64({1}, {2})}), ErrorCode::invalid_argument);
}

TEST(Flatten, AxisMayBeNegativeOrOnePastTheLast) {
  const Tensor x = f32({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("Flatten", {x}), f32({2, 3}, {1, 2, 3, 4, 5, 6}));
  expect_equal(run_op("Flatten", {x}, {{"axis", int64_t{3}}}), f32({6, 1}, {1, 2, 3, 4, 5, 6}));
  expect_equal(run_op("Flatten", {x}, {{"axis", int64_t{-3}}}), f32({1, 6}, {1, 2, 3, 4, 5, 6}));
}

TEST(Concat, StringsAndEmptyPartsAndMismatches) {
  expect_equal(run_op("Concat", {strings({1, 2}, {"a", "b"}), strings({0, 2}, {}), strings({1, 2}, {"c", "d"})}, {{"axis", int64_t{0}}}),
               strings({2, 2}, {"a", "b", "c", "d"}));
  expect_equal(run_op("Concat", {f32({2, 1}, {1, 2}), f32({2, 2}, {3, 4, 5, 6})}, {{"axis", int64_t{-1}}}),
               f32({2, 3}, {1, 3, 4, 2, 5, 6}));
  expect_failure(run_op("Concat", {f32({2, 1}, {1, 2}), f32({1, 2}, {3, 4})}, {{"axis", int64_t{0}}}), ErrorCode::invalid_model);
}

TEST(Split, UnevenPartsAndGivenLengths) {
  const Tensor x = f32({7}, {1, 2, 3, 4, 5, 6, 7});
  const Outputs uneven = run_op("Split", {x}, {{"num_outputs", int64_t{4}}}, 4);
  expect_equal(uneven, f32({2}, {1, 2}));
  expect_equal(uneven, f32({1}, {7}), 3);
  const Outputs given = run_op("Split", {x, i64({2}, {0, 7})}, {}, 2);
  expect_equal(given, f32({0}, {}));
  expect_equal(given, x, 1);
  expect_failure(run_op("Split", {x, i64({2}, {1, 7})}, {}, 2), ErrorCode::invalid_argument, "lengths");
}

TEST(Slice, ClampsAndStepsBackwards) {
  const Tensor x = i64({5}, {0, 1, 2, 3, 4});
  auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return run_op("Slice", {x, i64({1}, {start}), i64({1}, {end}), i64({1}, {0}), i64({1}, {step})});
  };
  expect_equal(slice(1, INT64_MAX, 1), i64({4}, {1, 2, 3, 4}));
  expect_equal(slice(-100, 3, 2), i64({2}, {0, 2}));
  expect_equal(slice(-1, INT64_MIN, -2), i64({3}, {4, 2, 0}));
  expect_equal(slice(3, 0, -1), i64({3}, {3, 2, 1}));
  expect_equal(slice(0, 5, INT64_MAX), i64({1}, {0}));
  expect_equal(slice(4, INT64_MIN, INT64_MIN), i64({1}, {4}));
  expect_equal(slice(3, 1, 1), i64({0}, {}));
  expect_failure(slice(0, 5, 0), ErrorCode::invalid_argument, "step of 0");
}

TEST(Slice, SymbolicDimsStayNamed) {
  Traced t;
  const Edge x = t.input({sym("batch"), sym("past") + sym("seq")});
  auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return t.shape(
        t.builder.add("Slice", {x, t.builder.ints({start}), t.builder.ints({end}), t.builder.ints({1}), t.builder.ints({step})}));
  };
  EXPECT_EQ(slice(0, INT64_MAX, 1), "float32[batch,past + seq]");
  EXPECT_EQ(slice(-1, INT64_MAX, 1), "float32[batch,min(1, past + seq)]");
  EXPECT_EQ(slice(-1, INT64_MIN, -1), "float32[batch,past + seq]");
  EXPECT_EQ(slice(0, -2, 1), "float32[batch,max(0, past + seq - 2)]");
  EXPECT_EQ(slice(0, INT64_MAX, 2), "float32[batch,ceil((past + seq) / 2)]");
}

TEST(Gather, ScalarIndexDropsTheAxisAndBadIndexIsNamed) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("Gather", {x, i64({}, {-1})}, {{"axis", int64_t{1}}}), f32({2}, {3, 6}));
  expect_equal(run_op("Gather", {x, i32({2, 1}, {1, 0})}), f32({2, 1, 3}, {4, 5, 6, 1, 2, 3}));
  expect_failure(run_op("Gather", {x, i64({1}, {2})}), ErrorCode::invalid_argument, "index 2 is outside [-2, 2)");
}

TEST(Gather, ShapeElementsAreTracked) {
  Traced t;
  const Edge dims = t.builder.add("Shape", {t.input({sym("batch"), 7})});
  EXPECT_EQ(t.values(t.builder.add("Gather", {dims, t.builder.ints({-1, 0})})), "[7,batch]");
}

TEST(ConstantOfShape, DefaultIsFloatZeroAndBombsAreRefused) {
  expect_equal(run_op("ConstantOfShape", {i64({2}, {1, 2})}), f32({1, 2}, {0, 0}));
  expect_equal(run_op("ConstantOfShape", {i64({0}, {})}, {{"value", i64({1}, {7})}}), i64({}, {7}));
  MemoryBudget budget(1 << 20);
  const OpCase bomb{.op = "ConstantOfShape", .inputs = {i64({2}, {1 << 20, 1 << 20})}};
  expect_failure(run_case(bomb, Given::shapes, &budget), ErrorCode::resource_exhausted);
  expect_failure(run_op("ConstantOfShape", {i64({1}, {-1})}), ErrorCode::invalid_argument);
}

TEST(Expand, OnesInTheShapeKeepTheInput) {
  expect_equal(run_op("Expand", {f32({3, 1}, {1, 2, 3}), i64({3}, {2, 1, 2})}), f32({2, 3, 2}, {1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3}));
  expect_equal(run_op("Expand", {f32({2}, {1, 2}), i64({1}, {1})}), f32({2}, {1, 2}));
  expect_failure(run_op("Expand", {f32({3}, {1, 2, 3}), i64({1}, {2})}), ErrorCode::invalid_argument, "3 against 2");
}

TEST(Tile, RepeatsAndTheOpsetOneForm) {
  expect_equal(run_op("Tile", {f32({1, 2}, {1, 2}), i64({2}, {2, 2})}), f32({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2}));
  expect_equal(
      run_case(OpCase{.op = "Tile", .inputs = {f32({1, 2}, {1, 2}), f32({1}, {2}), f32({1}, {1})}, .version = 1}, Given::constants),
      f32({1, 4}, {1, 2, 1, 2}));
  expect_failure(run_op("Tile", {f32({2}, {1, 2}), i64({1}, {-1})}), ErrorCode::invalid_argument);
}

TEST(Pad, EveryMode) {
  const Tensor x = f32({4}, {1, 2, 3, 4});
  auto pad = [&](const char* mode, int64_t before, int64_t after) {
    return run_op("Pad", {x, i64({2}, {before, after})}, {{"mode", mode}});
  };
  expect_equal(pad("constant", 1, 2), f32({7}, {0, 1, 2, 3, 4, 0, 0}));
  expect_equal(pad("constant", -1, 1), f32({4}, {2, 3, 4, 0}));
  expect_equal(pad("reflect", 2, 5), f32({11}, {3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3}));
  expect_equal(pad("edge", 2, 1), f32({7}, {1, 1, 1, 2, 3, 4, 4}));
  expect_equal(pad("wrap", 2, 1), f32({7}, {3, 4, 1, 2, 3, 4, 1}));
  expect_failure(pad("constant", -3, -2), ErrorCode::invalid_argument);
  expect_failure(pad("mirror", 1, 1), ErrorCode::invalid_model, "mirror");
}

TEST(Pad, AxesValueAndOldForms) {
  const Tensor x = f32({2, 1}, {1, 2});
  expect_equal(run_op("Pad", {x, i64({2}, {1, 0}), f32({}, {9}), i64({1}, {-1})}), f32({2, 2}, {9, 1, 9, 2}));
  const Attributes old{{"pads", std::vector<int64_t>{0, 0, 1, 0}}, {"value", 5.0f}};
  expect_equal(run_op(OpCase{.op = "Pad", .inputs = {x}, .attributes = old, .version = 2}), f32({3, 1}, {1, 2, 5}));
}

TEST(ScatterElements, ReductionsSeeDuplicates) {
  const Tensor x = f32({1, 3}, {1, 2, 3}), at = i64({1, 2}, {1, 1}), by = f32({1, 2}, {5, 7});
  auto scatter = [&](const char* how) { return run_op("ScatterElements", {x, at, by}, {{"axis", int64_t{1}}, {"reduction", how}}); };
  expect_equal(scatter("none"), f32({1, 3}, {1, 7, 3}));
  expect_equal(scatter("add"), f32({1, 3}, {1, 14, 3}));
  expect_equal(scatter("mul"), f32({1, 3}, {1, 70, 3}));
  expect_equal(scatter("max"), f32({1, 3}, {1, 7, 3}));
  expect_equal(scatter("min"), f32({1, 3}, {1, 2, 3}));
  expect_failure(scatter("xor"), ErrorCode::invalid_model, "xor");
}

TEST(GatherND, BatchDimsAndBadTuples) {
  const Tensor x = i32({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  expect_equal(run_op("GatherND", {x, i64({2, 1}, {1, 0})}, {{"batch_dims", int64_t{1}}}), i32({2, 2}, {2, 3, 4, 5}));
  expect_equal(run_op("GatherND", {x, i64({1, 3}, {-1, 0, 1})}), i32({1}, {5}));
  expect_failure(run_op("GatherND", {x, i64({1, 1}, {2})}), ErrorCode::invalid_argument, "index 2");
}

TEST(NonZero, ScalarHasNoRows) {
  expect_equal(run_op("NonZero", {bools({2, 2}, {true, false, true, true})}), i64({2, 3}, {0, 1, 1, 0, 0, 1}));
  expect_equal(run_op("NonZero", {f32({}, {3})}), i64({0, 1}, {}));
}

}  // namespace
}  // namespace nacre::test
