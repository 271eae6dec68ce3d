// Post-processing of the text tasks from given logits, against transformers.
#include <gtest/gtest.h>

#include "nacre/classify.h"
#include "nacre/rerank.h"
#include "nacre/zero_shot.h"
#include "pipelines/answers.h"
#include "pipelines/entities.h"
#include "pipelines/fills.h"
#include "tests/shared.h"

namespace nacre {
namespace {

constexpr double kTolerance = 1e-5;

Json golden(const char* name) {
  const auto json = parse_json(read_gz(shared_path(std::string("pipelines/") + name)));
  EXPECT_TRUE(json) << name;
  return json ? *json : Json();
}
std::vector<Json> list(const Json& json, const char* key) { return *json.at(key)->elements(); }
std::vector<float> floats(const Json& json) {
  std::vector<float> out;
  for (const Json& each : *json.elements()) out.push_back(static_cast<float>(*each.real()));
  return out;
}
std::vector<float> flat_floats(const Json& rows) {
  std::vector<float> out;
  for (const Json& row : *rows.elements())
    for (const Json& each : *row.elements()) out.push_back(static_cast<float>(*each.real()));
  return out;
}
/// A list, or a single thing as a list of one.
std::vector<Json> as_list(const Json& json) { return json.is_list() ? *json.elements() : std::vector<Json>{json}; }

void expect_labels(const std::vector<LabelScore>& got, const std::vector<Json>& want, const std::string& where) {
  ASSERT_EQ(got.size(), want.size()) << where;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].label, *want[i].text("label")) << where;
    EXPECT_NEAR(got[i].score, *want[i].real("score"), kTolerance) << where;
  }
}

// --- classification ---

ScoreFunction function_named(std::string_view name) {
  if (name == "sigmoid") return ScoreFunction::sigmoid;
  if (name == "softmax") return ScoreFunction::softmax;
  return name == "none" ? ScoreFunction::none : ScoreFunction::automatic;
}

TEST(ClassifyGolden, EveryFunctionProblemAndCountOfLabels) {
  NACRE_NEEDS_SHARED("pipelines/classify.json");
  const std::vector<Json> cases = list(golden("classify.json"), "cases");
  ASSERT_EQ(cases.size(), 288u);
  for (const Json& each : cases) {
    ScoreFunction function = function_named(*each.text("function_to_apply", ""));
    const auto count = static_cast<size_t>(*each.integer("num_labels"));
    if (function == ScoreFunction::automatic) function = score_function(*each.text("problem_type", ""), count);
    const auto got = classify_logits(floats(*each.at("logits")), {}, function, static_cast<size_t>(*each.integer("top_k", 0)));
    expect_labels(got, as_list(*each.at("result")), each.dump());
  }
}

TEST(ClassifyGolden, EqualScoresKeepTheOrderOfTheLabels) {
  NACRE_NEEDS_SHARED("pipelines/classify.json");
  const std::vector<std::string> labels{"L0", "L1", "L2", "L3"};
  for (const Json& each : list(golden("classify.json"), "ties"))
    expect_labels(classify_logits(floats(*each.at("logits")), labels, ScoreFunction::softmax), list(each, "result"), each.dump());
}

TEST(Relevance, OneLogitOrTwo) {
  EXPECT_NEAR(relevance(std::vector<float>{0.3724414f}), 0.5920488, 1e-6);
  EXPECT_NEAR(relevance(std::vector<float>{-1, 1}), 0.8807971, 1e-6);
  EXPECT_EQ(relevance(std::vector<float>{-4.5f}, true), -4.5);
  EXPECT_THROW(relevance(std::vector<float>{1, 2, 3}), Error);
}

// --- zero-shot ---

std::vector<std::string> labels_by_id(const Json& label2id) {
  const auto entries = *label2id.integer_entries();
  std::vector<std::string> out(entries.size());
  for (const auto& [label, id] : entries) out[static_cast<size_t>(id)] = label;
  return out;
}

