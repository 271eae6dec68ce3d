// nacre fill-mask --model DIR: the tokens that fit in a text's gaps.
#include "nacre/fill_mask.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  size_t top_k = 5;
  std::string targets;
};

/// A list for one mask, a list of lists for several, as the reference gives them.
TaskAnswer answer_of(const std::vector<std::vector<Fill>>& masks) {
  TaskAnswer out;
  std::vector<std::string> lists;
  for (const std::vector<Fill>& fills : masks) {
    std::vector<std::string> list;
    for (const Fill& each : fills) {
      list.push_back(cat("{\"score\": ", json_number(each.score), ", \"token\": ", each.id, ", \"token_str\": ", json_quoted(each.token),
                         ", \"sequence\": ", json_quoted(each.sequence), "}"));
      out.rows.push_back({fixed(each.score, 4), each.token, each.sequence});
    }
    lists.push_back(json_list(list));
  }
  out.members = cat("\"fills\": ", lists.size() == 1 ? lists[0] : json_list(lists));
  return out;
}

int fill_mask(const Options& options) {
  check_task(options.lines);
  const auto filler =
      MaskFiller::load(options.lines.model, {.task = options.lines.task(), .top_k = options.top_k, .targets = split(options.targets)});
  return run_lines(options.lines, {"score", "token", "sequence"}, [&](std::span<const TaskLine> lines) {
    std::vector<TaskAnswer> out;
    for (const auto& each : filler.fill(texts_of(lines))) out.push_back(answer_of(each));
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts, with the model's mask ([MASK], <mask>) in each");
  arguments.option("--top-k", options->top_k, "fills of a mask, best first").positive();
  arguments.option("--targets", options->targets, "only these tokens, with commas");
  return [options] { return fill_mask(*options); };
}

}  // namespace

extern const Command command_fill_mask;
const Command command_fill_mask{.name = "fill-mask",
                                .about = "Fills the gaps of texts with the tokens a masked language model expects",
                                .example = "nacre fill-mask --model DIR --top-k 3 -- \"The capital of France is [MASK].\"",
                                .configure = configure};

}  // namespace nacre::cli
