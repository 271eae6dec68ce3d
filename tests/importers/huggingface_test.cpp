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
#include "importers/huggingface/sentence_modules.h"
#include "io/json_tensor.h"
#include "io/safetensors.h"
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

/// The model's output; token embeddings come from a linear layer behind it, normalised.
Tensor output_of(const Outputs& outputs, const std::string& folder, std::string_view name) {
  if (name != "token_embeddings") return outputs[name];
  const auto modules = read_sentence_modules(*ModelDirectory::open(folder));
  const bool dense = is_file(folder + "/1_Dense/config.json");  // else HF_ColBERT, which has the layer among its weights
  const Tensor weight = dense ? *modules->modules.at(0).weight : *load_safetensors_directory(folder)->find("linear.weight");
  const Tensor& hidden = outputs["last_hidden_state"];
  const int64_t in = weight.shape()[1], features = weight.shape()[0], rows = hidden.size() / in;
  Tensor out(DType::float32, {hidden.shape()[0], hidden.shape()[1], features});
  for (int64_t row = 0; row < rows; ++row) {
    double length = 0;
    for (int64_t f = 0; f < features; ++f) {
      double sum = 0;
      for (int64_t i = 0; i < in; ++i)
        sum += static_cast<double>(hidden.data<float>()[static_cast<size_t>(row * in + i)]) *
               weight.data<float>()[static_cast<size_t>(f * in + i)];
      out.mutable_data<float>()[static_cast<size_t>(row * features + f)] = static_cast<float>(sum);
      length += sum * sum;
    }
    for (int64_t f = 0; f < features; ++f)
      out.mutable_data<float>()[static_cast<size_t>(row * features + f)] /= static_cast<float>(std::sqrt(length));
  }
  return out;
}

void check_cases(const std::string& folder, const SessionOptions& options) {
  const Session session = Session::load(folder, options);
  const auto cases = parse_json(read_gz(folder + "/expected.json"));
  for (const Json& entry : *cases->elements()) {
    Inputs inputs;
    if (!entry.has("inputs")) continue;  // a decoder's continuation
    const Tensor ids = *tensor_from_json(*entry.at("inputs")->at("input_ids"), DType::int64);
    Tensor mask(DType::int64, ids.shape());
    std::ranges::fill(mask.mutable_data<int64_t>(), 1);
    if (entry.at("inputs")->has("attention_mask")) mask = *tensor_from_json(*entry.at("inputs")->at("attention_mask"), DType::int64);
    for (const Port& port : session.inputs()) {
      if (port.name == "attention_mask")
        inputs.emplace_back(port.name, mask);
      else
        inputs.emplace_back(port.name, *tensor_from_json(*entry.at("inputs")->at(port.name), DType::int64));
    }
    const Outputs outputs = session.run(inputs);
    const auto wanted = *entry.at("outputs")->entries();
    for (const auto& [name, want] : wanted) {
      if (name == "sparse" || name == "score") continue;  // behind the model; see the next tests
      EXPECT_LE(worst_difference(output_of(outputs, folder, name), want, mask), kTolerance) << folder << " " << name;
    }
  }
}

class HuggingFace : public testing::TestWithParam<std::string> {};

TEST_P(HuggingFace, OutputsAreThoseOfTransformers) {
  const std::string folder = shared_path("hf_tiny/" + GetParam());
  NACRE_NEEDS_SHARED("hf_tiny/" + GetParam() + "/expected.json");
  check_cases(folder, {});
  check_cases(folder, {.backends = {"reference"}, .optimise = false});
}

/// Folders whose config.json names an architecture that is written; one test when the shared data is missing, which skips.
std::vector<std::string> tiny_encoders() {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(shared_path("hf_tiny"), ignored)) {
    const auto config = parse_json(read_gz((entry.path() / "config.json").string()));
    const std::string type(config ? config->text("model_type").value_or("") : "");
    if (entry.path().filename() == "bart" || entry.path().filename().string().ends_with("t5")) continue;  // generators: no head of ours
    const auto all = architectures();
    if (std::any_of(all.begin(), all.end(), [&](const Architecture* each) { return each->model_type == type; }))
      out.push_back(entry.path().filename().string());
  }
  std::sort(out.begin(), out.end());
  return out.empty() ? std::vector<std::string>{"none"} : out;
}

INSTANTIATE_TEST_SUITE_P(Tiny, HuggingFace, testing::ValuesIn(tiny_encoders()), [](const auto& info) {
  std::string out = info.param;
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
});

/// Those that the shared data leaves out. make_tiny_encoders.py has the library work them out; make_formula_encoders.py has numpy do it
/// where the library has no such model.
class OtherEncoder : public testing::TestWithParam<std::string> {};

TEST_P(OtherEncoder, OutputsAreThoseOfTransformers) {
  const std::string folder = NACRE_SOURCE_DIR "/tests/importers/data/encoders/" + GetParam();
  check_cases(folder, {});
  check_cases(folder, {.backends = {"reference"}, .optimise = false});
}

