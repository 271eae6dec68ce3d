// Sparse and late interaction vectors of tiny models against transformers, prompts, Matryoshka, encodings.
#include <gtest/gtest.h>

#include <cmath>

#include "nacre/embed.h"
#include "nacre/sparse.h"
#include "tests/pipelines/tiny_model.h"

namespace nacre {
namespace {

#define NACRE_NEEDS_TINY(name) NACRE_NEEDS_SHARED("hf_tiny/" name "/expected.json")

std::vector<std::string> first_texts(const Json& each) {
  std::vector<std::string> out;
  for (size_t row = 0; row < rows_of(each); ++row) out.push_back(texts_of_row(each, row).first);
  return out;
}

TEST(Splade, WeightsAreTheReferences) {
  NACRE_NEEDS_TINY("splade");
  const TinyModel tiny("splade");
  const SparseEmbedder embedder = SparseEmbedder::load(tiny.path());
  for (const Json& each : tiny.cases()) {
    const auto got = embedder.embed(first_texts(each));
    const auto want = *each.at("sparse_nonzero")->elements();
    ASSERT_EQ(got.size(), want.size());
    for (size_t text = 0; text < got.size(); ++text) {
      const auto pairs = *want[text].elements();
      ASSERT_EQ(got[text].ids.size(), pairs.size());
      for (size_t i = 0; i < pairs.size(); ++i) {
        EXPECT_EQ(got[text].ids[i], *pairs[i].at(0)->integer());
        EXPECT_NEAR(got[text].weights[i], *pairs[i].at(1)->real(), 1e-4);
      }
    }
  }
  EXPECT_EQ(embedder.token(7), "w7");
}

TEST(Splade, DotMeetsOnCommonTokens) {
  EXPECT_DOUBLE_EQ(dot({{1, 5, 9}, {1, 2, 3}, false}, {{0, 5, 9, 10}, {7, 0.5, 2, 1}, false}), 7);
  EXPECT_DOUBLE_EQ(dot({}, {{1}, {1}, false}), 0);
}

void expect_colbert(const char* name) {
  const TinyModel tiny(name);
  const Embedder embedder = Embedder::load(tiny.path());
  EXPECT_EQ(embedder.pooling(), Pooling::none);
  EXPECT_EQ(embedder.dimensions(), 128);
  std::vector<Tensor> first;
  for (const Json& each : tiny.cases()) {
    const Embeddings got = embedder.embed(first_texts(each));
    const std::vector<float> want = expected_floats(each, "token_embeddings");
    const size_t rows = rows_of(each), row_size = want.size() / rows;
    ASSERT_EQ(got.matrices.size(), rows);
    for (size_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < static_cast<size_t>(got.matrices[row].size()); ++i)
        ASSERT_NEAR(got.matrices[row].data<float>()[i], want[row * row_size + i], 1e-4) << name << " text " << row << " value " << i;
    if (first.empty()) first = got.matrices;
    if (!each.has("maxsim_against_case_0")) continue;
    const auto scores = *each.at("maxsim_against_case_0")->at(size_t{0})->elements();
    ASSERT_EQ(scores.size(), first.size());
    for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(max_similarity(got.matrices[0], first[i]), *scores[i].real(), 1e-4);
  }
}

TEST(ColBert, OneCheckpoint) {
  NACRE_NEEDS_TINY("colbert");
  expect_colbert("colbert");
}
TEST(ColBert, Modules) {
  NACRE_NEEDS_TINY("colbert-modules");
  expect_colbert("colbert-modules");
}

TEST(EmbedderOptions, PromptsDimensionsAndPooling) {
  NACRE_NEEDS_TINY("bert-base");
  const TinyModel tiny("bert-base");
  tiny.write("config_sentence_transformers.json", R"({"prompts": {"query": "w9 w8 ", "plain": ""}})");
  const std::vector<std::string> text{"w5 w6 w7"}, prompted{"w9 w8 w5 w6 w7"};
  const auto vector = [&](const EmbedOptions& options, const std::vector<std::string>& texts) {
    const Embeddings out = Embedder::load(tiny.path(), options).embed(texts);
    return std::vector<float>(out.vectors.data<float>().begin(), out.vectors.data<float>().end());
  };
  EXPECT_EQ(vector({.prompt_name = "query"}, text), vector({}, prompted));
  EXPECT_EQ(vector({.prompt = "w9 w8 "}, text), vector({}, prompted));
  EXPECT_NE(vector({}, text), vector({}, prompted));
  try {
    Embedder::load(tiny.path(), {.prompt_name = "passage"});
    ADD_FAILURE();
  } catch (const Error& error) { EXPECT_NE(error.message().find("plain, query"), std::string::npos) << error.what(); }
  const std::vector<float> all = vector({.normalise = true}, text), cut = vector({.normalise = true, .dimensions = 8}, text);
  ASSERT_EQ(cut.size(), 8u);
  double sum = 0, kept = 0;
  for (size_t i = 0; i < 8; ++i) sum += double(cut[i]) * cut[i], kept += double(all[i]) * all[i];
  EXPECT_NEAR(sum, 1, 1e-6);
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(cut[i], all[i] / std::sqrt(kept), 1e-6);
  EXPECT_THROW(vector({.dimensions = 33}, text), Error);
  const Embeddings tokens = Embedder::load(tiny.path(), {.pooling = Pooling::none}).embed(text);
  EXPECT_EQ(tokens.matrices[0].shape(), (Shape{3, 32}));
  const std::vector<float> mean = vector({}, text);
  for (size_t f = 0; f < 32; ++f) {
    const auto values = tokens.matrices[0].data<float>();
    EXPECT_NEAR(mean[f], (values[f] + values[32 + f] + values[64 + f]) / 3, 1e-6);
  }
}

TEST(EmbedderOptions, AModelOfAnotherTaskNamesItsCommand) {
  NACRE_NEEDS_TINY("bert-tokenclassification");
  const TinyModel labels("bert-tokenclassification"), splade("splade");
  const auto hint = [](const TinyModel& tiny) -> std::string {
    try {
      Embedder::load(tiny.path());
    } catch (const Error& error) { return error.hint(); }
    return "no error";
  };
  EXPECT_EQ(hint(labels), "use `nacre ner` for it");
  EXPECT_EQ(hint(splade), "use `nacre embed --kind sparse` for it");
}

TEST(Encodings, Int8KeepsAScaleAndBinaryTheSigns) {
  const std::vector<float> vector{0.5f, -1.0f, 0.0f, 0.25f, -0.1f, 0, 0, 1e-9f, 2.0f};
  const Int8Vector bytes = to_int8(vector);
  EXPECT_EQ(bytes.values[8], 127);
  for (size_t i = 0; i < vector.size(); ++i) EXPECT_NEAR(bytes.values[i] * bytes.scale, vector[i], bytes.scale / 2);
  EXPECT_EQ(to_binary(vector), (std::vector<uint8_t>{0b10010001, 0b10000000}));  // numpy.packbits(vector > 0)
  EXPECT_EQ(to_int8(std::vector<float>{0, 0}).values, (std::vector<int8_t>{0, 0}));
}

}  // namespace
}  // namespace nacre
