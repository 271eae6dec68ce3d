// nacre similarity --model DIR: how alike texts are.

#include "cli/metric.h"
#include "cli/print.h"
#include "cli/task.h"
#include "nacre/embed.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string metric = "cosine", source;
};

/// The source and what it is compared with.
struct Sentences {
  std::string source;
  std::vector<std::string> others;
  bool list = true;
};

Sentences sentences_of(const TaskLine& line, const Options& options) {
  const bool has_source = line.fields.has("source_sentence");
  if (has_source || line.fields.has("sentences")) {
    if (!line.fields.has("sentences")) throw Error(ErrorCode::invalid_argument, "the line has no \"sentences\"");
    Result<std::vector<std::string>> others = line.fields.at("sentences")->texts();
    if (!others) throw std::move(others).error();
    return {has_source ? text_of(line, {"source_sentence"}) : options.source, *std::move(others)};
  }
  if (line.fields.has("text_pair")) return {text_of(line), {text_of(line, {"text_pair"})}, false};
  if (options.source.empty())
    throw Error(ErrorCode::invalid_argument, "nothing to compare with",
                "give --source, or lines with \"source_sentence\" and \"sentences\", or \"text\" and \"text_pair\"");
  return {options.source, {text_of(line)}, false};
}

std::vector<double> scores_of(const Embeddings& embeddings, size_t first, size_t count, Metric metric) {
  std::vector<double> out;
  const bool late = !embeddings.matrices.empty();
  const auto width = late ? 0 : static_cast<size_t>(embeddings.vectors.shape()[1]);
  const auto row = [&](size_t i) { return embeddings.vectors.data<float>().subspan(i * width, width); };
  for (size_t i = first + 1; i <= first + count; ++i)
    out.push_back(late ? max_similarity(embeddings.matrices[first], embeddings.matrices[i]) : similarity(row(first), row(i), metric));
  return out;
}

std::vector<TaskAnswer> answers_of(const Embedder& embedder, const Options& options, std::span<const TaskLine> lines) {
  std::vector<Sentences> all;
  std::vector<std::string> texts, sources;
  for (const TaskLine& line : lines) {
    all.push_back(sentences_of(line, options));
    texts.push_back(all.back().source);
    sources.push_back(all.back().source);
    texts.insert(texts.end(), all.back().others.begin(), all.back().others.end());
  }
  Embeddings embeddings = embedder.embed(texts);
  if (!embeddings.matrices.empty()) {  // late interaction: the source is the query
    Embeddings queries = embedder.embed_queries(sources);
    size_t first = 0;
    for (size_t i = 0; i < all.size(); first += 1 + all[i++].others.size()) embeddings.matrices[first] = std::move(queries.matrices[i]);
  }
  std::vector<TaskAnswer> out;
  size_t first = 0;
  for (const Sentences& each : all) {
    TaskAnswer answer;
    std::vector<std::string> scores;
    for (const double score : scores_of(embeddings, first, each.others.size(), metric_named(options.metric))) {
      answer.rows.push_back({fixed(score, 4), each.others[scores.size()]});
      scores.push_back(json_number(score));
    }
    answer.members = each.list ? cat("\"scores\": ", json_list(scores)) : cat("\"score\": ", scores[0]);
    out.push_back(std::move(answer));
    first += 1 + each.others.size();
  }
  return out;
}

int compare(const Options& options) {
  check_task(options.lines);
  const TaskOptions task = options.lines.task();
  const Embedder embedder = Embedder::load(
      options.lines.model,
      {.session = task.session, .max_length = task.max_length, .batch_tokens = task.batch_tokens, .replace_invalid = task.replace_invalid});
  return run_lines(options.lines, {"score", "text"}, [&](std::span<const TaskLine> lines) { return answers_of(embedder, options, lines); });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts that --source is compared with");
  arguments.option("--source", options->source, "the text that lines without one are compared with");
  arguments.option("--metric", options->metric, "cosine, dot, euclidean or manhattan (negated distances); ColBERT's models have their own")
      .one_of({"cosine", "dot", "euclidean", "manhattan"});
  return [options] { return compare(*options); };
}

}  // namespace

extern const Command command_similarity;
const Command command_similarity{
    .name = "similarity",
    .about = "Says how alike texts are",
    .example = "nacre similarity --model DIR --source \"A man eats.\" -- \"Somebody has dinner.\" \"The sky is blue.\"",
    .configure = configure};

}  // namespace nacre::cli
