// nacre ops: the operators there are, since which opsets, and how each backend runs them.
#include <climits>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.h"
#include "cli/coverage.h"
#include "cli/print.h"

namespace nacre::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string filter;
  bool json = false, markdown = false;
};

struct Count {
  int64_t operators = 0, kernels = 0, reference = 0;
};

bool has_kernel(const Coverage& row, const std::string& backend) {
  const auto found = row.kernels.find(backend);
  return found != row.kernels.end() && !found->second.empty() && found->second != "reference";
}

/// A row whose last version is in no file: importing rewrites every node of it into other operators.
bool is_rewritten(const Op& op) { return op.since.size() > 0 && *(op.since.end() - 1) == INT_MAX; }

std::vector<int> versions_of(const Op& op) {
  std::vector<int> out(op.since);
  if (is_rewritten(op)) out.pop_back();
  return out;
}

/// (domain, opset) for each opset that brings or changes an operator, counting what exists in it.
std::map<std::pair<std::string, int>, Count> by_opset(const std::vector<Coverage>& rows) {
  std::map<std::pair<std::string, int>, Count> out;
  for (const Coverage& row : rows)
    for (int version : versions_of(*row.op)) out[{domain_text(row.op->domain), version}];
  for (auto& [key, count] : out)
    for (const Coverage& row : rows) {
      if (domain_text(row.op->domain) != key.first || row.op->since.size() == 0 || *row.op->since.begin() > key.second) continue;
      ++count.operators;
      ++(has_kernel(row, "native") ? count.kernels : count.reference);
    }
  return out;
}

std::string versions(const Op& op) {
  std::vector<std::string> out;
  for (int version : versions_of(op)) out.push_back(cat(version));
  return joined(out, " ");
}

std::vector<std::string> types_of(const Op& op) {
  std::vector<std::string> out;
  for (int i = 0; i < 32; ++i)
    if (const auto dtype = static_cast<DType>(i); op.types.has(dtype)) out.emplace_back(to_string(dtype));
  return out;
}

Table table_of(const std::vector<Coverage>& rows) {
  std::vector<std::string> header{"domain", "operator", "opsets"};
  if (!rows.empty())
    for (const auto& [backend, kernel] : rows[0].kernels) header.push_back(backend);
  Table table(header);
  for (const Coverage& row : rows) {
    std::vector<std::string> cells{domain_text(row.op->domain), std::string(row.op->name), "v" + versions(*row.op)};
    for (const auto& [backend, kernel] : row.kernels) cells.push_back(kernel.empty() ? "-" : kernel);
    table.add(std::move(cells));
  }
  return table;
}

Table summary_of(const std::vector<Coverage>& rows) {
  Table table({"domain", "opset", "operators", "native: kernel", "native: reference"});
  for (const auto& [key, count] : by_opset(rows))
    table.add({key.first, cat(key.second), cat(count.operators), cat(count.kernels), cat(count.reference)});
  return table;
}

std::string json_of(const std::vector<Coverage>& rows) {
  Json out{{"operators", Json::array()}, {"opsets", Json::array()}};
  for (const Coverage& row : rows)
    out["operators"].push_back({{"domain", domain_text(row.op->domain)},
                                {"name", row.op->name},
                                {"since", versions_of(*row.op)},
                                {"types", types_of(*row.op)},
                                {"lowered", row.op->lower != nullptr},
                                {"rewritten", is_rewritten(*row.op)},
                                {"backends", row.kernels}});
  for (const auto& [key, count] : by_opset(rows))
    out["opsets"].push_back({{"domain", key.first},
                             {"opset", key.second},
                             {"operators", count.operators},
                             {"native_kernels", count.kernels},
                             {"native_reference", count.reference}});
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool matches(const Coverage& row, std::string_view filter) {
  return cat(domain_text(row.op->domain), ":", row.op->name).find(filter) != std::string::npos;
}

int show(const Options& options) {
  std::vector<Coverage> rows = coverage();
  std::erase_if(rows, [&](const Coverage& row) { return !matches(row, options.filter); });
  if (rows.empty() && !options.filter.empty())
    throw Failure{"", Error(ErrorCode::not_found, cat("no operator's name holds '", options.filter, "'"))};
  if (options.json)
    print(json_of(rows));
  else if (options.markdown)
    print(summary_of(rows).markdown() + "\n" + table_of(rows).markdown());
  else
    print(table_of(rows).text() + "\n" + summary_of(rows).text());
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("FILTER", options->filter, "only operators whose DOMAIN:NAME holds this");
  arguments.flag("--json", options->json, "print JSON").excludes(arguments.flag("--markdown", options->markdown, "print Markdown tables"));
  return [options] { return show(*options); };
}

}  // namespace

extern const Command command_ops;
const Command command_ops{.name = "ops",
                          .about = "Lists the operators: domains, opsets, and how each backend runs them",
                          .example = "nacre ops Softmax",
                          .configure = configure};

}  // namespace nacre::cli
