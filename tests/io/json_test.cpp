#include "io/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/json_tensor.h"
#include "tests/io/goldens.h"

namespace nacre {
namespace {

Json parsed(std::string_view text) {
  const auto json = parse_json(text);
  EXPECT_TRUE(json) << json.error().what();
  return json ? *json : Json();
}

TEST(Json, GettersNameThePath) {
  const Json json = parsed(R"({"hidden": 384, "eps": 1e-12, "layers": [{"name": "a"}, {"name": 7}], "on": true, "none": null})");
  EXPECT_EQ(*json.integer("hidden"), 384);
  EXPECT_EQ(*json.real("eps"), 1e-12);
  EXPECT_EQ(*json.real("hidden"), 384.0);
  EXPECT_EQ(*json.boolean("on"), true);
  EXPECT_EQ(*json.integer("none", 5), 5);
  EXPECT_EQ(*json.integer("absent", 6), 6);
  const auto layers = json.at("layers");
  EXPECT_EQ(*layers->at(0)->text("name"), "a");
  expect_failure(layers->at(1)->text("name"), "layers[1].name: expected text, found 7");
  expect_failure(layers->at(2), "layers[2] is missing: 2 elements");
  expect_failure(json.integer("absent"), "absent is missing");
  expect_failure(json.integer("eps"), "eps: expected an integer, found 1e-12");
  expect_failure(json.integer("on", 1), "on: expected an integer, found true");
  expect_failure(layers->text("name"), "layers: expected an object with 'name', found a list of 2");
}

TEST(Json, IntegersMayBeWrittenAsWholeReals) {
  const Json json = parsed("[1e5, 18446744073709551615, 1.5, 1e300]");
  EXPECT_EQ(*json.at(0)->integer(), 100000);
  expect_failure(json.at(1)->integer(), "64-bit integer");
  expect_failure(json.at(2)->integer(), "expected an integer");
  expect_failure(json.at(3)->integer(), "expected an integer");
}

TEST(Json, ErrorsGiveLineAndColumn) {
  expect_failure(parse_json("{\n  \"a\": 1,\n  oops\n}"), "line 3, column 3");
  expect_failure(parse_json(""), "line 1, column 1");
  expect_failure(parse_json("[1] 2"), "line 1, column 5");
  expect_failure(parse_json("\"\xff\""), "line 1");
}

TEST(Json, DepthAndSizeAreLimited) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(64)));
  expect_failure(parse_json(nested(65)), "line 1, column 65: nested deeper than 64");
  expect_failure(parse_json(std::string(1000000, '[')), "nested deeper than 64");
  EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\\\"[\""));  // inside text it is text
  expect_failure(parse_json("[1,2,3]", {.bytes = 3}), "the limit is 3");
}

TEST(Json, EntriesOutliveTheirParent) {
  std::vector<std::pair<std::string_view, Json>> entries;
  {
    const Json json = parsed(R"({"b": 2, "a": "x"})");
    entries = *json.entries();
  }
  EXPECT_EQ(entries.at(0).first, "a");
  EXPECT_EQ(*entries.at(0).second.text(), "x");
}

TEST(Json, IntegerEntriesNameTheOneThatIsNone) {
  const Json document = parsed(R"({"b": 2, "a": -1})");  // its names are what the entries view
  const auto entries = document.integer_entries();
  ASSERT_TRUE(entries);
  EXPECT_EQ(std::vector(entries->begin(), entries->end()), (std::vector<std::pair<std::string_view, int64_t>>{{"a", -1}, {"b", 2}}));
  expect_failure(parsed(R"({"a": 1, "b": "2"})").integer_entries(), "b: expected an integer, found \"2\"");
  expect_failure(parsed("[1]").integer_entries(), "expected an object");
}

template <class T>
std::vector<T> elements(const Tensor& tensor) {
  const auto data = tensor.data<T>();
  return {data.begin(), data.end()};
}