TEST(ZeroShotGolden, EveryCase) {
  NACRE_NEEDS_SHARED("pipelines/zero_shot.json");
  for (const Json& each : list(golden("zero_shot.json"), "cases")) {
    const EntailmentIds ids = entailment_ids(labels_by_id(*each.at("label2id")));
    const std::vector<std::string> labels = *each.at("candidate_labels")->texts();
    std::vector<std::vector<float>> logits;
    for (const Json& row : list(each, "logits")) logits.push_back(floats(row));
    const std::vector<Json> results = list(each, "result");
    ASSERT_EQ(results.size() * labels.size(), logits.size());
    for (size_t text = 0; text < results.size(); ++text) {
      const std::span<const std::vector<float>> rows(logits.data() + text * labels.size(), labels.size());
      const auto got = zero_shot_scores(rows, labels, ids, *each.boolean("multi_label"));
      const auto scores = list(results[text], "scores");
      for (size_t i = 0; i < labels.size(); ++i) {
        EXPECT_EQ(got[i].label, results[text].at("labels")->texts()->at(i)) << each.dump();
        EXPECT_NEAR(got[i].score, *scores[i].real(), kTolerance);
      }
    }
  }
}

TEST(ZeroShotGolden, TemplatesAndLists) {
  NACRE_NEEDS_SHARED("pipelines/zero_shot.json");
  const Json json = golden("zero_shot.json");
  for (const Json& each : list(json, "templates")) {
    const std::string pattern(*each.at(0)->text());
    if (each.at(1)->is_object())
      EXPECT_THROW(hypothesis_for(pattern, "x"), Error) << pattern;
    else
      EXPECT_EQ(hypothesis_for(pattern, "x"), *each.at(1)->text());
  }
  for (const Json& each : list(json, "split")) EXPECT_EQ(split_labels(*each.at(0)->text()), *each.at(1)->texts());
  EXPECT_THROW(hypothesis_for("no place", "x"), Error);
  EXPECT_EQ(hypothesis_for("{{{}}}", "x"), "{x}");
}

// --- entities ---

/// The tokenizer of a golden; none while its kind cannot be read.
const Tokenizer* golden_tokenizer(const std::string& name) {
  static std::vector<std::pair<std::string, std::optional<Tokenizer>>> cache;
  for (const auto& [known, tokenizer] : cache)
    if (known == name) return tokenizer ? &*tokenizer : nullptr;
  const std::string folder = shared_path("tokenizers/" + name);
  auto loaded = is_file(folder + "/tokenizer.json") ? Tokenizer::load(folder) : Tokenizer::parse(read_gz(folder + "/tokenizer.json.gz"));
  cache.reserve(16);
  cache.emplace_back(name, loaded ? std::optional<Tokenizer>(std::move(*loaded)) : std::nullopt);
  return cache.back().second ? &*cache.back().second : nullptr;
}

std::vector<ByteRange> ranges(const Json& json) {
  std::vector<ByteRange> out;
  for (const Json& each : *json.elements()) {
    const auto pair = *each.integers();
    out.push_back({static_cast<uint32_t>(pair[0]), static_cast<uint32_t>(pair[1])});
  }
  return out;
}

uint32_t byte_of(std::string_view text, uint32_t code) {
  size_t at = 0;
  for (; code > 0 && at < text.size(); --code) do
      ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return static_cast<uint32_t>(at);
}

/// An encoding with the golden's ids and offsets; `text` is what the offsets of sequence `sequence` count in.
Encoding encoding_of(const Json& json, std::string_view text) {
  Encoding out;
  for (const int64_t id : *json.at("ids")->integers()) out.ids.push_back(static_cast<uint32_t>(id));
  out.offsets = ranges(*json.at("offsets"));
  for (const ByteRange& range : out.offsets) out.byte_offsets.push_back({byte_of(text, range.begin), byte_of(text, range.end)});
  if (json.has("special"))
    for (const int64_t special : *json.at("special")->integers()) out.special_tokens_mask.push_back(special != 0);
  return out;
}

std::optional<Aggregation> aggregation_named(std::string_view name) {
  constexpr std::pair<std::string_view, Aggregation> names[] = {{"none", Aggregation::none},
                                                                {"simple", Aggregation::simple},
                                                                {"first", Aggregation::first},
                                                                {"average", Aggregation::average},
                                                                {"max", Aggregation::max}};
  for (const auto& [known, value] : names)
    if (known == name) return value;
  return {};
}

