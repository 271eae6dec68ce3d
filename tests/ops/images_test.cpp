// Operators that read images between pixels. Expected numbers are the onnx package's reference implementation's.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

const Tensor kImage = f32({2, 3}, {1, 2, 4, 3, 7, 5});

Outputs resize(const char* mode, const char* coordinates) {
  return run_op("Resize", {kImage, std::nullopt, std::nullopt, i64({2}, {3, 5})},
                {{"mode", mode}, {"coordinate_transformation_mode", coordinates}});
}

TEST(Resize, ModesAndCoordinates) {
  expect_close(resize("nearest", "half_pixel"), f32({3, 5}, {1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 3, 3, 7, 5, 5}));
  expect_close(resize("nearest", "asymmetric"), f32({3, 5}, {1, 2, 2, 4, 4, 3, 7, 7, 5, 5, 3, 7, 7, 5, 5}));
  expect_close(resize("linear", "half_pixel"), f32({3, 5}, {1, 1.4f, 2, 3.2f, 4, 2, 3, 4.5f, 4.5f, 4.5f, 3, 4.6f, 7, 5.8f, 5}));
  expect_close(resize("linear", "align_corners"), f32({3, 5}, {1, 1.5f, 2, 3, 4, 2, 3.25f, 4.5f, 4.5f, 4.5f, 3, 5, 7, 6, 5}));
  expect_close(resize("cubic", "half_pixel"),
               f32({3, 5}, {0.7553896f, 0.9443465f, 1.565973f, 3.055723f, 4.138531f, 1.760001f, 2.969999f, 4.5f, 4.679999f, 4.500001f,
                            2.764614f, 4.995653f, 7.434031f, 6.304279f, 4.861476f}),
               1e-4);
  expect_failure(resize("quintic", "half_pixel"), ErrorCode::invalid_model, "quintic");
}

TEST(Resize, AntialiasCropAspectAndIntegers) {
  const Tensor squares = f32({8}, {0, 1, 4, 9, 16, 25, 36, 49}), scale = f32({1}, {0.4f});
  expect_close(run_op("Resize", {squares, std::nullopt, scale}, {{"mode", "linear"}, {"antialias", int64_t{1}}}),
               f32({3}, {1.52f, 11.56f, 33.64f}), 1e-4);
  expect_close(
      run_op("Resize", {squares, std::nullopt, scale}, {{"mode", "cubic"}, {"antialias", int64_t{1}}, {"exclude_outside", int64_t{1}}}),
      f32({3}, {0.5170205f, 10.15976f, 34.80351f}), 1e-4);
  const Attributes crop{{"mode", "linear"}, {"coordinate_transformation_mode", "tf_crop_and_resize"}, {"extrapolation_value", 9.0f}};
  expect_close(run_op("Resize", {kImage, f32({4}, {0.4f, -.5f, 1.2f, .8f}), std::nullopt, i64({2}, {3, 5})}, crop),
               f32({3, 5}, {9, 9, 2.46f, 3.89f, 4.24f, 9, 9, 3.62f, 5.83f, 5.28f, 9, 9, 9, 9, 9}), 1e-4);
  const Outputs kept = run_op("Resize", {kImage, std::nullopt, std::nullopt, i64({2}, {7, 6})},
                              {{"mode", "linear"}, {"keep_aspect_ratio_policy", "not_larger"}});
  ASSERT_TRUE(kept.has_value()) << kept.error().what();
  EXPECT_EQ(describe((*kept)[0].tensor()), "float32[4,6]");
  expect_equal(run_op("Resize", {u8({2, 3}, {1, 2, 4, 3, 7, 5}), std::nullopt, std::nullopt, i64({2}, {2, 4})}, {{"mode", "cubic"}}),
               u8({2, 4}, {1, 1, 3, 4, 3, 6, 7, 5}));
}

