#include "ops/einsum_equation.h"

#include <algorithm>
#include <map>

namespace nacre {
namespace {

constexpr char kEllipsis = '.';

// A term without spaces, "..." shortened to one '.'.
Result<std::string> read_term(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (text.substr(i, 3) == "...")
      out += kEllipsis, i += 2;
    else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
      out += c;
    else
      return fail(ErrorCode::invalid_model, "equation term \"", text, "\" holds '", c, "'");
  }
  if (std::count(out.begin(), out.end(), kEllipsis) > 1)
    return fail(ErrorCode::invalid_model, "equation term \"", text, "\" has two ellipses");
  return out;
}

Result<std::vector<std::string>> read_terms(std::string_view text) {
  std::vector<std::string> out;
  for (size_t comma;; text.remove_prefix(comma + 1)) {
    comma = text.find(',');
    out.push_back(NACRE_TRY(read_term(text.substr(0, comma))));
    if (comma == std::string_view::npos) return out;
  }
}

std::string implicit_output(const std::vector<std::string>& terms) {
  std::map<char, int> uses;
  for (const std::string& term : terms)
    for (char c : term) ++uses[c];
  std::string out;
  if (uses.contains(kEllipsis)) out += kEllipsis;
  for (auto [c, count] : uses)
    if (c != kEllipsis && count == 1) out += c;
  return out;
}

// Numbers labels as they are met: the ellipsis' axes first, aligned at their ends.
struct Numbering {
  size_t ellipsis = 0;
  std::map<char, int> letters;

  std::vector<int> labels(const std::string& term, size_t covered) {
    std::vector<int> out;
    for (char c : term) {
      if (c == kEllipsis) {
        for (size_t i = ellipsis - covered; i < ellipsis; ++i) out.push_back(static_cast<int>(i));
      } else {
        out.push_back(letters.try_emplace(c, static_cast<int>(ellipsis + letters.size())).first->second);
      }
    }
    return out;
  }
};

// How many axes of an input of `rank` the ellipsis stands for.
Result<size_t> covered_axes(const std::string& term, size_t rank) {
  const bool open = term.find(kEllipsis) != std::string::npos;
  const size_t letters = term.size() - open;
  if (open ? rank < letters : rank != letters)
    return fail(ErrorCode::invalid_argument, "equation term \"", term, "\" names ", letters, " axes of an input of rank ", rank);
  return rank - letters;
}

}  // namespace

Result<Equation> Equation::parse(std::string_view text, const std::vector<size_t>& ranks) {
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = NACRE_TRY(read_terms(text.substr(0, arrow)));
  if (terms.size() != ranks.size())
    return fail(ErrorCode::invalid_model, "equation \"", text, "\" has ", terms.size(), " terms for ", ranks.size(), " inputs");
  const std::string result = arrow == std::string_view::npos ? implicit_output(terms) : NACRE_TRY(read_term(text.substr(arrow + 2)));
  std::vector<size_t> covered;
  Numbering numbering;
  for (size_t i = 0; i < terms.size(); ++i) {
    covered.push_back(NACRE_TRY(covered_axes(terms[i], ranks[i])));
    numbering.ellipsis = std::max(numbering.ellipsis, covered[i]);
  }
  Equation out;
  for (size_t i = 0; i < terms.size(); ++i) out.inputs.push_back(numbering.labels(terms[i], covered[i]));
  out.labels = numbering.ellipsis + numbering.letters.size();
  out.output = numbering.labels(result, numbering.ellipsis);
  std::vector<int> sorted = out.output;
  std::sort(sorted.begin(), sorted.end());
  if (out.labels != numbering.ellipsis + numbering.letters.size() || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return fail(ErrorCode::invalid_model, "equation \"", text, "\" puts out a label twice, or one that no input has");
  return out;
}

}  // namespace nacre
