// A directory of hf_tiny with a tokenizer that gives word "w58" the id 58 and adds nothing, so that a text has the ids of expected.json.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/text.h"
#include "tests/shared.h"

namespace nacre {

class TinyModel {
 public:
  explicit TinyModel(const std::string& name) : source_(shared_path("hf_tiny/" + name)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "nacre_tiny_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    std::filesystem::copy(source_, path_, std::filesystem::copy_options::recursive);
    std::string vocabulary;
    for (int id = 0; id <= 100; ++id) vocabulary += cat(id ? "," : "", "\"", id == 4 ? "[MASK]" : cat("w", id), "\":", id);
    write("tokenizer.json",
          cat(R"({"model":{"type":"WordPiece","unk_token":"w1","vocab":{)", vocabulary,
              R"(}},"pre_tokenizer":{"type":"BertPreTokenizer"},"added_tokens":[{"id":4,"content":"[MASK]","special":true}]})"));
  }
  ~TinyModel() { std::filesystem::remove_all(path_); }
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  const std::filesystem::path& path() const { return path_; }
  std::vector<Json> cases() const { return *parse_json(read_gz(source_ + "/expected.json"))->elements(); }

 private:
  std::string source_;
  std::filesystem::path path_;
};

/// The texts of row `row` of a case: where the segment changes the second one begins.
inline std::pair<std::string, std::string> texts_of_row(const Json& each, size_t row) {
  const Json inputs = *each.at("inputs");
  const auto numbers = [&](const char* name) { return *(*inputs.at(name)->elements())[row].integers(); };
  const auto ids = numbers("input_ids"), mask = numbers("attention_mask"), types = numbers("token_type_ids");
  std::pair<std::string, std::string> out;
  for (size_t i = 0; i < ids.size(); ++i) {
    std::string& text = types[i] == 0 ? out.first : out.second;
    if (mask[i]) text += cat(text.empty() ? "" : " ", ids[i] == 4 ? "[MASK]" : cat("w", ids[i]));
  }
  return out;
}

inline std::vector<float> expected_floats(const Json& each, const char* output) {
  std::vector<float> out;
  for (const Json& value : *each.at("outputs")->at(output)->at("data")->elements()) out.push_back(static_cast<float>(*value.real()));
  return out;
}
inline size_t rows_of(const Json& each) { return each.at("inputs")->at("input_ids")->size(); }

}  // namespace nacre
