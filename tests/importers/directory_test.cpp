// Model directories as the Hub, its cache, optimum and transformers.js lay them out.
#include "importers/huggingface/directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "importers/huggingface/sentence_modules.h"
#include "io/safetensors.h"
#include "tests/shared.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

/// A folder of one test; the cache's variables point into it.
class Hub : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "nacre_hub_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"}) ::unsetenv(variable);
    ::setenv("HF_HUB_CACHE", (root_ / "cache").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("HF_HUB_CACHE");
    fs::remove_all(root_);
  }
  void write(const std::string& name, std::string_view text = "") const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  ModelDirectory model() const { return *ModelDirectory::open((root_ / "m").string()); }
  std::string chosen(const WeightChoice& choice = {}) const {
    const auto file = model().weights(choice);
    return file ? file->name : "error: " + file.error().message();
  }
  void expect_error(const std::string& text, std::initializer_list<const char*> words) const {
    EXPECT_TRUE(text.starts_with("error: ")) << text;
    for (const char* word : words) EXPECT_NE(text.find(word), std::string::npos) << word << " in " << text;
  }

  fs::path root_;
};

TEST_F(Hub, SafetensorsComeFirstThenPlainThenOptimisedThenQuantisedOnnx) {
  for (const char* name :
       {"onnx/model_quantized.onnx", "model_quantized.onnx", "onnx/model_optimized.onnx", "onnx/model.onnx", "model.onnx"}) {
    write(std::string("m/") + name);
    EXPECT_EQ(chosen(), name);
  }
  write("m/model.safetensors");
  EXPECT_EQ(chosen(), "model.onnx") << "weights without a config.json are no model";
  write("m/config.json", "{}");
  EXPECT_EQ(chosen(), "model.safetensors");
  write("m/model.safetensors.index.json", "{}");
  EXPECT_EQ(chosen(), "model.safetensors.index.json");
  EXPECT_EQ(model().all_weights()->size(), 6u);
}

TEST_F(Hub, DtypesAreSuffixes) {
  for (const char* suffix : {"", "_fp16", "_quantized", "_int8", "_uint8", "_q4", "_q4f16", "_bnb4", "_O3", "_qint8_avx512"})
    write(cat("m/onnx/model", suffix, ".onnx"));
  EXPECT_EQ(chosen({.dtype = "fp32"}), "onnx/model.onnx");
  EXPECT_EQ(chosen({.dtype = "fp16"}), "onnx/model_fp16.onnx");
  EXPECT_EQ(chosen({.dtype = "q8"}), "onnx/model_quantized.onnx");
  EXPECT_EQ(chosen({.dtype = "q4f16"}), "onnx/model_q4f16.onnx");
  EXPECT_EQ(chosen({.dtype = "O3"}), "onnx/model_O3.onnx");
  EXPECT_EQ(chosen({.dtype = "qint8_avx512"}), "onnx/model_qint8_avx512.onnx");
  expect_error(chosen({.dtype = "q2"}), {"model_q2.onnx", "onnx/model_q4.onnx", "onnx/model_bnb4.onnx"});
  write("m/onnx/decoder_model_merged_q4.onnx");
  EXPECT_EQ(chosen({.dtype = "q4", .component = "decoder_model_merged"}), "onnx/decoder_model_merged_q4.onnx");
}

TEST_F(Hub, OneOtherFileIsTakenAndSeveralAreAmbiguous) {
  write("m/config.json", "{}");
  expect_error(chosen(), {"no model here: looked for config.json with model.safetensors", "there are: none"});
  write("m/encoder.onnx");
  EXPECT_EQ(chosen(), "encoder.onnx");
  write("m/onnx/other.onnx");
  expect_error(chosen(), {"several files could be the model", "encoder.onnx", "onnx/other.onnx"});
  EXPECT_EQ(chosen({.file = "onnx/other.onnx"}), "onnx/other.onnx");
  expect_error(chosen({.file = "absent.onnx"}), {"absent.onnx is not in", "encoder.onnx, onnx/other.onnx"});
  for (const char* outside : {"../cache/x.onnx", "/etc/passwd", "onnx/../../x", ".."}) expect_error(chosen({.file = outside}), {"leaves"});
}

TEST_F(Hub, NamesAreFoundInTheCache) {
  const std::string place = "cache/models--org--name/";
  write(place + "refs/main", "abc123\n");
  write(place + "snapshots/abc123/config.json", "{}"), write(place + "snapshots/def456/config.json", "{}");
  const auto path = [](std::string_view name) {
    const auto found = ModelDirectory::open(name);
    return found ? found->path().substr(found->path().rfind('/') + 1) : "error: " + found.error().message();
  };
  EXPECT_EQ(path("org/name"), "abc123");
  EXPECT_EQ(path("org/name@def456"), "def456");
  expect_error(path("org/name@v2"), {"revision \"v2\"", "abc123, def456"});
  expect_error(path("org/other"), {"org/other", "models--org--other", "nothing is downloaded"});
  fs::remove(root_ / (place + "refs/main"));
  expect_error(path("org/name"), {"snapshots", "abc123, def456"});
  write("cache/models--bert-base/snapshots/only/config.json");
  EXPECT_EQ(path("bert-base"), "only");
  for (const char* bad : {"../x", "a/b/c", "org/../x", "/nowhere", "", ".hidden", "org/name@../.."})
    EXPECT_FALSE(ModelDirectory::open(bad)) << bad;
}

