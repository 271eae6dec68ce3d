// Text tasks through tiny models, against the outputs of transformers.
#include <gtest/gtest.h>

#include <cmath>

#include "nacre/classify.h"
#include "nacre/fill_mask.h"
#include "nacre/ner.h"
#include "nacre/qa.h"
#include "nacre/rerank.h"
#include "nacre/zero_shot.h"
#include "pipelines/scores.h"
#include "tests/pipelines/tiny_model.h"

namespace nacre {
namespace {

constexpr double kTolerance = 1e-4;  // of the goldens; on logits, and so on scores

#define NACRE_NEEDS_TINY(name) NACRE_NEEDS_SHARED("hf_tiny/" name "/expected.json")

std::span<const float> row(const std::vector<float>& all, size_t index, size_t rows) {
  return std::span(all).subspan(index * all.size() / rows, all.size() / rows);
}

TEST(ClassifierModel, PairsHaveTheReferencesScores) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  const Classifier classifier = Classifier::load(tiny.path());
  EXPECT_EQ(classifier.function(), ScoreFunction::softmax);
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<std::vector<double>> want;
  for (const Json& each : tiny.cases())
    for (size_t i = 0; i < rows_of(each); ++i) {
      pairs.push_back(texts_of_row(each, i));
      const std::vector<float> logits = expected_floats(each, "logits");
      want.push_back(softmax(row(logits, i, rows_of(each))));
    }
  const std::vector<Classification> got = classifier.classify_pairs(pairs);
  ASSERT_EQ(got.size(), 3u);
  for (size_t text = 0; text < got.size(); ++text) {
    ASSERT_EQ(got[text].labels.size(), 5u);
    for (const LabelScore& each : got[text].labels)
      EXPECT_NEAR(each.score, want[text][static_cast<size_t>(each.label[6] - '0')], kTolerance);
    for (size_t i = 1; i < 5; ++i) EXPECT_GE(got[text].labels[i - 1].score, got[text].labels[i].score);
  }
}

TEST(ClassifierModel, ATokenBeyondTheEmbeddingTableIsNamed) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  tiny.write("tokenizer.json", R"({"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"w58":58,"far":101}},
                                   "pre_tokenizer":{"type":"WhitespaceSplit"}})");
  const Classifier classifier = Classifier::load(tiny.path());
  EXPECT_EQ(classifier.classify(std::vector<std::string>{"w58"}).size(), 1u);
  try {
    classifier.classify(std::vector<std::string>{"w58 far"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the token \"far\" has id 101, and the model's embedding table has 101 rows (vocab_size of config.json)");
    EXPECT_EQ(error.hint(), "the tokenizer's files belong to another model");
  }
}

TEST(RerankerModel, DocumentsAreRankedByTheReferencesScores) {
  NACRE_NEEDS_TINY("cross-encoder");
  const TinyModel tiny("cross-encoder");
  const Reranker reranker = Reranker::load(tiny.path());
  for (const Json& each : tiny.cases()) {
    const std::vector<float> scores = expected_floats(each, "score");
    for (size_t i = 0; i < scores.size(); ++i) {
      const auto [query, document] = texts_of_row(each, i);
      const std::vector<std::string> documents{"w60 w61", document};
      const std::vector<RankedDocument> got = reranker.rank(query, documents);
      ASSERT_EQ(got.size(), 2u);
      EXPECT_NEAR(got[got[0].index == 1 ? 0 : 1].score, scores[i], kTolerance);
      EXPECT_GE(got[0].score, got[1].score);
    }
  }
}

TEST(QaModel, AnswersComeFromTheReferencesLogits) {
  NACRE_NEEDS_TINY("bert-questionanswering");
  const TinyModel tiny("bert-questionanswering");
  const QuestionAnswerer answerer = QuestionAnswerer::load(tiny.path(), {.rules = {.top_k = 1, .max_answer_tokens = 1}});
  const Json each = tiny.cases()[0];
  const auto [question, context] = texts_of_row(each, 0);
  const std::vector<Question> questions{{question, context}};
  const Answer got = answerer.answer(questions)[0].at(0);
  const std::vector<float> start = expected_floats(each, "start_logits"), end = expected_floats(each, "end_logits");
  // No special tokens: the softmax is over the context, six tokens, and an answer has one token.
  const auto starts = softmax(std::span(start).subspan(6)), ends = softmax(std::span(end).subspan(6));
  double best = 0;
  for (size_t i = 0; i < 6; ++i) best = std::max(best, starts[i] * ends[i]);
  EXPECT_NEAR(got.score, best, kTolerance);
  EXPECT_EQ(context.substr(got.span.byte_begin, got.span.byte_end - got.span.byte_begin), got.text);
}