std::vector<std::string> other_encoders() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(NACRE_SOURCE_DIR "/tests/importers/data/encoders"))
    out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(Tiny, OtherEncoder, testing::ValuesIn(other_encoders()), [](const auto& info) { return info.param; });

/// The library has no NomicBERT; make_nomic.py works the outputs out in numpy.
TEST(HuggingFaceImport, NomicBertIsAsItsFormulasSay) {
  check_cases(NACRE_SOURCE_DIR "/tests/importers/data/nomic", {});
  check_cases(NACRE_SOURCE_DIR "/tests/importers/data/nomic", {.backends = {"reference"}, .optimise = false});
}

TEST(HuggingFaceImport, EveryTinyEncoderIsWalked) {
  NACRE_NEEDS_SHARED("hf_tiny/bert-base/expected.json");
  EXPECT_EQ(tiny_encoders().size(), 42u);
}

/// What follows the model for retrieval: log(1 + relu) and the largest over the tokens; the sigmoid of one logit.
TEST(HuggingFaceImport, SparseVectorsAndScoresFollowFromTheLogits) {
  NACRE_NEEDS_SHARED("hf_tiny/splade/expected.json");
  for (const std::string name : {"splade", "cross-encoder"}) {
    const Session session = Session::load(shared_path("hf_tiny/" + name));
    const auto cases = parse_json(read_gz(shared_path("hf_tiny/" + name + "/expected.json")));
    for (const Json& entry : *cases->elements()) {
      Inputs inputs;
      for (const auto& [input, list] : *entry.at("inputs")->entries()) inputs.emplace_back(input, *tensor_from_json(list, DType::int64));
      const Tensor mask = *tensor_from_json(*entry.at("inputs")->at("attention_mask"), DType::int64);
      const Tensor logits = session.run(inputs)["logits"];
      const bool sparse = name == "splade";
      const auto expected = *(*entry.at("outputs")->at(sparse ? "sparse" : "score")).at("data")->elements();
      const size_t width = static_cast<size_t>(logits.shape().back()), length = sparse ? static_cast<size_t>(logits.shape()[1]) : 1;
      for (size_t i = 0; i < expected.size(); ++i) {
        double got = 0;
        for (size_t token = 0; token < length; ++token) {
          const double logit = logits.data<float>()[(i / width * length + token) * width + i % width];
          if (!sparse)
            got = 1 / (1 + std::exp(-logit));
          else if (mask.data<int64_t>()[i / width * length + token])
            got = std::max(got, std::log1p(std::max(logit, 0.0)));
        }
        EXPECT_NEAR(got, *expected[i].real(), kTolerance) << name << " " << i;
      }
    }
  }
}

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
class ModelDirectoryOfTest {
 public:
  ModelDirectoryOfTest() {
    std::string pattern = (fs::temp_directory_path() / "nacre_hf_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    write("config.json", kConfig);
  }
  ~ModelDirectoryOfTest() { fs::remove_all(path_); }
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
  const ModelDirectoryOfTest plain, prefixed, sharded, narrow;
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

TEST(HuggingFaceImport, OneOfSeveralFilesIsChosenByNameOrDtype) {
  const ModelDirectoryOfTest directory;
  fs::create_directory(directory.path() / "onnx");
  for (const char* name : {"onnx/model_q4.onnx", "onnx/model_fp16.onnx"})
    fs::copy_file(NACRE_SOURCE_DIR "/tests/cli/data/tiny.onnx", directory.path() / name);
  const auto file_of = [&](std::string_view weights) {
    const auto graph = import_huggingface(directory.path(), weights);
    return graph ? graph->metadata.at("file") : graph.error().message();
  };
  EXPECT_EQ(file_of("").find("several files could be the model"), 0u) << file_of("");
  EXPECT_EQ(file_of("q4"), "onnx/model_q4.onnx");
  EXPECT_EQ(file_of("onnx/model_fp16.onnx"), "onnx/model_fp16.onnx");
  EXPECT_EQ(file_of("int8").find("no model_int8.onnx for dtype int8"), 0u) << file_of("int8");
  EXPECT_NO_THROW(Session::load(directory.path(), {.weights = "q4"}));
  EXPECT_THROW(Session::load(directory.path(), {.weights = "q8"}), Error);
  EXPECT_THROW(Session::load(directory.path() / "onnx/model_q4.onnx", {.weights = "q4"}), Error);
}

TEST(HuggingFaceImport, LargeWeightsStayInTheMappedFile) {
  const ModelDirectoryOfTest directory;
  std::string config(kConfig);
  const std::string words = "\"vocab_size\": 10";
  config.replace(config.find(words), words.size(), "\"vocab_size\": 4096");  // 64 KiB of words: less would be copied
  directory.write("config.json", config);
  Weights weights = tiny_weights(DType::float32);
  ASSERT_EQ(weights[0].first, "embeddings.word_embeddings.weight");
  weights[0].second = numbers({4096, 4}, DType::float32, 0);
  directory.save("model.safetensors", weights);
  const auto graph = import_huggingface(directory.path());
  ASSERT_TRUE(graph);
  std::vector<Shape> viewed;
  for (size_t i = 0; i < graph->edge_count(); ++i) {
    const Tensor* constant = graph->constant(Edge(static_cast<int32_t>(i)));
    if (constant && constant->dtype() == DType::float32 && constant->byte_size() > 1000 && !constant->is_exclusive())
      viewed.push_back(constant->shape());
  }
  EXPECT_EQ(viewed, (std::vector<Shape>{{4096, 4}}));
}

TEST(HuggingFaceImport, WhatIsUnknownIsNamedWithWhatIsKnown) {
  const ModelDirectoryOfTest directory;
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

TEST(HuggingFaceImport, SettingsThatAreNotWrittenAreErrorsThatNameThem) {
  struct Case {
    const char *folder, *settings, *message;
  };
  constexpr Case cases[] = {
      {"LlamaModel", R"("rope_scaling": {"rope_type": "spiral", "factor": 2})", "rope_scaling \"spiral\"; known: default, linear"},
      {"LlamaModel", R"("partial_rotary_factor": 0.5)", "partial_rotary_factor: expected 1"},
      {"LlamaModel", R"("num_key_value_heads": 3)", "4 heads of size 4 with num_key_value_heads 3"},
      {"LlamaModel", R"("layer_types": ["chunked_attention", "full_attention"])",
       "layer_types: \"chunked_attention\", expected full_attention"},
      {"LlamaModel", R"("head_dim": 3)", "a head's size 3 has no halves"},
      {"T5EncoderModel_gated", R"("feed_forward_proj": "gated-maxout")", "unknown activation \"maxout\"; known: gelu"},
      {"T5EncoderModel", R"("relative_attention_num_buckets": 2)", "2 buckets for relative positions"},
      {"BartForSequenceClassification", R"("decoder_attention_heads": 5)", "does not divide into num_attention_heads 5"},
      {"LongformerModel", R"("attention_window": [4])", "attention_window has 1 entries, expected 2"},
      {"LongformerModel", R"("position_embedding_type": "relative_key")",
       "position_embedding_type: expected absolute, found \"relative_key\""},
      {"SqueezeBertModel", R"("q_groups": 3)", "3 groups of hidden_size 16"},
      {"XLNetModel", R"("attn_type": "uni")", "attn_type \"uni\", expected bi"},
      {"NewModel", R"("rope_scaling": {"type": "ntk", "factor": 2, "mixed_b": 0.5})", "rope_scaling.mixed_b is set"},
      {"JinaBertModel", R"("feed_forward_type": "swiglu")", "feed_forward_type: expected original, geglu or reglu"},
      {"EuroBertForSequenceClassification", R"("classifier_pooling": "max")", "classifier_pooling \"max\", expected bos, mean or late"},
      {"DebertaModel", R"("talking_head": true)", "talking_head is true, expected false"},
      {"Gemma3TextModel", R"("num_hidden_layers": -1)", "-1 layers of width 16"}};
  for (const Case& each : cases) {
    const fs::path from = fs::path(NACRE_SOURCE_DIR "/tests/importers/data/encoders") / each.folder;
    const ModelDirectoryOfTest directory;
    fs::copy_file(from / "model.safetensors", directory.path() / "model.safetensors");
    std::string config((std::istreambuf_iterator<char>(std::ifstream(from / "config.json").rdbuf())), {});
    config.replace(config.rfind('}'), 1, cat(", ", each.settings, "}"));
    directory.write("config.json", config);
    EXPECT_NE(directory.failure().find(each.message), std::string::npos) << each.folder << ": " << directory.failure();
  }
}

TEST(HuggingFaceImport, BigBirdIsAnErrorWhereItsAttentionWouldBeSparse) {
  const fs::path from = NACRE_SOURCE_DIR "/tests/importers/data/encoders/BigBirdForMaskedLM";
  const ModelDirectoryOfTest directory;
  fs::copy_file(from / "model.safetensors", directory.path() / "model.safetensors");
  std::string config((std::istreambuf_iterator<char>(std::ifstream(from / "config.json").rdbuf())), {});
  config.replace(config.rfind('}'), 1, R"(, "block_size": 1, "num_random_blocks": 1})");  // full up to seven tokens
  directory.write("config.json", config);
  const Session session = Session::load(directory.path());
  const auto run = [&](int64_t length) {
    const Tensor ids(DType::int64, {1, length});
    session.run({{"input_ids", ids}, {"attention_mask", ids}, {"token_type_ids", ids}});
  };
  EXPECT_NO_THROW(run(7));
  EXPECT_THROW(run(8), Error);
}

TEST(HuggingFaceImport, MissingAndMisshapenWeightsAreNamed) {
  const ModelDirectoryOfTest directory;
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
  const ModelDirectoryOfTest directory;
  directory.save("model.safetensors", tiny_weights(DType::float32));
  const Tensor nine(DType::int64, {1, 9});
  try {
    Session::load(directory.path()).run({{"input_ids", nine}, {"attention_mask", nine}, {"token_type_ids", nine}});
    FAIL() << "nine tokens, eight positions";
  } catch (const Error& error) { EXPECT_NE(error.message().find("8"), std::string::npos) << error.what(); }
}

}  // namespace
}  // namespace nacre
