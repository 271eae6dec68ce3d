// Reads operator_recipes.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/text.h"
#include "graph/op.h"
#include "tests/support/operator_recipes.h"

namespace nacre::test {

struct Operand {
  char type = 'T';
  bool jumps = false, optional = false;
  char shape = '_';               // one of *+~%_[ or { for a list
  std::vector<std::string> dims;  // of [
  std::vector<std::string> list;  // {these}
  std::string low, high;          // <within>
};

struct AttributeRecipe {
  std::string name, text;
  char kind = '=';  // = integers, ~ reals, : texts
  bool optional = false;
};

struct Recipe {
  const Op* op = nullptr;
  std::vector<Operand> operands;
  std::vector<AttributeRecipe> attributes;
  char kind = 'm';
  int least = 1, most = 1;
  bool special = false;
};

inline std::vector<std::string> cut(std::string_view text, char at) {
  std::vector<std::string> out;
  int depth = 0;
  std::string now;
  char before = 0;
  for (char letter : text) {
    if (before != '-' || letter != '>')  // an equation's arrow
      depth += (letter == '[' || letter == '{' || letter == '<') - (letter == ']' || letter == '}' || letter == '>');
    if (letter == at && depth == 0)
      out.push_back(std::move(now)), now.clear();
    else
      now += letter;
    before = letter;
  }
  out.push_back(std::move(now));
  std::erase(out, "");
  return out;
}

/// What stands between the brackets that begin at `at`; `at` goes behind them.
inline std::string inside(std::string_view text, size_t& at, char close) {
  const size_t end = text.find(close, at);
  const std::string out(text.substr(at + 1, end - at - 1));
  at = end + 1;
  return out;
}

inline Operand read_operand(std::string_view text) {
  Operand out;
  out.type = text[0];
  size_t at = 1;
  for (; at < text.size() && (text[at] == '!' || text[at] == '?'); ++at) (text[at] == '!' ? out.jumps : out.optional) = true;
  if (at < text.size()) out.shape = text[at];
  if (out.shape == '[')
    out.dims = cut(inside(text, at, ']'), ',');
  else if (out.shape != '{')
    ++at;
  if (at < text.size() && text[at] == '{') out.list = cut(inside(text, at, '}'), ',');
  if (at < text.size() && text[at] == '<') {
    const std::vector<std::string> ends = cut(inside(text, at, '>'), ':');
    out.low = ends.at(0), out.high = ends.at(1);
  }
  return out;
}

inline AttributeRecipe read_attribute(std::string_view text) {
  const size_t at = text.find_first_of("=~:?");
  AttributeRecipe out{std::string(text.substr(0, at)), "", text[at], text[at] == '?'};
  if (out.optional) out.kind = text[at + 1];
  out.text = text.substr(at + 1 + out.optional);
  return out;
}

class RecipeBook {
 public:
  RecipeBook() {
    for (const std::string& line : cut(kRecipes, '\n')) read(line);
  }

  std::map<const Op*, std::vector<Recipe>> recipes;
  std::map<const Op*, std::string> left_out;  // why
  std::vector<std::string> unknown;           // names that no row has

 private:
  void read(const std::string& line) {
    const size_t bar = line.find(" | ");
    for (const std::string& name : cut(line.substr(0, bar), ' ')) {
      const size_t colon = name.find(':');
      const Op* op = colon == std::string::npos ? find_op("", name) : find_op(name.substr(0, colon), name.substr(colon + 1));
      if (!op)
        unknown.push_back(name);
      else
        add(op, line.substr(bar + 3));
    }
  }

  // OPERANDS | ATTRIBUTES | KIND OUTPUTS, where texts among the attributes have bars of their own.
  void add(const Op* op, const std::string& text) {
    if (text.starts_with("no: ")) return void(left_out[op] = text.substr(4));
    const size_t first = text.starts_with("| ") ? 0 : text.find(" | ") + 1, last = text.rfind("| ");
    Recipe recipe;
    recipe.op = op;
    recipe.special = text.starts_with("special");
    for (const std::string& word : cut(text.substr(0, first), ' '))
      if (!recipe.special) recipe.operands.push_back(read_operand(word));
    for (const std::string& word : cut(text.substr(first + 2, last > first ? last - first - 2 : 0), ' '))
      recipe.attributes.push_back(read_attribute(word));
    const std::vector<std::string> end = cut(text.substr(last + 2), ' ');
    recipe.kind = end.at(0)[0];
    if (end.size() > 1) {
      recipe.least = recipe.most = end[1][0] - '0';
      if (end[1].size() > 3) recipe.most = end[1][3] - '0';
    }
    recipes[op].push_back(std::move(recipe));
  }
};

}  // namespace nacre::test