Result<Tensor> tensor(std::string_view text, DType dtype = DType::undefined) { return tensor_from_json(parsed(text), dtype); }

TEST(JsonTensor, ElementsDecideTheDtype) {
  EXPECT_EQ(elements<int64_t>(*tensor("[[1,2],[3,-4]]")), (std::vector<int64_t>{1, 2, 3, -4}));
  EXPECT_EQ(tensor("[[1,2],[3,-4]]")->shape(), (Shape{2, 2}));
  EXPECT_EQ(elements<float>(*tensor("[1, 2.5]")), (std::vector<float>{1, 2.5f}));
  EXPECT_EQ(elements<bool>(*tensor("[true,false]")), (std::vector<bool>{true, false}));
  EXPECT_EQ(elements<std::string>(*tensor(R"(["a","ü"])")), (std::vector<std::string>{"a", "ü"}));
  EXPECT_EQ(tensor("[]")->shape(), (Shape{0}));
  EXPECT_EQ(tensor("7")->shape(), Shape{});
  expect_failure(tensor("[1,\"a\"]"), "several kinds");
}

TEST(JsonTensor, RaggedListsAreRefused) {
  expect_failure(tensor("[[1,2],[3]]"), "tensor[1]: expected a list of 2, found one of 1");
  expect_failure(tensor("[[1,2],3]"), "tensor[1]: expected a list of 2, found number");
  expect_failure(tensor("[1,[2]]"), "tensor[1]: expected an element, found array");
  expect_failure(tensor("[null]"), "found null");
}

TEST(JsonTensor, NumbersMustFitTheDtype) {
  EXPECT_EQ(elements<uint8_t>(*tensor("[255]", DType::uint8))[0], 255);
  expect_failure(tensor("[256]", DType::uint8), "tensor[0]: 256 is no uint8");
  expect_failure(tensor("[-1]", DType::uint64), "-1 is no uint64");
  expect_failure(tensor("[1.5]", DType::int64), "1.5 is no int64");
  expect_failure(tensor("[8]", DType::int4), "8 is no int4");
  expect_failure(tensor("[18446744073709551615]", DType::int64), "is no int64");
  EXPECT_EQ(elements<uint64_t>(*tensor("[18446744073709551615]", DType::uint64))[0], UINT64_MAX);
  expect_failure(tensor("[2]", DType::boolean), "2 is no bool");
  expect_failure(tensor("[\"a\"]", DType::float32), "is no float32");
}

TEST(JsonTensor, WritesWhatItReads) {
  EXPECT_EQ(tensor_to_json(Tensor::of<float>({2, 2}, {0.1f, -2, NAN, INFINITY})), R"([[0.1,-2],["NaN","Infinity"]])");
  const std::string zeros = tensor_to_json(Tensor::of<float>({2}, {-0.0f, 0}));
  EXPECT_EQ(zeros, "[-0.0,0]");
  EXPECT_EQ(tensor_to_json(*tensor_from_json(*parse_json(zeros), DType::float32)), zeros);
  EXPECT_TRUE(std::isnan(elements<float>(*tensor("[\"NaN\"]", DType::float32))[0]));
  EXPECT_EQ(tensor_to_json(Tensor::of<std::string>({2}, {"a\"\n", "ü"})), R"(["a\"\n","ü"])");
  EXPECT_EQ(tensor_to_json(Tensor(DType::float32, {2, 0})), "[[],[]]");
  EXPECT_EQ(tensor_to_json(Tensor::scalar<uint64_t>(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(tensor_to_json(*tensor("[[1,2],[3,4]]", DType::complex64)), "[[1,2],[3,4]]");
  EXPECT_EQ(tensor_to_json(*tensor("[-8,7,1]", DType::int4)), "[-8,7,1]");
  EXPECT_EQ(value_to_json(Value::sequence({Value::optional(), Value(Tensor::scalar<int64_t>(3))})), "[null,3]");
}

}  // namespace
}  // namespace nacre