void expect_entities(const std::vector<Entity>& got, const std::vector<Json>& want, std::string_view text, const std::string& where) {
  ASSERT_EQ(got.size(), want.size()) << where;
  for (size_t i = 0; i < got.size(); ++i) {
    const Json& each = want[i];
    EXPECT_EQ(got[i].label, *each.text(each.has("entity") ? "entity" : "entity_group")) << where;
    EXPECT_NEAR(got[i].score, *each.real("score"), kTolerance) << where;
    EXPECT_EQ(got[i].word, *each.text("word")) << where;
    EXPECT_EQ(static_cast<int64_t>(got[i].span.begin), *each.integer("start")) << where;
    EXPECT_EQ(static_cast<int64_t>(got[i].span.end), *each.integer("end")) << where;
    EXPECT_EQ(got[i].span.byte_begin, byte_of(text, static_cast<uint32_t>(*each.integer("start")))) << where;
    if (each.has("index")) EXPECT_EQ(got[i].token, *each.integer("index")) << where;
  }
}

const std::vector<std::string> kNothing, kOutside{"O"};

TEST(NerGolden, EveryStrategy) {
  NACRE_NEEDS_SHARED("pipelines/ner.json");
  size_t compared = 0, left_out = 0;
  for (const Json& each : list(golden("ner.json"), "cases")) {
    const Tokenizer* tokenizer = golden_tokenizer(std::string(*each.text("tokenizer")));
    if (!tokenizer && ++left_out) continue;
    const std::string text(*each.text("text"));
    const Encoding encoding = encoding_of(each, text);
    const std::vector<std::string> labels = *each.at("id2label")->texts();
    const std::vector<float> logits = flat_floats(*each.at("logits"));
    for (const auto& [key, want] : *each.at("results")->entries()) {
      const bool all = key.ends_with("+O");
      const auto aggregation = aggregation_named(key.substr(0, key.size() - (all ? 2 : 0)));
      ASSERT_TRUE(aggregation) << key;
      const EntityRules rules{*tokenizer, labels, *aggregation, all ? kNothing : kOutside};
      expect_entities(*entities_of(rules, text, encoding, logits), *want.elements(), text,
                      cat(key, " of \"", text, "\" by ", *each.text("tokenizer")));
      ++compared;
    }
  }
  EXPECT_GE(compared, 120u);
  if (left_out > 0) std::printf("%zu cases are left out: their tokenizers cannot be read yet\n", left_out);
}

TEST(NerGolden, OverlappingWindows) {
  NACRE_NEEDS_SHARED("pipelines/ner.json");
  for (const Json& each : list(golden("ner.json"), "windows")) {
    const Tokenizer* tokenizer = golden_tokenizer(std::string(*each.text("tokenizer")));
    if (!tokenizer) continue;
    const std::string text(*each.text("text"));
    const std::vector<std::string> labels =
        each.has("id2label") ? *each.at("id2label")->texts() : *list(golden("ner.json"), "cases")[0].at("id2label")->texts();
    const EntityRules rules{*tokenizer, labels, *aggregation_named(*each.text("strategy")), kOutside};
    std::vector<Entity> found;
    for (const Json& window : list(each, "windows"))
      for (Entity& entity : *entities_of(rules, text, encoding_of(window, text), flat_floats(*window.at("logits"))))
        found.push_back(std::move(entity));
    expect_entities(merge_windows(std::move(found)), list(each, "result"), text, cat(*each.text("strategy"), " over windows"));
  }
}

// --- question answering ---

std::vector<int32_t> numbers_or_none(const Json& json) {
  std::vector<int32_t> out;
  for (const Json& each : *json.elements()) out.push_back(each.is_null() ? -1 : static_cast<int32_t>(*each.integer()));
  return out;
}

AnswerRules rules_of(const Json& params) {
  return {.top_k = static_cast<size_t>(*params.integer("top_k", 1)),
          .max_answer_tokens = static_cast<size_t>(*params.integer("max_answer_len", 15)),
          .impossible = *params.boolean("handle_impossible_answer", false),
          .whole_words = *params.boolean("align_to_words", true)};
}

