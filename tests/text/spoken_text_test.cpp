// Whisper's normalisation of transcripts, against the library's results.
#include "text/spoken_text.h"

#include "tests/text/goldens.h"

namespace nacre {
namespace {

TEST(SpokenText, IsThatOfWhisper) {
  NACRE_NEEDS_SHARED("pipelines/text_misc.json");
  const auto misc = parse_json(read_gz(shared_path("pipelines/text_misc.json")));
  for (const Json& each : *misc->at("basic_normalizer")->elements()) {
    const std::string text(*each.at(0)->text());
    EXPECT_EQ(normalize_spoken(text), *each.at(1)->text()) << text;
    EXPECT_EQ(normalize_spoken(text, true), *each.at(2)->text()) << text;
  }
}

// Worked out with transformers' BasicTextNormalizer 4.57.1.
TEST(SpokenText, BracketsAndSigmasAreThoseOfPython) {
  EXPECT_EQ(normalize_spoken("a () b ((c) d) [e> <f [g"), "a b d f g");
  EXPECT_EQ(normalize_spoken("\u039F\u0394\u039F\u03A3 \u03A3"), "\u03BF\u03B4\u03BF\u03C2 \u03C3");
  EXPECT_EQ(normalize_spoken("\u00D8l \u0152uvre \u1E9E", true), "ol oeuvre ss");
}

}  // namespace
}  // namespace nacre
