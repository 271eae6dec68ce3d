// Embeddings: pooling by its formulas, directories by their files, and the real MiniLM against sentence-transformers.
#include "nacre/embed.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

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

// --- the real model ---

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

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
