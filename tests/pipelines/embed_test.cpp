// Embeddings: pooling by its formulas, directories by their files, and the real MiniLM against sentence-transformers.
#include "nacre/embed.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "io/safetensors.h"
#include "pipelines/pooling.h"
#include "tests/pipelines/minilm.h"
#include "tests/shared.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

TEST(Pooling, FormulasHold) {
  const std::vector<float> hidden{1, -2, 3, 4, 5, -6};  // three tokens of two components
  const auto pooled = [&](Pooling pooling) {
    std::vector<float> out(2);
    pool(pooling, hidden.data(), 3, 2, out.data());
    return out;
  };
  EXPECT_EQ(pooled(Pooling::mean), (std::vector<float>{3, -4.0f / 3}));
  EXPECT_EQ(pooled(Pooling::cls), (std::vector<float>{1, -2}));
  EXPECT_EQ(pooled(Pooling::max), (std::vector<float>{5, 4}));
  EXPECT_EQ(pooled(Pooling::last_token), (std::vector<float>{5, -6}));
  EXPECT_FLOAT_EQ(pooled(Pooling::mean_sqrt_len)[0], 9 / std::sqrt(3.0f));
  EXPECT_FLOAT_EQ(pooled(Pooling::weighted_mean)[1], (-2 + 2 * 4 + 3 * -6) / 6.0f);
  std::vector<float> vector{3, 4}, zero{0, 0};
  normalise(vector.data(), 2), normalise(zero.data(), 2);
  EXPECT_EQ(vector, (std::vector<float>{0.6f, 0.8f}));
  EXPECT_EQ(zero, (std::vector<float>{0, 0}));
}

/// A directory of one test with small files.
class Files {
 public:
  Files(std::initializer_list<std::pair<const char*, const char*>> files) {
    std::string pattern = (fs::temp_directory_path() / "nacre_embed_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    for (const auto& [name, text] : files) {
      fs::create_directories((path_ / name).parent_path());
      std::ofstream(path_ / name) << text;
    }
  }
  ~Files() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST(Embedder, ADirectoryWithoutAModelIsAnError) {
  const Files files{{"config.json", "{}"}};
  EXPECT_THROW(Embedder::load(files.path()), Error);
}

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

// --- static models: words a, b and c with vectors (3, 4), (0, 2) and (1, 0), and one for what is unknown ---

constexpr const char* kStaticTokenizer = R"({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
  "pre_tokenizer": {"type": "Whitespace"}, "decoder": null,
  "post_processor": {"type": "BertProcessing", "sep": ["c", 2], "cls": ["b", 1]},
  "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"a": 0, "b": 1, "c": 2, "?": 3}}})";

void save_table(const std::string& path, const char* name, std::vector<std::pair<std::string, Tensor>> more = {}) {
  more.emplace_back(name, Tensor::of<float>({4, 2}, {3, 4, 0, 2, 1, 0, -1, -1}));
  ASSERT_TRUE(save_safetensors(path, more));
}

std::vector<float> embedded(const Files& files, std::vector<std::string> texts) {
  const Embeddings out = Embedder::load(files.path()).embed(texts);
  const auto values = out.vectors.data<float>();
  return {values.begin(), values.end()};
}

TEST(StaticEmbedding, TextsAreTheMeanOfTheirWordsWithoutSpecialTokens) {
  const Files files{
      {"modules.json", R"([{"idx": 0, "path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}])"},
      {"0_StaticEmbedding/tokenizer.json", kStaticTokenizer}};
  save_table(files.path() + "/0_StaticEmbedding/model.safetensors", "embedding.weight");
  EXPECT_EQ(embedded(files, {"a b", "a", "", "c ! c"}), (std::vector<float>{1.5f, 3, 3, 4, 0, 0, 1.0f / 3, -1.0f / 3}));
  EXPECT_EQ(embedded(files, {repeated("a b ", 3000)}), (std::vector<float>{1.5f, 3})) << "nothing is cut";
}