TEST(Resize, OldFormsAndBombs) {
  const OpCase upsample{
      .op = "Upsample", .inputs = {f32({1, 1, 1, 2}, {1, 2})}, .attributes = {{"height_scale", 2.0f}, {"width_scale", 1.5f}}, .version = 1};
  expect_equal(run_op(upsample), f32({1, 1, 2, 3}, {1, 1, 2, 1, 1, 2}));
  expect_equal(run_op(OpCase{.op = "Resize", .inputs = {f32({2}, {1, 2}), f32({1}, {2})}, .version = 10}), f32({4}, {1, 1, 2, 2}));
  MemoryBudget budget(1 << 20);
  const OpCase bomb{.op = "Resize", .inputs = {f32({1}, {1}), std::nullopt, std::nullopt, i64({1}, {int64_t{1} << 50})}};
  expect_failure(run_case(bomb, Given::shapes, &budget), ErrorCode::resource_exhausted);
  expect_failure(run_op("Resize", {f32({1}, {1}), std::nullopt, f32({1}, {NAN})}), ErrorCode::invalid_argument);
}

TEST(Resize, SymbolicDimsScale) {
  Graph graph;
  Builder b(graph);
  const Edge x = graph.add_input("x", Fact::tensor(DType::float32, SymShape{1, 3, SymDim::symbol("h"), SymDim::symbol("w")}));
  const Edge y = b.add("Resize", {x, kAbsent, b.constant(f32({4}, {1, 1, 2, 0.5f}))});
  ASSERT_TRUE(b.status().has_value());
  EXPECT_EQ(graph.fact(y).text(), "float32[1,3,2*h,floor(w / 2)]");
}

TEST(GridSample, ModesAndPadding) {
  const Tensor image = f32({1, 1, 2, 3}, {1, 2, 4, 3, 7, 5}), grid = f32({1, 2, 2, 2}, {-1, -1, 0.1f, 0.4f, 1.4f, -2.3f, 0.55f, 0.9f});
  auto sample = [&](const char* mode, const char* padding) {
    return run_op("GridSample", {image, grid}, {{"mode", mode}, {"padding_mode", padding}});
  };
  expect_close(sample("nearest", "zeros"), f32({1, 1, 2, 2}, {1, 7, 0, 5}));
  expect_close(sample("nearest", "reflection"), f32({1, 1, 2, 2}, {1, 7, 5, 5}));
  expect_close(sample("linear", "zeros"), f32({1, 1, 2, 2}, {0.25f, 6.26f, 0, 3.21f}), 1e-4);
  expect_close(sample("linear", "border"), f32({1, 1, 2, 2}, {1, 6.26f, 4, 5.35f}), 1e-4);
  expect_close(sample("linear", "reflection"), f32({1, 1, 2, 2}, {1, 6.26f, 4.92f, 5.35f}), 1e-4);
  expect_close(sample("cubic", "zeros"), f32({1, 1, 2, 2}, {0.1357422f, 7.202182f, 0.005831926f, 3.754479f}), 1e-4);
  expect_close(sample("cubic", "reflection"), f32({1, 1, 2, 2}, {0.5429688f, 6.681637f, 4.953709f, 5.678214f}), 1e-4);
  const Outputs nowhere = run_op("GridSample", {image, f32({1, 1, 1, 2}, {NAN, INFINITY})}, {{"padding_mode", "reflection"}});
  expect_equal(nowhere, f32({1, 1, 1, 1}, {0}));
}

TEST(AffineGrid, MovesPixelCentres) {
  expect_close(run_op("AffineGrid", {f32({1, 2, 3}, {1, .5f, .1f, -.5f, 2, .2f}), i64({4}, {1, 1, 2, 3})}),
               f32({1, 2, 3, 2}, {-0.8166667f, -0.4666667f, -0.15f, -0.8f, 0.5166667f, -1.133333f, -0.3166667f, 1.533333f, 0.35f, 1.2f,
                                  1.016667f, 0.8666667f}),
               1e-4, 1e-6);
}

