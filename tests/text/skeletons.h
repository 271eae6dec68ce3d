// Tokenizers whose shared files are a skeleton and the vocabulary of another format: filled by the rules that the shared
// README gives for making merges from ranks.
#pragma once

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "io/wire.h"
#include "tests/shared.h"
#include "text/byte_level.h"
#include "text/unicode.h"

namespace nacre {

struct RankedToken {
  std::string text;
  double order;  // lower merges earlier
};

inline std::string from_base64(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0, count = 0;
  for (const char letter : text) {
    if (letter == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(letters.find(letter));
    if ((count += 6) < 8) continue;
    out += static_cast<char>(bits >> (count -= 8));
  }
  return out;
}

/// Lines "base64 rank"; ids are ranks.
inline std::vector<RankedToken> tiktoken_tokens(std::string_view file) {
  std::vector<RankedToken> out;
  for (size_t begin = 0; begin < file.size();) {
    const size_t space = file.find(' ', begin), end = std::min(file.find('\n', begin), file.size());
    const size_t rank = std::stoul(std::string(file.substr(space, end - space)));
    out.resize(std::max(out.size(), rank + 1));
    out[rank] = {from_base64(file.substr(begin, space - begin)), static_cast<double>(rank)};
    begin = end + 1;
  }
  return out;
}

/// The pieces of a SentencePiece model, field 1: text (1) and score (2).
inline std::vector<RankedToken> sentencepiece_tokens(std::string_view file) {
  std::vector<RankedToken> out;
  wire::Reader in(std::as_bytes(std::span(file)), "ModelProto");
  while (in.next()) {
    if (in.field() != 1) {
      in.skip();
      continue;
    }
    in.nested("SentencePiece", [&] {
      RankedToken token{"", 0};
      while (in.next()) {
        float score = 0;
        std::string_view text;
        if (in.field() == 1)
          in.read(text), token.text = text;
        else if (in.field() == 2)
          in.read(score), token.order = -static_cast<double>(score);
        else
          in.skip();
      }
      if (token.text == "<0x09>") token.text = "\t";  // as Gemma's conversion has it
      out.push_back(token);
    });
  }
  return out;
}

/// `"vocab": {...}, "merges": [...]` of the tokens, written as `spell` says. SentencePiece's user-defined pieces all have one
/// score: the conversion takes the longest first.
template <class Spell>
std::string filled_skeleton(std::string skeleton, const std::vector<RankedToken>& tokens, bool longest_first, const Spell& spell) {
  std::unordered_map<std::string_view, uint32_t> ids;
  for (uint32_t id = 0; id < tokens.size(); ++id) ids[tokens[id].text] = id;
  std::string vocabulary = "{", merges = "[";
  for (uint32_t id = 0; id < tokens.size(); ++id)
    if (!tokens[id].text.empty()) vocabulary += cat(vocabulary.size() > 1 ? "," : "", json_quoted(spell(tokens[id].text)), ":", id);
  struct Split {
    double order;
    int64_t lengths[2];  // of left and right, negative, where equal orders go by length
    uint32_t left, right;
    auto operator<=>(const Split&) const = default;
  };
  std::vector<Split> splits;
  for (const RankedToken& token : tokens) {
    const std::string_view text = token.text;
    for (size_t cut = 1; cut < text.size(); ++cut) {
      const auto left = ids.find(text.substr(0, cut)), right = ids.find(text.substr(cut));
      if (left == ids.end() || right == ids.end()) continue;
      splits.push_back({token.order, {0, 0}, left->second, right->second});
      if (longest_first) splits.back().lengths[0] = -int64_t(cut), splits.back().lengths[1] = int64_t(cut) - int64_t(text.size());
    }
  }
  std::sort(splits.begin(), splits.end());
  for (const Split& split : splits)
    merges += cat(merges.size() > 1 ? "," : "", "[", json_quoted(spell(tokens[split.left].text)), ",",
                  json_quoted(spell(tokens[split.right].text)), "]");
  const auto put = [&](std::string_view empty, std::string_view full) { skeleton.replace(skeleton.find(empty), empty.size(), full); };
  put("\"vocab\": {}", cat("\"vocab\": ", vocabulary, "}"));
  put("\"merges\": []", cat("\"merges\": ", merges, "]"));
  return skeleton;
}

inline std::string read_golden_tokenizer(const std::string& name) {
  const std::string folder = shared_path("tokenizers/" + name + "/");
  for (const char* file : {"tokenizer.json", "tokenizer.json.gz"})
    if (is_file(folder + file)) return read_gz(folder + file);
  if (!is_file(folder + "tokenizer.skeleton.json")) return {};
  const std::string skeleton = read_gz(folder + "tokenizer.skeleton.json"), ranks = folder + name + ".tiktoken.gz";
  if (is_file(ranks)) return filled_skeleton(skeleton, tiktoken_tokens(read_gz(ranks)), false, bytes_to_characters);
  const auto as_is = [](std::string_view text) { return std::string(text); };
  return filled_skeleton(skeleton, sentencepiece_tokens(read_gz(folder + "tokenizer.model.gz")), true, as_is);
}

/// The tokenizer.json of a folder of the shared tokenizers; empty when it has none. The last one is kept.
inline const std::string& golden_tokenizer_json(const std::string& name) {
  static std::pair<std::string, std::string> last;
  if (last.first != name) last = {name, read_golden_tokenizer(name)};
  return last.second;
}

}  // namespace nacre
