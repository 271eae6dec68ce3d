// Hugging Face directories: architectures against transformers, and what is said when a directory does not fit.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/convert.h"
#include "importers/huggingface/architecture.h"
#include "importers/huggingface/import.h"
#include "io/json_tensor.h"
#include "nacre/session.h"
#include "tests/shared.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 1e-4;  // of the goldens

/// Largest difference, rows of padded positions left out where the output has one row per token.
double worst_difference(const Tensor& got, const Json& want, const Tensor& mask) {
  const std::vector<int64_t> shape = *want.at("shape")->integers();
  EXPECT_EQ(got.shape(), shape);
  if (got.shape() != shape) return INFINITY;
  const auto expected = *want.at("data")->elements();
  const auto values = got.data<float>();
  const bool per_token = got.rank() >= 2 && got.shape()[0] == mask.shape()[0] && got.shape()[1] == mask.shape()[1];
  const size_t features = per_token ? values.size() / static_cast<size_t>(mask.size()) : 1;
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (!per_token || mask.data<int64_t>()[i / features]) worst = std::max(worst, std::abs(values[i] - *expected[i].real()));
  return worst;
}

void check_cases(const std::string& folder, const SessionOptions& options) {
  const Session session = Session::load(folder, options);
  const auto cases = parse_json(read_gz(folder + "/expected.json"));
  for (const Json& entry : *cases->elements()) {
    Inputs inputs;
    for (const auto& [name, list] : *entry.at("inputs")->entries()) inputs.emplace_back(name, *tensor_from_json(list, DType::int64));
    const Outputs outputs = session.run(inputs);
    const Tensor mask = *tensor_from_json(*entry.at("inputs")->at("attention_mask"), DType::int64);
    const auto wanted = *entry.at("outputs")->entries();
    EXPECT_EQ(outputs.size(), wanted.size());
    for (const auto& [name, want] : wanted) EXPECT_LE(worst_difference(outputs[name], want, mask), kTolerance) << folder << " " << name;
  }
}

class HuggingFace : public testing::TestWithParam<const char*> {};

TEST_P(HuggingFace, OutputsAreThoseOfTransformers) {
  const std::string folder = shared_path(std::string("hf_tiny/") + GetParam());
  NACRE_NEEDS_SHARED(std::string("hf_tiny/") + GetParam() + "/expected.json");
  check_cases(folder, {});
  check_cases(folder, {.backends = {"reference"}, .optimise = false});
}

INSTANTIATE_TEST_SUITE_P(Tiny, HuggingFace,
                         testing::Values("bert-base", "bert-maskedlm", "bert-questionanswering", "bert-sequenceclassification",
                                         "bert-tokenclassification"),
                         [](const auto& info) {
                           std::string out = info.param;
                           std::replace(out.begin(), out.end(), '-', '_');
                           return out;
                         });

constexpr std::string_view kConfig = R"({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 4, "num_hidden_layers": 1,
  "num_attention_heads": 2, "intermediate_size": 6, "max_position_embeddings": 8, "vocab_size": 10, "hidden_act": "gelu"})";

Tensor numbers(Shape shape, DType dtype, float seed) {
  Tensor plain(DType::float32, shape), out(dtype, shape);
  for (float& value : plain.mutable_data<float>()) value = std::sin(seed += 1) * 0.5f;
  EXPECT_TRUE(convert(plain, out));
  return out;
}

using Weights = std::vector<std::pair<std::string, Tensor>>;

Weights tiny_weights(DType dtype) {
  Weights out;
  const auto add = [&](const std::string& name, Shape shape) {
    out.emplace_back(name, numbers(std::move(shape), dtype, static_cast<float>(out.size())));
  };
  const auto linear = [&](const std::string& name, int64_t in, int64_t outputs) {
    add(name + ".weight", {outputs, in}), add(name + ".bias", {outputs});
  };
  const auto norm = [&](const std::string& name) { add(name + ".weight", {4}), add(name + ".bias", {4}); };
  add("embeddings.word_embeddings.weight", {10, 4}), add("embeddings.position_embeddings.weight", {8, 4});
  add("embeddings.token_type_embeddings.weight", {2, 4}), norm("embeddings.LayerNorm");
  const std::string layer = "encoder.layer.0.";
  for (const char* which : {"query", "key", "value"}) linear(layer + "attention.self." + which, 4, 4);
  linear(layer + "attention.output.dense", 4, 4), norm(layer + "attention.output.LayerNorm");
  linear(layer + "intermediate.dense", 4, 6), linear(layer + "output.dense", 6, 4), norm(layer + "output.LayerNorm");
  return out;
}

/// A model directory of one test.
class ModelDirectory {
 public:
  ModelDirectory() {
    std::string pattern = (fs::temp_directory_path() / "nacre_hf_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    write("config.json", kConfig);
  }
  ~ModelDirectory() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }
  void write(const std::string& name, std::string_view text) const { std::ofstream(path_ / name) << text; }
  void save(const std::string& name, const Weights& weights) const { ASSERT_TRUE(save_safetensors((path_ / name).string(), weights)); }
  std::string failure() const {
    const auto graph = import_huggingface(path_);
    return graph ? "" : graph.error().message();
  }

