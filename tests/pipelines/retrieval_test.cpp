// Sparse and late interaction vectors of tiny models against transformers, prompts, Matryoshka, encodings.
#include <gtest/gtest.h>

#include <cmath>

#include "io/safetensors.h"
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

/// The reference's steps by hand: what the encoder and the layer behind it make of these ids.
std::vector<float> token_vectors(const TinyModel& tiny, const std::vector<int64_t>& ids, const std::vector<int64_t>& mask) {
  const auto length = static_cast<int64_t>(ids.size());
  Tensor types(DType::int64, {1, length}), tokens(DType::int64, {1, length}), attention(DType::int64, {1, length});
  std::fill_n(types.mutable_data<int64_t>().data(), length, 0);
  std::copy(ids.begin(), ids.end(), tokens.mutable_data<int64_t>().begin());
  std::copy(mask.begin(), mask.end(), attention.mutable_data<int64_t>().begin());
  const Outputs outputs = Session::load(tiny.path()).run({{"input_ids", tokens}, {"attention_mask", attention}, {"token_type_ids", types}});
  const std::span<const float> hidden = outputs["last_hidden_state"].data<float>();
  const Safetensors weights = *load_safetensors((tiny.path() / "model.safetensors").string());
  const std::span<const float> layer = weights.find("linear.weight")->data<float>();
  const size_t width = hidden.size() / ids.size(), features = layer.size() / width;
  std::vector<float> out(ids.size() * features);
  for (size_t token = 0; token < ids.size(); ++token) {
    double squares = 0;
    for (size_t feature = 0; feature < features; ++feature) {
      float& sum = out[token * features + feature] = 0;
      for (size_t i = 0; i < width; ++i) sum += hidden[token * width + i] * layer[feature * width + i];
      squares += double{sum} * double{sum};
    }
    for (size_t feature = 0; feature < features; ++feature) out[token * features + feature] /= static_cast<float>(std::sqrt(squares));
  }
  return out;
}

void expect_rows(const Tensor& got, std::vector<float> want) {
  ASSERT_EQ(static_cast<size_t>(got.size()), want.size());
  for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got.data<float>()[i], want[i], 1e-5) << i;
}

// [CLS] w2, [SEP] w3, mask 4, markers w5 and w6; "!" is on the skip list.
TEST(ColBert, QueriesAreMarkedAndExpandedAndDocumentsSkipPunctuation) {
  NACRE_NEEDS_TINY("colbert");
  const TinyModel tiny("colbert");
  std::string vocabulary;
  for (int id = 0; id <= 99; ++id) vocabulary += cat("\"", id == 4 ? "[MASK]" : cat("w", id), "\":", id, ",");
  tiny.write("tokenizer.json", cat(R"({"model":{"type":"WordPiece","unk_token":"w1","vocab":{)", vocabulary, R"("!":100}},
      "pre_tokenizer":{"type":"BertPreTokenizer"},"added_tokens":[{"id":4,"content":"[MASK]","special":true}],
      "post_processor":{"type":"BertProcessing","cls":["w2",2],"sep":["w3",3]}})"));
  const std::string lengths = R"("query_maxlen": 8, "doc_maxlen": 7, "query_token_id": "w5", "doc_token_id": "w6")";
  const std::vector<std::string> texts{"w58 w20", "w58 ! w20 w30 w31"};
  for (const bool attends : {false, true}) {
    tiny.write("artifact.metadata", cat("{", lengths, R"(, "attend_to_mask_tokens": )", attends ? "true" : "false", "}"));
    const Embedder embedder = Embedder::load(tiny.path());
    const int64_t seen = attends;
    expect_rows(embedder.embed_queries(texts).matrices[0],
                token_vectors(tiny, {2, 5, 58, 20, 3, 4, 4, 4}, {1, 1, 1, 1, 1, seen, seen, seen}));
    const Embeddings documents = embedder.embed(texts);
    expect_rows(documents.matrices[0], token_vectors(tiny, {2, 6, 58, 20, 3}, {1, 1, 1, 1, 1}));
    std::vector<float> cut = token_vectors(tiny, {2, 6, 58, 100, 20, 30, 3}, {1, 1, 1, 1, 1, 1, 1});
    cut.erase(cut.begin() + 3 * 128, cut.begin() + 4 * 128);
    expect_rows(documents.matrices[1], cut);
    EXPECT_EQ(documents.truncated, std::vector<size_t>{1});
  }
}

TEST(ColBert, PyLatesSettingsCountAndAMissingMarkerIsNamed) {
  NACRE_NEEDS_TINY("colbert-modules");
  const TinyModel tiny("colbert-modules");
  tiny.write("config_sentence_transformers.json",
             R"({"query_prefix": "w5", "document_prefix": "w6", "query_length": 6, "document_length": 9, "skiplist_words": ["w20"],
                 "do_query_expansion": false, "attend_to_expansion_tokens": false})");
  const std::vector<std::string> texts{"w58 w20"};
  const Embedder embedder = Embedder::load(tiny.path());
  EXPECT_TRUE(embedder.has_roles());
  EXPECT_EQ(embedder.embed_queries(texts).matrices[0].shape()[0], 3);
  EXPECT_EQ(embedder.embed(texts).matrices[0].shape()[0], 2);
  tiny.write("config_sentence_transformers.json", R"({"query_prefix": "[Q] "})");
  try {
    Embedder::load(tiny.path());
    FAIL() << "no marker, and no error";
  } catch (const Error& error) { EXPECT_NE(std::string(error.what()).find("no marker \"[Q] \""), std::string::npos) << error.what(); }
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
