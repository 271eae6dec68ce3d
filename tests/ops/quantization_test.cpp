// Expected values follow onnx.reference's QuantizeLinear and DequantizeLinear.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

TEST(QuantizeLinear, RoundsHalvesToEvenAndSaturates) {
  expect_equal(run_op("QuantizeLinear", {f32({6}, {0, 2, 3, 1000, -254, -1000}), f32({}, {2}), u8({}, {128})}),
               u8({6}, {128, 129, 130, 255, 1, 0}));
}
TEST(QuantizeLinear, PerAxis) {
  expect_equal(run_op("QuantizeLinear", {f32({2, 2}, {1, 10, -3, 30}), f32({2}, {1, 10}), of(DType::int8, {2}, {0, 5})}),
               of(DType::int8, {2, 2}, {1, 6, -3, 8}));
}
TEST(QuantizeLinear, Blocked) {
  const Inputs inputs{f32({1, 5}, {2, 4, 6, 9, 30}), f32({1, 3}, {2, 3, 10}), of(DType::int4, {1, 3}, {0, 1, 0})};
  expect_equal(run_op("QuantizeLinear", inputs, {{"axis", int64_t{1}}, {"block_size", int64_t{2}}}),
               of(DType::int4, {1, 5}, {1, 2, 3, 4, 3}));
}
TEST(QuantizeLinear, OutputTypeWithoutZeroPoint) {
  expect_equal(run_op("QuantizeLinear", {f32({2}, {-5, 5}), f32({}, {1})}), u8({2}, {0, 5}));
  expect_equal(run_op("QuantizeLinear", {f32({2}, {-9, 9}), f32({}, {1})}, {{"output_dtype", int64_t{22}}}), of(DType::int4, {2}, {-8, 7}));
}
TEST(QuantizeLinear, Float8SaturatesUnlessToldNot) {
  const Inputs inputs{f32({2}, {1000, 3}), f32({}, {1}), of(DType::float8e4m3fn, {}, {0})};
  expect_equal(run_op("QuantizeLinear", inputs), of(DType::float8e4m3fn, {2}, {448, 3}));
  const Outputs out = run_op("QuantizeLinear", inputs, {{"saturate", int64_t{0}}});
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(static_cast<const uint8_t*>((*out)[0].tensor().raw())[0], 0x7f);  // NaN
}
TEST(QuantizeLinear, ScalesMustFit) {
  expect_failure(run_op("QuantizeLinear", {f32({2, 2}, {1, 2, 3, 4}), f32({3}, {1, 1, 1})}), ErrorCode::invalid_argument, "scale");
  expect_failure(run_op("QuantizeLinear", {f32({1, 5}, {1, 2, 3, 4, 5}), f32({1, 2}, {1, 1})}, {{"block_size", int64_t{2}}}),
                 ErrorCode::invalid_argument, "needs 3 scales");
}
TEST(DequantizeLinear, PerTensorAxisAndBlock) {
  expect_equal(run_op("DequantizeLinear", {u8({3}, {0, 3, 255}), f32({}, {2}), u8({}, {128})}), f32({3}, {-256, -250, 254}));
  expect_equal(run_op("DequantizeLinear", {of(DType::int8, {2, 2}, {1, 6, -3, 8}), f32({2}, {1, 10}), of(DType::int8, {2}, {0, 5})}),
               f32({2, 2}, {1, 10, -3, 30}));
  expect_equal(run_op("DequantizeLinear", {of(DType::uint4, {4, 1}, {1, 2, 3, 15}), f32({2, 1}, {1, 0.5})},
                      {{"axis", int64_t{0}}, {"block_size", int64_t{2}}}),
               f32({4, 1}, {1, 2, 1.5, 7.5}));
  expect_equal(run_op("DequantizeLinear", {i32({2}, {-7, 9}), of(DType::float16, {}, {0.5})}), of(DType::float16, {2}, {-3.5, 4.5}));
}
TEST(DynamicQuantizeLinear, StretchesTheRangeToZero) {
  const Outputs out = run_op("DynamicQuantizeLinear", {f32({6}, {0, 2, -3, -2.5, 1.34f, 0.5})}, {}, 3);
  expect_equal(out, u8({6}, {153, 255, 0, 26, 221, 179}));
  expect_close(out, f32({}, {0.0196078438f}), 1e-7, 0, 1);
  expect_equal(out, u8({}, {153}), 2);
}

// (d - 128) * scale of the block that d lies in, of 32 bytes 0, 1, ... in two blocks.
TEST(GatherBlockQuantized, AlongTheQuantizedAxis) {
  std::vector<uint8_t> bytes(32);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  const Tensor data = Tensor::of<uint8_t>({1, 32}, std::span<const uint8_t>(bytes));
  expect_equal(
      run_op(OpCase{
          .op = "GatherBlockQuantized",
          .inputs = {data, i64({3}, {0, 31, 16}), f32({1, 2}, {1, 2})},
          .attributes = {{"gather_axis", int64_t{1}}, {"quantize_axis", int64_t{1}}, {"block_size", int64_t{16}}, {"bits", int64_t{8}}},
          .domain = "com.microsoft",
          .version = 1}),
      f32({1, 3}, {-128, -194, -224}));
}

}  // namespace
}  // namespace nacre::test