TEST(RoiAlign, BothCoordinateModes) {
  std::vector<float> pixels;
  for (int i = 0; i < 16; ++i) pixels.push_back(static_cast<float>(i));
  OpCase c{.op = "RoiAlign", .inputs = {f32({1, 1, 4, 4}, pixels), f32({2, 4}, {0, 0, 3, 3, 1, .5f, 2, 3.5f}), i64({2}, {0, 0})}};
  c.attributes = {{"output_height", int64_t{2}}, {"output_width", int64_t{2}}, {"sampling_ratio", int64_t{2}}};
  expect_close(run_op(c), f32({2, 1, 2, 2}, {1.5625f, 3, 7.3125f, 8.75f, 3.75f, 4.25f, 9.75f, 10.25f}));
  c.version = 10;
  expect_close(run_op(c), f32({2, 1, 2, 2}, {3.75f, 5.25f, 9.75f, 11.25f, 6.25f, 6.75f, 12, 12.5f}));
  c.inputs[2] = i64({2}, {0, 1});
  expect_failure(run_op(c), ErrorCode::invalid_argument, "batch index 1");
}

TEST(MaxRoiPool, BinsOfRoundedCorners) {
  const Tensor image = f32({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expect_equal(run_op("MaxRoiPool", {image, f32({1, 5}, {0, 0, 0, 2, 2})}, {{"pooled_shape", std::vector<int64_t>{2, 2}}}),
               f32({1, 1, 2, 2}, {5, 6, 8, 9}));
}

TEST(DeformConv, OffsetsMoveTaps) {
  const Tensor offset = f32({1, 8, 2, 2}, {0.05f,  0.22f, 0.1f,   0.04f,  -0.08f, 0.15f,  -0.06f, 0.39f,  0.46f,  -0.12f, 0.29f,
                                           0.03f,  0.07f, 0.43f,  -0.43f, -0.41f, -0.48f, 0.33f,  0.28f,  0.37f,  0.48f,  0.3f,
                                           -0.04f, 0.28f, -0.38f, 0.14f,  -0.36f, 0.44f,  0.02f,  -0.09f, -0.24f, 0.27f});
  expect_close(
      run_op("DeformConv", {f32({1, 1, 3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8}), f32({1, 1, 2, 2}, {1, 2, -1, .5f}), offset, f32({1}, {.25f})},
             {{"pads", std::vector<int64_t>{0, 0, 0, 0}}}),
      f32({1, 1, 2, 2}, {4.688f, 1.441399f, 10.9248f, 11.1688f}), 1e-4);
}

TEST(NonMaxSuppression, KeepsTheBestOfOverlappingBoxes) {
  const Tensor boxes = f32({1, 3, 4}, {0, 0, 1, 1, 1, 1.1f, 0, 0.1f, 0, 10, 1, 11}), scores = f32({1, 1, 3}, {.9f, .95f, .5f});
  expect_equal(run_op("NonMaxSuppression", {boxes, scores, i64({1}, {3}), f32({1}, {.5f})}), i64({2, 3}, {0, 0, 1, 0, 0, 2}));
  expect_equal(run_op("NonMaxSuppression", {boxes, scores, i64({1}, {3}), f32({1}, {.5f}), f32({1}, {.6f})}), i64({1, 3}, {0, 0, 1}));
  expect_equal(run_op("NonMaxSuppression", {boxes, scores}), i64({0, 3}, {}));
}

TEST(TensorScatter, WrapsWhenCircular) {
  const Tensor cache = f32({1, 3, 1}, {1, 2, 3}), update = f32({1, 2, 1}, {8, 9});
  expect_equal(run_op("TensorScatter", {cache, update, i64({1}, {2})}, {{"mode", "circular"}}), f32({1, 3, 1}, {9, 2, 8}));
  expect_failure(run_op("TensorScatter", {cache, update, i64({1}, {2})}), ErrorCode::invalid_argument, "leaves a cache");
}

}  // namespace
}  // namespace nacre::test
