// Every stored model of the `onnx` package: import, export, import again gives the same graph.
//
//   roundtrip_suite --data SITE_PACKAGES/onnx/backend/test/data [--filter TEXT] [--write DIR] [--expected-failures FILE]
//
// --write keeps the exported files, for another runtime to open. Ends with `N passed, M failed, 0 skipped`.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>

#include "graph/graph.h"
#include "importers/onnx/export.h"
#include "importers/onnx/import.h"
#include "ops/inference.h"
#include "tally.h"

namespace fs = std::filesystem;

namespace nacre::suites {
namespace {

/// The listing without the numbers of unnamed dims, which count up in the order they are met.
Result<std::string> listing(Graph& graph) {
  NACRE_TRY(infer_graph(graph));
  const std::string text = print(graph);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '?')
      while (i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1]))) ++i;
  }
  return out;
}

/// What had no name was given one in the file; that is no difference.
void forget_new_names(const Graph& before, Graph& after) {
  for (size_t i = 0; i < std::min(before.edge_count(), after.edge_count()); ++i)
    if (before[Edge(int32_t(i))].name.empty()) after[Edge(int32_t(i))].name.clear();
  for (size_t n = 0; n < std::min(before.nodes.size(), after.nodes.size()); ++n)
    for (size_t b = 0; b < std::min(before.nodes[n].bodies.size(), after.nodes[n].bodies.size()); ++b)
      forget_new_names(*before.nodes[n].bodies[b].graph, *after.nodes[n].bodies[b].graph);
}

Result<void> tidy_all(Graph& graph) {
  NACRE_TRY(graph.tidy());
  for (Node& node : graph.nodes)
    for (Body& body : node.bodies) NACRE_TRY(tidy_all(*body.graph));
  return {};
}

Result<std::string> difference(const fs::path& model, const fs::path& written) {
  Graph first = NACRE_TRY(import_onnx_file(model));
  NACRE_TRY(tidy_all(first));
  const std::string before = NACRE_TRY(listing(first));
  if (!written.empty()) NACRE_TRY(export_onnx_file(first, written));
  const std::vector<std::byte> bytes = NACRE_TRY(export_onnx_bytes(first));
  Graph second = NACRE_TRY(import_onnx_bytes(bytes, nullptr));
  NACRE_TRY(tidy_all(second));
  forget_new_names(first, second);
  const std::string after = NACRE_TRY(listing(second));
  if (before == after) return std::string();
  const size_t at = size_t(
      std::mismatch(before.begin(), before.begin() + long(std::min(before.size(), after.size())), after.begin()).first - before.begin());
  const size_t from = at < 60 ? 0 : at - 60;
  return cat("was ...", before.substr(from, 120), "... is ...", after.substr(from, 120));
}

int run(const fs::path& data, const std::string& filter, const fs::path& write, const std::string& expected) {
  Tally tally(expected);
  std::vector<fs::path> models;
  for (const char* group : {"node", "simple", "pytorch-converted", "pytorch-operator"})
    for (const auto& entry : fs::directory_iterator(data / group))
      if (entry.path().filename().string().find(filter) != std::string::npos && fs::exists(entry.path() / "model.onnx"))
        models.push_back(entry.path());
  std::sort(models.begin(), models.end());
  for (const fs::path& folder : models) {
    const std::string name = folder.filename().string();
    const Result<std::string> text = difference(folder / "model.onnx", write.empty() ? fs::path() : write / (name + ".onnx"));
    tally.add(name, text ? *text : text.error().what());
  }
  return tally.close();
}

}  // namespace
}  // namespace nacre::suites

int main(int argc, char** argv) {
  fs::path data, write;
  std::string filter, expected;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--data")
      data = argv[i + 1];
    else if (flag == "--filter")
      filter = argv[i + 1];
    else if (flag == "--write")
      write = argv[i + 1];
    else if (flag == "--expected-failures")
      expected = argv[i + 1];
  }
  if (!fs::is_directory(data / "node")) {
    std::fprintf(stderr, "usage: roundtrip_suite --data DIR [--filter TEXT] [--write DIR] [--expected-failures FILE]\n");
    return 2;
  }
  if (!write.empty()) fs::create_directories(write);
  return nacre::suites::run(data, filter, write, expected);
}
