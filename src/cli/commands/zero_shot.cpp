// nacre zero-shot --model DIR --labels a,b: texts to labels that the model was not trained on.
#include "nacre/zero_shot.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string labels, hypothesis = "This example is {}.";
  bool multi_label = false;
};

/// "labels" or "candidate_labels" of the line, a list or a text with commas; else those of the option.
std::vector<std::string> labels_of(const TaskLine& line, const Options& options) {
  for (const char* member : {"labels", "candidate_labels"}) {
    if (!line.fields.has(member)) continue;
    const Json given = *line.fields.at(member);
    if (given.is_text()) return split_labels(*given.text());
    Result<std::vector<std::string>> list = given.texts();
    if (!list) throw std::move(list).error();
    return *std::move(list);
  }
  return split_labels(options.labels);
}

TaskAnswer answer_of(const std::string& text, const ZeroShotResult& result) {
  TaskAnswer out;
  std::vector<std::string> labels, scores;
  for (const LabelScore& each : result.labels) {
    labels.push_back(json_quoted(each.label)), scores.push_back(json_number(each.score));
    out.rows.push_back({each.label, fixed(each.score, 4), text});
  }
  out.members = cat("\"sequence\": ", json_quoted(text), ", \"labels\": ", json_list(labels), ", \"scores\": ", json_list(scores),
                    result.truncated ? ", \"truncated\": true" : "");
  return out;
}

/// Neighbours with the same labels are judged together.
std::vector<TaskAnswer> answers_of(const ZeroShotClassifier& classifier, const Options& options, std::span<const TaskLine> lines) {
  std::vector<TaskAnswer> out;
  for (size_t begin = 0, end; begin < lines.size(); begin = end) {
    const std::vector<std::string> labels = labels_of(lines[begin], options);
    for (end = begin + 1; end < lines.size() && labels_of(lines[end], options) == labels;) ++end;
    std::vector<std::string> texts;
    for (const TaskLine& line : lines.subspan(begin, end - begin)) texts.push_back(text_of(line, {"text", "sequence", "inputs"}));
    const std::vector<ZeroShotResult> results = classifier.classify(texts, labels);
    for (size_t i = 0; i < texts.size(); ++i) out.push_back(answer_of(texts[i], results[i]));
  }
  return out;
}

int zero_shot(const Options& options) {
  check_task(options.lines);
  const auto classifier = ZeroShotClassifier::load(
      options.lines.model, {.task = options.lines.task(), .hypothesis = options.hypothesis, .multi_label = options.multi_label});
  return run_lines(options.lines, {"label", "score", "text"},
                   [&](std::span<const TaskLine> lines) { return answers_of(classifier, options, lines); });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts");
  arguments.option("--labels", options->labels, "labels to choose from, with commas; a line may have its own \"labels\"");
  arguments.option("--template", options->hypothesis, "the hypothesis, {} is the label's place");
  arguments.flag("--multi-label", options->multi_label, "judges each label for itself");
  return [options] { return zero_shot(*options); };
}

}  // namespace

extern const Command command_zero_shot;
const Command command_zero_shot{
    .name = "zero-shot",
    .about = "Classifies texts by any labels, with a model trained on entailment",
    .example = "nacre zero-shot --model DIR --labels sports,politics,cooking -- \"The keeper saved a penalty.\"",
    .configure = configure};

}  // namespace nacre::cli
