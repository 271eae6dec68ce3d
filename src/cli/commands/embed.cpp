// nacre embed --model DIR: sentences to vectors, and how alike they are.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "cli/command.h"
#include "cli/print.h"
#include "core/clock.h"
#include "core/os/file.h"
#include "core/os/terminal.h"
#include "importers/huggingface/directory.h"
#include "io/json.h"
#include "runtime/backend.h"
#if __has_include("nacre/embed.h")
#include "nacre/embed.h"

namespace nacre::cli {
namespace {

struct Options {
  std::string model, backends, output = "table";
  int threads = 0;
  bool strict = false;
  int64_t max_length = 0;
  std::vector<std::string> sentences;
};

/// Lines of standard input, empty ones left out.
std::vector<std::string> read_lines() {
  std::vector<std::string> out{""};
  for (int c; (c = std::getchar()) != EOF;) {
    if (c == '\n')
      out.emplace_back();
    else if (c != '\r')
      out.back() += char(c);
  }
  std::erase(out, "");
  return out;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, a2 = 0, b2 = 0;
  for (size_t i = 0; i < a.size(); ++i) product += double(a[i]) * b[i], a2 += double(a[i]) * a[i], b2 += double(b[i]) * b[i];
  return a2 > 0 && b2 > 0 ? product / std::sqrt(a2 * b2) : 0;
}

std::span<const float> row_of(const Embeddings& embeddings, size_t i) {
  const size_t width = size_t(embeddings.vectors.shape()[1]);
  return embeddings.vectors.data<float>().subspan(i * width, width);
}

/// One row a sentence: its number, its cosine with each other one, its text.
std::string table_of(const std::vector<std::string>& sentences, const Embeddings& embeddings) {
  std::vector<std::string> header{""};
  for (size_t i = 0; i < sentences.size(); ++i) header.push_back(cat(i + 1));
  header.push_back("sentence");
  Table table(header);
  for (size_t i = 0; i < sentences.size(); ++i) {
    std::vector<std::string> row{cat(i + 1)};
    for (size_t other = 0; other < sentences.size(); ++other)
      row.push_back(fixed(cosine(row_of(embeddings, i), row_of(embeddings, other)), 3));
    row.push_back(sentences[i]);
    table.add(std::move(row));
  }
  return table.text();
}

/// Nine digits read back as the same float.
std::string json_line(const std::string& sentence, std::span<const float> vector) {
  std::string out = cat("{\"text\": ", json_quoted(sentence), ", \"embedding\": [");
  for (size_t i = 0; i < vector.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%.9g", double(vector[i]));
    out += (i ? ", " : "") + std::string(std::isfinite(vector[i]) ? number : "null");
  }
  return out + "]}\n";
}

Embedder open(const Options& options) {
  for (const std::string& name : split(options.backends)) check(find_backend(name), "--backend");
  check(ModelDirectory::open(options.model), options.model);
  try {
    return Embedder::load(options.model,
                          {.session = {.backends = split(options.backends), .strict = options.strict, .threads = options.threads},
                           .max_length = options.max_length});
  } catch (const Error& error) { throw Failure{options.model, error}; }
}

int embed(const Options& options) {
  if (options.sentences.empty() && is_terminal(0))
    throw wrong_use("", "no sentences: give them as arguments, or one a line on standard input");
  std::vector<std::string> sentences = options.sentences.empty() ? read_lines() : options.sentences;
  for (std::string& sentence : sentences) sentence = plain_text(std::move(sentence));
  const Stopwatch load;
  const Embedder embedder = open(options);
  const double loaded = load.seconds();
  if (sentences.empty()) return kDone;
  const Stopwatch watch;
  const Embeddings embeddings = embedder.embed(sentences);
  const double took = watch.seconds();
  for (size_t i : embeddings.truncated)
    print_error(cat("nacre: sentence ", i + 1, " has more than ", embedder.max_length(), " tokens and was cut\n"));
  std::string out;
  if (options.output == "json") {
    for (size_t i = 0; i < sentences.size(); ++i) out += json_line(sentences[i], row_of(embeddings, i));
  } else {
    out = table_of(sentences, embeddings);
    out += cat("\n", sentences.size(), " sentences, ", embeddings.tokens, " tokens, ", embeddings.vectors.shape()[1], " dimensions in ",
               fixed(took * 1e3, 1), " ms (loading took ", fixed(loaded * 1e3, 1), " ms)\n");
  }
  print(out);
  return kDone;
}

Action configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--model", options->model, "directory of an embedding model: config.json, weights, tokenizer.json")->required();
  app.add_option("--output", options->output, "table: cosine similarities; json: one line a sentence with its embedding")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_option("--backend", options->backends, "backends in order of preference: native, reference, ... (see `nacre doctor`)");
  app.add_option("--threads", options->threads, "threads a run may use; 0: as many as this process may")->check(CLI::NonNegativeNumber);
  app.add_flag("--strict", options->strict, "a node that the first backend cannot run is an error");
  app.add_option("--max-length", options->max_length, "tokens a sentence is cut to; 0: as the directory says")
      ->check(CLI::NonNegativeNumber);
  app.add_option("SENTENCES", options->sentences, "the sentences; without any, the lines of standard input");
  return [options] { return embed(*options); };
}

}  // namespace

extern const Command command_embed;
const Command command_embed{
    .name = "embed",
    .about = "Turns sentences into vectors and shows how alike they are",
    .example = "nacre embed --model all-MiniLM-L6-v2 --output table -- \"A man is eating.\" \"Somebody has dinner.\"",
    .configure = configure};

}  // namespace nacre::cli

#else  // the embedding pipeline is not part of this source tree

namespace nacre::cli {
namespace {

Action configure(CLI::App& app) {
  app.allow_extras();
  return []() -> int { throw Failure{"", Error(ErrorCode::unavailable, "this build has no embedding pipeline")}; };
}

}  // namespace

extern const Command command_embed;
const Command command_embed{
    .name = "embed", .about = "Turns sentences into vectors", .example = "nacre embed --model DIR -- hello", .configure = configure};

}  // namespace nacre::cli
#endif
