#include <gtest/gtest.h>

#include <cmath>

#include "io/json.h"

namespace nacre {
namespace {

std::string repeated(std::string_view row, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += cat(i ? "," : "", row);
  return out;
}

/// Both ways of reading must say the same.
void expect_same(const std::string& text) {
  const auto plain = parse_json(text), views = parse_json(text, {.views = true});
  ASSERT_EQ(plain.has_value(), views.has_value()) << text.substr(0, 80);
  if (plain)
    EXPECT_EQ(plain->dump(), views->dump());
  else
    EXPECT_STREQ(plain.error().what(), views.error().what());
}

TEST(JsonViews, LargeUniformPartsReadAsAnyOther) {
  std::string vocabulary;
  for (int i = 0; i < 1000; ++i) vocabulary += cat(i ? ", " : "", "\"t\\u00e9\\ud83d\\ude00", i, "\": ", i);
  const std::string text =
      cat("{\"a\": 1, \"model\": {\"vocab\": {", vocabulary, "}, \"merges\": [", repeated("[\"a\", \"b\\n\"]", 500), "], \"lines\": [",
          repeated("\"a b\"", 300), "], \"scores\": [", repeated("[\"x\", -1.5e2]", 400), "]}, \"z\": null}");
  expect_same(text);
  const Json model = *parse_json(text, {.views = true})->at("model");
  const auto entries = *model.at("vocab")->integer_entries();
  ASSERT_EQ(entries.size(), 1000u);
  EXPECT_EQ(entries[7].first, "té😀7");
  EXPECT_EQ(entries[7].second, 7);
  EXPECT_EQ(model.at("merges")->text_pairs()->back(), (std::pair<std::string_view, std::string_view>("a", "b\n")));
  EXPECT_EQ(model.at("lines")->text_views()->back(), "a b");
  EXPECT_EQ(model.at("scores")->scored_texts()->front(), (std::pair<std::string_view, double>("x", -150)));
  EXPECT_EQ(*model.at("scores")->at(3)->at(0)->text(), "x");
  EXPECT_FALSE(model.at("merges")->text_views());
  EXPECT_FALSE(model.at("lines")->text_pairs());
  EXPECT_EQ(*model.at("vocab")->integer("té😀3"), 3);
}

// What the package tokenizers 0.23.3 has for these scores.
TEST(JsonViews, ScoresAreThoseOfSerde) {
  const std::pair<std::string_view, double> cases[] = {{"0", 0.0},
                                                       {"-150", -150.0},
                                                       {"1e5", 1e5},
                                                       {"2.5E+10", 2.5e10},
                                                       {"-9.384991645812988", -9.384991645812988},
                                                       {"-15.774467468261719", -15.77446746826172},
                                                       {"-1.8771917819976807", -1.8771917819976809},
                                                       {"-11.751611709594727", -11.751611709594728},
                                                       {"-8.123456789012344e-23", -8.123456789012344e-23},
                                                       {"123456789012345678901234567890", 1.2345678901234568e+29},
                                                       {"0.1234567890123456789012345", 0.12345678901234568},
                                                       {"-12345678901234567890.5", -1.2345678901234567e+19},
                                                       {"1844674407370955161.6", 1.8446744073709553e+18},
                                                       {"-4.9e-324", -5e-324},
                                                       {"1.7976931348623157e308", 1.7976931348623157e+308}};
  for (const auto& [number, expected] : cases) {
    const std::string row = cat("[\"x\", ", number, "]");
    for (const int count : {1, 300}) {  // as a node of a document, and as a row of a table
      const auto json = parse_json(cat("{\"k\": [", repeated(row, count), "]}"), {.views = true});
      EXPECT_EQ(json->at("k")->scored_texts()->front().second, expected) << number << " " << count;
    }
  }
  EXPECT_TRUE(std::signbit(
      parse_json(cat("{\"k\": [", repeated("[\"x\", -0]", 300), "]}"), {.views = true})->at("k")->scored_texts()->front().second));
  expect_same(cat("{\"k\": [", repeated("[\"x\", 1e400]", 300), "]}"));
}

TEST(JsonViews, TheLastOfEqualKeysCounts) {
  const std::string many = cat("[", repeated("\"a\"", 300), "]"), other = cat("[", repeated("\"b\"", 300), "]");
  for (const std::string& text :
       {cat("{\"k\": ", many, ", \"k\": 1}"), cat("{\"k\": 1, \"k\": ", many, "}"), cat("{\"k\": ", many, ", \"k\": ", other, "}"),
        cat("{\"k\": {\"m\": ", many, "}, \"k\": {\"m\": null}}"), cat("{\"k\": ", many, ", \"k\": null}")})
    expect_same(text);
}

TEST(JsonViews, BrokenDocumentsGiveTheParsersMessage) {
  const std::string rows = repeated("[\"a\", \"b\"]", 300);
  for (const std::string& text :
       {cat("{\"k\": [", rows, "], }"), cat("{\"k\": [", rows), cat("{\"k\": [", rows, "]} x"),
        cat("{\"k\": [", rows, ",[\"a\xFF\", \"b\"]]}"), cat("{\"k\": [", rows, ",[\"a\\ud800\", \"b\"]]}"),
        cat("{\"k\": [", rows, ",[\"a\x01\", \"b\"]]}"), cat("{\"k\" [", rows, "]}"), cat("{\"k\": [", repeated("[\"a\", 01]", 300), "]}"),
        cat("{\"k\": [", repeated("[\"a\", 1.]", 300), "]}"), cat("{\"k\": [", repeated("[\"a\", 1]", 300), "], \"b\": tru}"),
        cat("{\"k\": [", rows, ",]}"), std::string("{\"k\": "), std::string()})
    expect_same(text);
}

TEST(JsonViews, AlmostUniformPartsStayPlain) {
  for (const std::string& text :
       {cat("{\"k\": [", repeated("[\"a\", 1]", 300), ", [\"a\", \"b\"]]}"), cat("{\"k\": {", repeated("\"a\": 1.5", 300), "}}"),
        cat("{\"k\": [", repeated("\"a\"", 300), ", null]}"), cat("[", repeated("\"a\"", 300), "]"),
        cat("{\"k\": {\"l\": {\"m\": {\"n\": [", repeated("\"a\"", 300), "]}}}}")})
    expect_same(text);
}

}  // namespace
}  // namespace nacre