TEST(StaticEmbedding, Model2vecHasRowsAndWeightsOfIts) {
  const Files files{{"modules.json", R"([{"idx": 0, "path": ".", "type": "sentence_transformers.models.StaticEmbedding"},
                      {"idx": 1, "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}])"},
                    {"config.json", R"({"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": true})"},
                    {"tokenizer.json", kStaticTokenizer}};
  save_table(files.path() + "/model.safetensors", "embeddings");
  EXPECT_EQ(embedded(files, {"a", "b"}), (std::vector<float>{0.6f, 0.8f, 0, 1}));
  save_table(files.path() + "/model.safetensors", "embeddings",
             {{"mapping", Tensor::of<int64_t>({4}, {1, 0, 2, 3})}, {"weights", Tensor::of<float>({4}, {2, 1, 1, 1})}});
  EXPECT_EQ(embedded(files, {"a", "b"}), (std::vector<float>{0, 1, 0.6f, 0.8f}));
}

TEST(Pooling, LayerNormFollowsItsFormula) {
  const SentenceModule module{.kind = SentenceModule::Kind::layer_norm,
                              .directory = "m",
                              .pooling = {},
                              .weight = Tensor::of<float>({2}, {1, 2}),
                              .bias = Tensor::of<float>({2}, {0, 3}),
                              .activation = {}};
  Vectors vectors{.values = {1, 3}, .rows = 1, .features = 2}, narrow{.values = {1}, .rows = 1, .features = 1};
  ASSERT_TRUE(apply_module(module, vectors, 0));
  EXPECT_NEAR(vectors.values[0], -1 / std::sqrt(1 + 1e-5), 1e-6);
  EXPECT_NEAR(vectors.values[1], 2 / std::sqrt(1 + 1e-5) + 3, 1e-6);
  EXPECT_FALSE(apply_module(module, narrow, 0));
}

// --- the real model ---

Json golden() { return *parse_json(read_gz(shared_path("pipelines/minilm_embeddings.json.gz"))); }

std::vector<std::string> golden_texts(const Json& json) {
  std::vector<std::string> out;
  for (const Json& row : *json.at("rows")->elements()) out.emplace_back(*row.text("text"));
  return out;
}

/// Largest difference of row `index` from a list of numbers.
double difference(const Tensor& vectors, size_t index, const Json& want) {
  const auto expected = *want.elements();
  const std::span<const float> row = vectors.data<float>().subspan(index * expected.size(), expected.size());
  double worst = 0;
  for (size_t i = 0; i < row.size(); ++i) worst = std::max(worst, std::abs(row[i] - *expected[i].real()));
  return worst;
}

TEST(MiniLM, EmbeddingsAreThoseOfSentenceTransformers) {
  NACRE_NEEDS_MINILM();
  NACRE_NEEDS_SHARED("pipelines/minilm_embeddings.json.gz");
  const Json json = golden();
  const auto rows = *json.at("rows")->elements();
  const std::pair<Pooling, const char*> poolings[] = {{Pooling::mean, "mean"}, {Pooling::cls, "cls"}, {Pooling::max, "max"}};
  for (const auto& [pooling, key] : poolings) {
    const Embedder embedder = Embedder::load(minilm(), {.pooling = pooling});
    const Embeddings result = embedder.embed(golden_texts(json));
    ASSERT_EQ(result.vectors.shape(), (Shape{static_cast<int64_t>(rows.size()), 384}));
    int64_t tokens = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      tokens += *rows[i].integer("n_tokens");
      if (rows[i].has(key)) EXPECT_LE(difference(result.vectors, i, *rows[i].at(key)), 1e-5) << key << " of row " << i;
    }
    EXPECT_EQ(result.tokens, tokens);
  }
}

TEST(MiniLM, DirectorySettingsAndTruncationHold) {
  NACRE_NEEDS_MINILM();
  NACRE_NEEDS_SHARED("pipelines/minilm_embeddings.json.gz");
  const Embedder plain = Embedder::load(minilm());
  EXPECT_EQ(plain.pooling(), Pooling::mean);
  EXPECT_TRUE(plain.normalises());
  EXPECT_EQ(plain.max_length(), 256);
  EXPECT_EQ(plain.dimensions(), 384);
  const Json json = golden();
  const std::vector<std::string> texts = golden_texts(json);
  const Embedder cut = Embedder::load(minilm(), {.max_length = 8});
  const Embeddings result = cut.embed(texts);
  for (const Json& row : *json.at("truncated_to_8_tokens")->elements()) {
    const auto i = static_cast<size_t>(*row.integer("i"));
    EXPECT_LE(difference(result.vectors, i, *row.at("mean")), 1e-5) << i;
  }
  EXPECT_FALSE(result.truncated.empty());
}

TEST(MiniLM, AVectorDoesNotDependOnItsBatch) {
  NACRE_NEEDS_MINILM();
  std::vector<std::string> texts{"A man is eating food.", "x", "",
                                 "The quick brown fox jumps over the lazy dog, again and again and again."};
  for (const size_t count : {1, 3, 9, 20}) texts.push_back(repeated("Berlin has 3.7 million people, and more. ", count));
  std::vector<Embeddings> alone;
  for (const std::string& text : texts) alone.push_back(Embedder::load(minilm()).embed(std::span(&text, 1)));
  for (const int64_t batch_tokens : {64, 100000}) {
    const Embedder embedder = Embedder::load(minilm(), {.batch_tokens = batch_tokens});
    const Embeddings together = embedder.embed(texts);
    for (size_t i = 0; i < texts.size(); ++i)
      for (size_t f = 0; f < 384; ++f)
        ASSERT_NEAR(alone[i].vectors.data<float>()[f], together.vectors.data<float>()[i * 384 + f], 1e-6)
            << texts[i] << " with " << batch_tokens << " tokens a batch";
  }
}

}  // namespace
}  // namespace nacre
