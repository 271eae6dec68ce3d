// nacre ner --model DIR: the named entities of texts and where they are.
#include "nacre/ner.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string aggregation = "simple", ignore = "O";
  int64_t stride = -1;
};

Aggregation aggregation_named(const std::string& name) {
  if (name == "none") return Aggregation::none;
  if (name == "first") return Aggregation::first;
  if (name == "average") return Aggregation::average;
  return name == "max" ? Aggregation::max : Aggregation::simple;
}

TaskAnswer answer_of(const std::vector<Entity>& entities) {
  TaskAnswer out;
  std::vector<std::string> list;
  for (const Entity& each : entities) {
    const bool token = each.token >= 0;
    list.push_back(cat("{\"", token ? "entity" : "entity_group", "\": ", json_quoted(each.label), ", \"score\": ", json_number(each.score),
                       token ? cat(", \"index\": ", each.token) : "", ", \"word\": ", json_quoted(each.word), json_span(each.span), "}"));
    out.rows.push_back({each.label, fixed(each.score, 4), each.word, cat(each.span.begin), cat(each.span.end)});
  }
  out.members = cat("\"entities\": ", json_list(list));
  return out;
}

int ner(const Options& options) {
  check_task(options.lines);
  const auto recognizer = EntityRecognizer::load(options.lines.model, {.task = options.lines.task(),
                                                                       .aggregation = aggregation_named(options.aggregation),
                                                                       .ignored = split(options.ignore),
                                                                       .stride = options.stride});
  return run_lines(options.lines, {"label", "score", "word", "start", "end"}, [&](std::span<const TaskLine> lines) {
    std::vector<TaskAnswer> out;
    for (const std::vector<Entity>& each : recognizer.recognize(texts_of(lines))) out.push_back(answer_of(each));
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts");
  arguments.option("--aggregation", options->aggregation, "how labels of tokens become labels of words and groups")
      .one_of({"none", "simple", "first", "average", "max"});
  arguments.option("--ignore", options->ignore, "labels that are left out, with commas; \"\" for none");
  arguments.option("--stride", options->stride, "tokens that neighbouring windows of a long text share; -1: a quarter of a window");
  return [options] { return ner(*options); };
}

}  // namespace

extern const Command command_ner;
const Command command_ner{.name = "ner",
                          .about = "Finds the named entities of texts, with their places in characters and bytes",
                          .example = "nacre ner --model DIR --aggregation first -- \"Angela Merkel met Emmanuel Macron.\"",
                          .configure = configure};

}  // namespace nacre::cli
