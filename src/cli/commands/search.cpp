// nacre search --model DIR --corpus FILE: the texts nearest to a query.

#include "cli/metric.h"
#include "cli/print.h"
#include "cli/task.h"
#include "core/os/file.h"
#include "nacre/embed.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string corpus, index, save, metric = "cosine", query_prompt, corpus_prompt;
  size_t top_k = 10;
};

Embedder open(const Options& options, const std::string& prompt) {
  const TaskOptions task = options.lines.task();
  Embedder out = Embedder::load(options.lines.model, {.session = task.session,
                                                      .max_length = task.max_length,
                                                      .batch_tokens = task.batch_tokens,
                                                      .replace_invalid = task.replace_invalid,
                                                      .prompt_name = prompt});
  if (out.pooling() == Pooling::none)
    throw Error(ErrorCode::unsupported, "search takes one vector a text, this model has one for each token",
                "use `nacre similarity` for it");
  return out;
}

/// Lines of text, or of objects with "text" and perhaps "id". Empty lines are left out.
VectorIndex read_corpus(const Options& options) {
  VectorIndex out;
  const MappedFile file = check(map_file(options.corpus));
  int64_t number = 0;
  for (std::string_view rest = file.text(); !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string place = cat(options.corpus, ": line ", number);
    if (!line.starts_with('{')) {
      out.texts.emplace_back(line), out.ids.emplace_back();
      continue;
    }
    const Json json = check(parse_json(line), place);
    out.texts.emplace_back(check(json.text("text"), place));
    out.ids.push_back(json.has("id") ? json.at("id")->dump() : "");
  }
  return out;
}

VectorIndex build_index(const Options& options) {
  if (!options.index.empty()) return VectorIndex::open(options.index);
  VectorIndex out = read_corpus(options);
  Progress progress;
  progress.show(cat("embedding ", out.texts.size(), " texts"));
  try {
    out.vectors = open(options, options.corpus_prompt).embed(out.texts).vectors;
  } catch (const Error& error) { throw Failure{options.corpus, error}; }
  return out;
}

TaskAnswer answer_of(const std::string& query, const std::vector<Neighbour>& found, const VectorIndex& index) {
  TaskAnswer out;
  std::vector<std::string> results;
  for (const Neighbour& each : found) {
    const std::string& id = index.ids[each.index];
    results.push_back(cat("{\"index\": ", each.index, id.empty() ? "" : cat(", \"id\": ", id), ", \"score\": ", json_number(each.score),
                          ", \"text\": ", json_quoted(index.texts[each.index]), "}"));
    out.rows.push_back({fixed(each.score, 4), id.empty() ? cat(each.index) : id, index.texts[each.index]});
  }
  out.members = cat("\"query\": ", json_quoted(query), ", \"results\": ", json_list(results));
  return out;
}

int search(const Options& options) {
  check_task(options.lines);
  if (options.corpus.empty() == options.index.empty()) throw wrong_use("", "expected either --corpus or --index");
  const VectorIndex index = build_index(options);
  if (!options.save.empty()) index.save(options.save);
  if (!options.save.empty() && options.lines.texts.empty()) return kDone;  // an index for later
  const Embedder embedder = open(options, options.query_prompt);
  return run_lines(options.lines, {"score", "id", "text"}, [&](std::span<const TaskLine> lines) {
    std::vector<std::string> queries;
    for (const TaskLine& line : lines) queries.push_back(text_of(line, {"query", "text"}));
    const Tensor vectors = embedder.embed(queries).vectors;
    const auto width = static_cast<size_t>(vectors.shape()[1]);
    std::vector<TaskAnswer> out;
    for (size_t i = 0; i < queries.size(); ++i) {
      const auto query = vectors.data<float>().subspan(i * width, width);
      out.push_back(answer_of(queries[i], nearest(index.vectors, query, options.top_k, metric_named(options.metric)), index));
    }
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the queries");
  arguments.option("--corpus", options->corpus, "file with the texts to search: a line each, or objects with \"text\" and perhaps \"id\"");
  arguments.option("--index", options->index, "index that --save wrote, instead of a corpus");
  arguments.option("--save", options->save, "writes the index of the corpus (safetensors); without queries as arguments that is all");
  arguments.option("--top-k", options->top_k, "texts of a query, best first").positive();
  arguments.option("--metric", options->metric, "cosine, dot, euclidean or manhattan (negated distances)")
      .one_of({"cosine", "dot", "euclidean", "manhattan"});
  arguments.option("--query-prompt", options->query_prompt, "name of the directory's prompt for queries");
  arguments.option("--corpus-prompt", options->corpus_prompt, "name of the directory's prompt for the corpus");
  return [options] { return search(*options); };
}

}  // namespace

extern const Command command_search;
const Command command_search{.name = "search",
                             .about = "Finds the texts of a file or an index that are nearest to a query (exact)",
                             .example = "nacre search --model DIR --corpus notes.txt --top-k 3 -- \"how to mend a bicycle\"",
                             .configure = configure};

}  // namespace nacre::cli