TEST(MaskFillerModel, ScoresAreTheReferences) {
  NACRE_NEEDS_TINY("distilbert-maskedlm");
  const TinyModel tiny("distilbert-maskedlm");
  std::optional<MaskFiller> filler;
  try {
    filler = MaskFiller::load(tiny.path(), {.top_k = 3});
  } catch (const Error& error) { GTEST_SKIP() << "DistilBERT cannot be read yet: " << error.what(); }
  EXPECT_EQ(filler->mask(), "[MASK]");
  EXPECT_THROW(filler->fill(std::vector<std::string>{"w5 w6"}), Error);
  const auto fills = filler->fill(std::vector<std::string>{"w5 [MASK] w6"});
  ASSERT_EQ(fills[0][0].size(), 3u);
  EXPECT_EQ(fills[0][0][0].sequence, cat("w5 ", fills[0][0][0].token, " w6"));
}

TEST(EntityModel, LongTextsRunInWindows) {
  NACRE_NEEDS_TINY("bert-tokenclassification");
  const TinyModel tiny("bert-tokenclassification");
  const auto recognizer =
      EntityRecognizer::load(tiny.path(), {.task = {.max_length = 8}, .aggregation = Aggregation::none, .ignored = {}, .stride = 2});
  std::string text;
  for (int i = 10; i < 60; ++i) text += cat("w", i, " ");
  const std::vector<std::string> texts{text, "w5"};
  const auto found = recognizer.recognize(texts);
  ASSERT_EQ(found[0].size(), 50u) << "every word once";
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(text.substr(found[0][i].span.byte_begin, 3), cat("w", 10 + i));
  EXPECT_EQ(found[1].size(), 1u);
}

TEST(ZeroShotModel, LabelsAreRankedWithinOne) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  const auto classifier = ZeroShotClassifier::load(tiny.path(), {.hypothesis = "w7 {}"});
  const std::vector<std::string> texts{"w9 w10", "w11"}, labels{"w20", "w21", "w22"};
  for (const ZeroShotResult& each : classifier.classify(texts, labels)) {
    double sum = 0;
    for (const LabelScore& label : each.labels) sum += label.score;
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_EQ(each.labels.size(), 3u);
  }
  EXPECT_THROW(ZeroShotClassifier::load(tiny.path(), {.hypothesis = "w7"}), Error);
}

TEST(WrongTask, TheErrorNamesTheRightCommand) {
  NACRE_NEEDS_TINY("bert-questionanswering");
  const TinyModel questions("bert-questionanswering"), labels("bert-sequenceclassification"), masked("bert-maskedlm");
  const auto hint = [](auto&& load) -> std::string {
    try {
      load();
    } catch (const Error& error) { return error.hint(); }
    return "no error";
  };
  EXPECT_EQ(hint([&] { Classifier::load(questions.path()); }), "use `nacre qa` for it");
  EXPECT_EQ(hint([&] { EntityRecognizer::load(labels.path()); }), "use `nacre classify` or `nacre rerank` for it");
  EXPECT_EQ(hint([&] { QuestionAnswerer::load(masked.path()); }), "use `nacre fill-mask` for it");
  EXPECT_EQ(hint([&] { Reranker::load(labels.path()); }), "use `nacre classify` for it") << "five labels are no relevance";
}

TEST(WrongTask, AVocabularyLargerThanTheEmbeddingsIsAnErrorOfTheText) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  tiny.write("tokenizer.json",
             R"({"model":{"type":"WordPiece","unk_token":"a","vocab":{"a":0,"b":5000}},"pre_tokenizer":{"type":"BertPreTokenizer"}})");
  const Classifier classifier = Classifier::load(tiny.path());
  EXPECT_EQ(classifier.classify(std::vector<std::string>{"a"}).size(), 1u);
  EXPECT_THROW(classifier.classify(std::vector<std::string>{"b"}), Error);
}

TEST(BatchInvariance, ScoresDoNotDependOnTheBatch) {
  NACRE_NEEDS_TINY("bert-sequenceclassification");
  const TinyModel tiny("bert-sequenceclassification");
  const Classifier classifier = Classifier::load(tiny.path(), {.task = {.batch_tokens = 64}});
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.emplace_back();
    for (int word = 0; word < 1 + i * 7 % 30; ++word) texts.back() += cat("w", 5 + (i * 13 + word * 7) % 90, " ");
  }
  const std::vector<Classification> together = classifier.classify(texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    const Classification alone = classifier.classify(std::span(&texts[i], 1))[0];
    for (size_t label = 0; label < 5; ++label) {
      EXPECT_EQ(alone.labels[label].label, together[i].labels[label].label);
      EXPECT_NEAR(alone.labels[label].score, together[i].labels[label].score, 1e-6);
    }
  }
}

}  // namespace
}  // namespace nacre