 private:
  fs::path path_;
};

std::vector<float> run_tiny(const fs::path& path) {
  const Outputs outputs = Session::load(path).run({{"input_ids", Tensor::of<int64_t>({1, 3}, {1, 7, 9})},
                                                   {"attention_mask", Tensor::of<int64_t>({1, 3}, {1, 1, 1})},
                                                   {"token_type_ids", Tensor::of<int64_t>({1, 3}, {0, 1, 0})}});
  const auto data = outputs["last_hidden_state"].data<float>();
  return {data.begin(), data.end()};
}

Weights renamed(Weights weights, const std::string& prefix) {
  for (auto& [name, tensor] : weights) name = prefix + name;
  return weights;
}

TEST(HuggingFaceImport, PrefixesShardsAndNarrowWeightsGiveTheSameModel) {
  const ModelDirectory plain, prefixed, sharded, narrow;
  const Weights weights = tiny_weights(DType::float32);
  plain.save("model.safetensors", weights);
  const std::vector<float> expected = run_tiny(plain.path());
  ASSERT_EQ(expected.size(), 12u);
  EXPECT_GT(*std::max_element(expected.begin(), expected.end()), 0.1f);

  prefixed.save("model.safetensors", renamed(weights, "bert."));
  EXPECT_EQ(run_tiny(prefixed.path()), expected);

  sharded.save("a.safetensors", Weights(weights.begin(), weights.begin() + 5));
  sharded.save("b.safetensors", Weights(weights.begin() + 5, weights.end()));
  std::string map;
  for (size_t i = 0; i < weights.size(); ++i)
    map += cat(i ? ", " : "", "\"", weights[i].first, "\": \"", i < 5 ? "a" : "b", ".safetensors\"");
  sharded.write("model.safetensors.index.json", cat(R"({"metadata": {}, "weight_map": {)", map, "}}"));
  EXPECT_EQ(run_tiny(sharded.path()), expected);

  narrow.save("model.safetensors", tiny_weights(DType::bfloat16));
  const std::vector<float> close = run_tiny(narrow.path());
  for (size_t i = 0; i < close.size(); ++i) EXPECT_NEAR(close[i], expected[i], 0.05) << i;
  EXPECT_NE(close, expected);
}

TEST(HuggingFaceImport, WeightsStayInTheMappedFile) {
  const ModelDirectory directory;
  directory.save("model.safetensors", tiny_weights(DType::float32));
  const auto graph = import_huggingface(directory.path());
  ASSERT_TRUE(graph);
  size_t viewed = 0;
  for (size_t i = 0; i < graph->edge_count(); ++i) {
    const Tensor* constant = graph->constant(Edge(static_cast<int32_t>(i)));
    viewed += constant && constant->dtype() == DType::float32 && constant->rank() == 2 && !constant->is_exclusive();
  }
  EXPECT_EQ(viewed, 9u);
}

TEST(HuggingFaceImport, WhatIsUnknownIsNamedWithWhatIsKnown) {
  const ModelDirectory directory;
  directory.save("model.safetensors", tiny_weights(DType::float32));
  directory.write("config.json", R"({"model_type": "hopfield"})");
  EXPECT_EQ(directory.failure().find("unknown architecture \"hopfield\"; known: "), 0u) << directory.failure();
  EXPECT_NE(directory.failure().find("bert"), std::string::npos);
  std::string config(kConfig);
  directory.write("config.json", config.replace(config.find("BertModel"), 9, "BertForTarot"));
  EXPECT_EQ(directory.failure().find("unknown head BertForTarot; known: BertModel"), 0u) << directory.failure();
  config = kConfig;
  directory.write("config.json", config.replace(config.find("gelu"), 4, "groan"));
  EXPECT_EQ(directory.failure().find("unknown activation \"groan\"; known: gelu"), 0u) << directory.failure();
}

TEST(HuggingFaceImport, MissingAndMisshapenWeightsAreNamed) {
  const ModelDirectory directory;
  EXPECT_EQ(directory.failure().find("no model here: looked for config.json"), 0u) << directory.failure();
  Weights weights = tiny_weights(DType::float32);
  weights.erase(weights.begin());
  directory.save("model.safetensors", weights);
  EXPECT_EQ(directory.failure(), "weight embeddings.word_embeddings.weight is missing");
  weights.emplace_back("embeddings.word_embeddings.weight", numbers({10, 5}, DType::float32, 0));
  directory.save("model.safetensors", weights);
  EXPECT_EQ(directory.failure(), "weight embeddings.word_embeddings.weight has shape [10,5], expected [10,4]");
}

TEST(HuggingFaceImport, TooLongATextIsAnErrorOfTheRun) {
  const ModelDirectory directory;
  directory.save("model.safetensors", tiny_weights(DType::float32));
  const Tensor nine(DType::int64, {1, 9});
  try {
    Session::load(directory.path()).run({{"input_ids", nine}, {"attention_mask", nine}, {"token_type_ids", nine}});
    FAIL() << "nine tokens, eight positions";
  } catch (const Error& error) { EXPECT_NE(error.message().find("8"), std::string::npos) << error.what(); }
}

}  // namespace
}  // namespace nacre
