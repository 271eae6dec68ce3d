// The ai.onnx.ml operators. Expected numbers follow from the formulas of the specification.
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

Outputs run_ml(std::string_view op, Inputs inputs, Attributes attributes, int64_t version = 0) {
  return run_op(
      OpCase{.op = op, .inputs = std::move(inputs), .attributes = std::move(attributes), .domain = "ai.onnx.ml", .version = version});
}

TEST(LabelEncoder, StringsNaNAndTheFirstVersion) {
  const Attributes to_number{
      {"keys_strings", std::vector<std::string>{"a", "b"}}, {"values_int64s", std::vector<int64_t>{4, 5}}, {"default_int64", int64_t{42}}};
  expect_equal(run_ml("LabelEncoder", {strings({3}, {"b", "x", "a"})}, to_number), i64({3}, {5, 42, 4}));
  const Attributes floats{{"keys_floats", std::vector<float>{NAN, 1}}, {"values_floats", std::vector<float>{7, 8}}};
  expect_equal(run_ml("LabelEncoder", {f32({3}, {1, NAN, 2})}, floats), f32({3}, {8, 7, -0.0f}));
  const Attributes classes{{"classes_strings", std::vector<std::string>{"x", "y"}}};
  expect_equal(run_ml("LabelEncoder", {strings({2}, {"y", "z"})}, classes, 1), i64({2}, {1, -1}));
  expect_equal(run_ml("LabelEncoder", {i64({2}, {1, 9})}, classes, 1), strings({2}, {"y", "_Unused"}));
}

TEST(Features, ScaledNormalisedImputedAndChosen) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  expect_equal(run_ml("Scaler", {x}, {{"offset", std::vector<float>{1, 0}}, {"scale", std::vector<float>{2}}}), f32({2, 2}, {0, 4, 4, 8}));
  expect_close(run_ml("Normalizer", {x}, {{"norm", "L1"}}), f32({2, 2}, {1.f / 3, 2.f / 3, 3.f / 7, 4.f / 7}));
  expect_close(run_ml("Normalizer", {f32({1, 2}, {3, 4})}, {{"norm", "L2"}}), f32({1, 2}, {.6f, .8f}));
  expect_equal(
      run_ml("Imputer", {f32({1, 2}, {NAN, 2})}, {{"imputed_value_floats", std::vector<float>{5, 6}}, {"replaced_value_float", NAN}}),
      f32({1, 2}, {5, 2}));
  expect_equal(run_ml("ArrayFeatureExtractor", {x, i64({1}, {1})}, {}), f32({2, 1}, {2, 4}));
  expect_failure(run_ml("ArrayFeatureExtractor", {x, i64({1}, {2})}, {}), ErrorCode::invalid_argument, "column 2");
  expect_equal(run_ml("Binarizer", {x}, {{"threshold", 2.0f}}), f32({2, 2}, {0, 0, 1, 1}));
  expect_equal(run_ml("OneHotEncoder", {i64({2}, {7, 8})}, {{"cats_int64s", std::vector<int64_t>{8, 9}}}), f32({2, 2}, {0, 0, 1, 0}));
  expect_equal(run_ml("LinearRegressor", {x}, {{"coefficients", std::vector<float>{1, 2}}, {"intercepts", std::vector<float>{10}}}),
               f32({2, 1}, {15, 21}));
}

Outputs run_map(std::string_view op, const Tensor& keys, const Tensor& values, Attributes attributes) {
  return run_ml(op, {Value::map(keys, values)}, std::move(attributes));
}

TEST(DictVectorizer, PutsValuesWhereTheVocabularySays) {
  const Attributes names{{"string_vocabulary", std::vector<std::string>{"a", "c", "b", "z"}}};
  expect_equal(run_map("DictVectorizer", strings({2}, {"a", "c"}), i64({2}, {4, 8}), names), i64({1, 4}, {4, 8, 0, 0}));
  expect_failure(run_map("DictVectorizer", strings({1}, {"q"}), i64({1}, {4}), names), ErrorCode::invalid_argument, "'q'");
  expect_failure(run_map("DictVectorizer", i64({1}, {1}), i64({1}, {4}), names), ErrorCode::invalid_argument, "strings");
  expect_failure(run_ml("DictVectorizer", {f32({1}, {1})}, names), ErrorCode::invalid_argument, "map");
}

TEST(CastMap, DenseByKeyAndSparseAtKey) {
  const Tensor keys = i64({3}, {5, 0, 2}), values = f32({3}, {50, 1, 20});
  expect_equal(run_map("CastMap", keys, values, {}), f32({1, 3}, {1, 20, 50}));
  expect_equal(run_map("CastMap", keys, strings({3}, {"50", "1", "20"}), {{"cast_to", "TO_INT64"}}), i64({1, 3}, {1, 20, 50}));
  const Attributes sparse{{"map_form", "SPARSE"}, {"max_map", int64_t{7}}};
  expect_equal(run_map("CastMap", keys, values, sparse), f32({1, 7}, {1, 0, 20, 0, 0, 50, 0}));
  expect_failure(run_map("CastMap", i64({1}, {7}), f32({1}, {1}), sparse), ErrorCode::invalid_argument, "key 7");
  expect_failure(run_map("CastMap", i64({1}, {7}), strings({1}, {"x"}), {}), ErrorCode::invalid_argument, "'x'");
}

Attributes one_split(std::vector<int64_t> next) {
  return {{"n_targets", int64_t{2}},
          {"tree_roots", std::vector<int64_t>{0}},
          {"nodes_featureids", std::vector<int64_t>{0}},
          {"nodes_modes", u8({1}, {0})},
          {"nodes_splits", f32({1}, {3.5f})},
          {"nodes_truenodeids", std::vector<int64_t>{next[0]}},
          {"nodes_falsenodeids", std::vector<int64_t>{next[1]}},
          {"nodes_trueleafs", std::vector<int64_t>{next[2]}},
          {"nodes_falseleafs", std::vector<int64_t>{1}},
          {"leaf_targetids", std::vector<int64_t>{0, 1}},
          {"leaf_weights", f32({2}, {5, 6})}};
}

TEST(TreeEnsemble, FollowsSplitsAndRefusesCircles) {
  expect_equal(run_ml("TreeEnsemble", {f32({3, 1}, {3, 4, NAN})}, one_split({0, 1, 1})), f32({3, 2}, {5, 0, 0, 6, 0, 6}));
  expect_failure(run_ml("TreeEnsemble", {f32({1, 1}, {3})}, one_split({0, 1, 0})), ErrorCode::invalid_model, "no end");
  expect_failure(run_ml("TreeEnsemble", {f32({1, 1}, {3})}, one_split({2, 1, 1})), ErrorCode::invalid_model, "leads to 2 of 2");
}

}  // namespace
}  // namespace nacre::test
