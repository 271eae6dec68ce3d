// nacre cluster --model DIR: texts in groups.

#include "cli/metric.h"
#include "cli/print.h"
#include "cli/task.h"
#include "nacre/embed.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string method = "kmeans", linkage = "average", metric = "cosine";
  size_t groups = 8, least = 5;
  double threshold = 0, radius = 0.5;
  uint64_t seed = 0;
};

Linkage linkage_named(const std::string& name) {
  if (name == "single") return Linkage::single;
  if (name == "complete") return Linkage::complete;
  return name == "ward" ? Linkage::ward : Linkage::average;
}

Groups groups_of(const Options& options, const Tensor& vectors) {
  const Metric metric = metric_named(options.metric);
  if (options.method == "kmeans") return k_means(vectors, options.groups, options.seed).groups;
  if (options.method == "dbscan") return dbscan(vectors, options.radius, options.least, metric);
  const bool ward = options.linkage == "ward";  // which knows euclidean distances only
  return agglomerate(vectors, options.groups, options.threshold, linkage_named(options.linkage), ward ? Metric::euclidean : metric);
}

/// Groups need all lines at one time; a bad one is an error object at its place.
int cluster(const Options& options) {
  check_task(options.lines);
  const TaskOptions task = options.lines.task();
  const Embedder embedder = Embedder::load(
      options.lines.model,
      {.session = task.session, .max_length = task.max_length, .batch_tokens = task.batch_tokens, .replace_invalid = task.replace_invalid});
  if (embedder.pooling() == Pooling::none)
    throw Error(ErrorCode::unsupported, "clusters take one vector a text, this model has one for each token");
  return run_all_lines(options.lines, {"cluster", "text"}, [&](std::span<const TaskLine> lines) {
    const std::vector<std::string> texts = texts_of(lines);
    const Groups groups = groups_of(options, embedder.embed(texts).vectors);
    std::vector<TaskAnswer> out;
    for (size_t i = 0; i < texts.size(); ++i)
      out.push_back({cat("\"cluster\": ", groups[i], ", \"text\": ", json_quoted(texts[i])), {{cat(groups[i]), texts[i]}}});
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the texts");
  arguments.option("--method", options->method, "kmeans; agglomerative: joins the nearest; dbscan: by density, noise is -1")
      .one_of({"kmeans", "agglomerative", "dbscan"});
  arguments.option("--clusters", options->groups, "how many, for kmeans and agglomerative").positive();
  arguments.option("--threshold", options->threshold, "agglomerative: joins what is nearer than this, however many groups that leaves")
      .not_negative();
  arguments.option("--linkage", options->linkage, "agglomerative: how far groups are from each other")
      .one_of({"single", "complete", "average", "ward"});
  arguments.option("--radius", options->radius, "dbscan: how far neighbours may be").not_negative();
  arguments.option("--least", options->least, "dbscan: neighbours that make a place dense, itself counted").positive();
  arguments.option("--metric", options->metric, "agglomerative and dbscan: 1 - cosine, euclidean or manhattan")
      .one_of({"cosine", "euclidean", "manhattan"});
  arguments.option("--seed", options->seed, "kmeans: of its starts");
  return [options] { return cluster(*options); };
}

}  // namespace

extern const Command command_cluster;
const Command command_cluster{.name = "cluster",
                              .about = "Puts texts into groups by their vectors",
                              .example = "nacre cluster --model DIR --method kmeans --clusters 5 < notes.txt",
                              .configure = configure};

}  // namespace nacre::cli