TEST_F(Hub, TheCacheIsWhereTheVariablesSay) {
  write("home/hub/models--a--b/snapshots/one/config.json"), write("xdg/huggingface/hub/models--a--b/snapshots/two/config.json");
  EXPECT_FALSE(ModelDirectory::open("a/b"));
  ::unsetenv("HF_HUB_CACHE");
  ::setenv("XDG_CACHE_HOME", (root_ / "xdg").c_str(), 1);
  EXPECT_TRUE(ModelDirectory::open("a/b")->path().ends_with("/two"));
  ::setenv("HF_HOME", (root_ / "home").c_str(), 1);
  EXPECT_TRUE(ModelDirectory::open("a/b")->path().ends_with("/one"));
  ::unsetenv("XDG_CACHE_HOME"), ::unsetenv("HF_HOME");
}

TEST_F(Hub, SentenceModulesAreReadInOrder) {
  write("m/modules.json", R"([{"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])");
  write("m/1_Pooling/config.json", R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true, "include_prompt": false})");
  write("m/config.json", R"({"max_position_embeddings": 514, "model_type": "roberta", "pad_token_id": 1})");
  write("m/sentence_bert_config.json", R"({"max_seq_length": 1000, "do_lower_case": true})");
  write("m/config_sentence_transformers.json",
        R"({"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "query", "similarity_fn_name": "dot"})");
  const auto read = read_sentence_modules(model());
  ASSERT_TRUE(read) << read.error().what();
  ASSERT_EQ(read->modules.size(), 2u);
  EXPECT_EQ(read->modules[0].pooling, (std::vector{Pooling::cls, Pooling::mean}));
  EXPECT_FALSE(read->modules[0].include_prompt);
  EXPECT_EQ(read->modules[1].kind, SentenceModule::Kind::normalise);
  EXPECT_EQ(read->max_length, 512) << "two of RoBERTa's positions are for padding";
  EXPECT_TRUE(read->lower_case);
  EXPECT_EQ(read->prompts.at("passage"), "passage: ");
  EXPECT_EQ(read->default_prompt, "query");
  EXPECT_EQ(read->similarity, "dot");
}

TEST_F(Hub, WeightsOfOtherLibrariesAreNamedWithWhatToDo) {
  write("m/config.json", "{}"), write("m/pytorch_model.bin");
  expect_error(chosen(), {"there are: none", "pytorch_model.bin is a pickle", "save the model as model.safetensors", "ONNX"});
  write("m/model-00001-of-00002.safetensors");
  expect_error(chosen(), {"there are: model-00001-of-00002.safetensors"});
}

TEST_F(Hub, ATildeInAVariableIsTheHomeDirectory) {
  const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  write("hub/models--a--b/snapshots/one/config.json");
  ::setenv("HOME", root_.c_str(), 1), ::setenv("HF_HUB_CACHE", "~/hub", 1);
  EXPECT_TRUE(ModelDirectory::open("a/b"));
  ::setenv("HOME", home.c_str(), 1);
}

TEST_F(Hub, ModulesAreKnownByTheLastPartOfTheirClass) {
  write("m/modules.json", R"([{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
    {"path": "2_Dropout", "type": "sentence_transformers.models.Dropout"}, {"path": "3_LayerNorm", "type": "sentence_transformers.models.LayerNorm"}])");
  write("m/1_Pooling/config.json", R"({"pooling_mode": "lasttoken"})"), write("m/3_LayerNorm/config.json", R"({"dimension": 2})");
  EXPECT_NE(read_sentence_modules(model()).error().message().find("3_LayerNorm/model.safetensors is missing"), std::string::npos);
  const std::vector<std::pair<std::string, Tensor>> weights{{"norm.weight", Tensor::of<float>({2}, {1, 2})},
                                                            {"norm.bias", Tensor::of<float>({2}, {0, 3})}};
  ASSERT_TRUE(save_safetensors((root_ / "m/3_LayerNorm/model.safetensors").string(), weights));
  const auto read = read_sentence_modules(model());
  ASSERT_TRUE(read) << read.error().what();
  ASSERT_EQ(read->modules.size(), 2u);
  EXPECT_EQ(read->modules[0].pooling, std::vector{Pooling::last_token});
  EXPECT_EQ(read->modules[1].kind, SentenceModule::Kind::layer_norm);
  EXPECT_EQ(read->modules[1].bias->data<float>()[1], 3);
  write("m/modules.json", R"([{"path": "0_BoW", "type": "sentence_transformers.models.BoW"}])");
  EXPECT_EQ(read_sentence_modules(model()).error().message().find("modules.json: unknown module \"BoW\"; known: Transformer"), 0u);
}

TEST_F(Hub, PromptsMustHoldTheDefault) {
  write("m/config_sentence_transformers.json", R"({"prompts": {}, "default_prompt_name": "query"})");
  EXPECT_NE(read_sentence_modules(model()).error().message().find("\"query\" is not among the prompts"), std::string::npos);
}

TEST(SentenceModules, DenseAndSpladeOfTheReferenceAreRead) {
  NACRE_NEEDS_SHARED("hf_tiny/colbert-modules/modules.json");
  const auto dense = read_sentence_modules(*ModelDirectory::open(shared_path("hf_tiny/colbert-modules")));
  ASSERT_TRUE(dense) << dense.error().what();
  EXPECT_EQ(dense->modules.at(0).kind, SentenceModule::Kind::dense);
  EXPECT_EQ(dense->modules[0].weight->shape(), (Shape{128, 32}));
  EXPECT_FALSE(dense->modules[0].bias);
  EXPECT_EQ(dense->modules[0].activation, "identity");
  const auto splade = read_sentence_modules(*ModelDirectory::open(shared_path("hf_tiny/splade")));
  ASSERT_TRUE(splade) << splade.error().what();
  EXPECT_EQ(splade->modules.at(0).kind, SentenceModule::Kind::splade_pooling);
  EXPECT_FALSE(splade->modules[0].sum);
}

}  // namespace
}  // namespace nacre