TEST(QaGolden, EveryCase) {
  NACRE_NEEDS_SHARED("pipelines/qa.json");
  size_t compared = 0;
  for (const Json& each : list(golden("qa.json"), "cases")) {
    const std::string context(*each.text("context"));
    std::vector<Encoding> encodings;
    std::vector<std::vector<float>> starts, ends;
    for (const Json& feature : list(each, "features")) {
      Encoding encoding = encoding_of(feature, context);
      encoding.sequence_ids = numbers_or_none(*feature.at("seq"));
      encoding.word_ids = numbers_or_none(*feature.at("words"));
      for (const int32_t sequence : encoding.sequence_ids) encoding.special_tokens_mask.push_back(sequence < 0);
      encodings.push_back(std::move(encoding));
      starts.push_back(floats(*feature.at("start"))), ends.push_back(floats(*feature.at("end")));
    }
    std::vector<AnswerWindow> windows;
    for (size_t i = 0; i < encodings.size(); ++i) windows.push_back({&encodings[i], starts[i], ends[i]});
    for (const Json& result : list(each, "results")) {
      const auto got = answers_of(context, windows, rules_of(*result.at("params")));
      const auto want = as_list(*result.at("result"));
      const std::string where =
          cat(result.at("params")->dump(), " of \"", *each.text("question"), "\" with ", encodings.size(), " windows");
      ASSERT_EQ(got.size(), want.size()) << where;
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].text, *want[i].text("answer")) << where << " " << i;
        EXPECT_NEAR(got[i].score, *want[i].real("score"), kTolerance) << where << " " << i;
        EXPECT_EQ(static_cast<int64_t>(got[i].span.begin), *want[i].integer("start")) << where << " " << i;
        EXPECT_EQ(static_cast<int64_t>(got[i].span.end), *want[i].integer("end")) << where << " " << i;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 300u);
}

// --- masks ---

/// The golden's own vocabulary: [PAD] [UNK] [CLS] [SEP] [MASK] w0 .. w54, split at spaces.
Result<Tokenizer> mask_tokenizer() {
  const char* specials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  std::string vocabulary, added;
  for (int id = 0; id < 60; ++id) {
    const std::string token = id < 5 ? specials[id] : cat("w", id - 5);
    vocabulary += cat(id ? "," : "", "\"", token, "\":", id);
    if (id < 5) added += cat(id ? "," : "", R"({"special":true,"content":")", token, R"(","id":)", id, "}");
  }
  return Tokenizer::parse(
      cat(R"({"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{)", vocabulary, R"(}},"added_tokens":[)", added, "]}"));
}

TEST(FillMaskGolden, EveryCase) {
  NACRE_NEEDS_SHARED("pipelines/classify.json");
  const auto tokenizer = mask_tokenizer();
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  for (const Json& each : list(golden("classify.json"), "fill_mask")) {
    std::vector<uint32_t> ids, targets;
    for (const int64_t id : *each.at("ids")->integers()) ids.push_back(static_cast<uint32_t>(id));
    if (each.has("target_ids"))
      for (const int64_t id : *each.at("target_ids")->integers()) targets.push_back(static_cast<uint32_t>(id));
    const FillRules rules{*tokenizer, 4, 0, static_cast<size_t>(*each.integer("top_k")), targets};
    const auto got = *fills_of(rules, ids, flat_floats(*each.at("logits")));
    const std::vector<Json> result = list(each, "result");
    const bool single = got.size() == 1;
    for (size_t mask = 0; mask < got.size(); ++mask) {
      const std::vector<Json> want = single ? result : *result[mask].elements();
      ASSERT_EQ(got[mask].size(), want.size());
      for (size_t i = 0; i < want.size(); ++i) {
        EXPECT_NEAR(got[mask][i].score, *want[i].real("score"), kTolerance);
        EXPECT_EQ(got[mask][i].id, *want[i].integer("token")) << each.text("text").value() << " " << i;
        EXPECT_EQ(got[mask][i].token, *want[i].text("token_str"));
        EXPECT_EQ(got[mask][i].sequence, *want[i].text("sequence"));
      }
    }
  }
}

TEST(CleanUpGolden, SpacesBeforePunctuationGo) {
  NACRE_NEEDS_SHARED("pipelines/text_misc.json");
  for (const Json& each : list(golden("text_misc.json"), "cleanup"))
    EXPECT_EQ(clean_up_spaces(std::string(*each.at(0)->text())), *each.at(1)->text());
}

}  // namespace
}  // namespace nacre
