// Random valid graphs of 3 to 30 operators: reference and native, with the optimiser off and on, must give one answer.
//
//   random_graphs_suite [--seed N] [--count N] [--seconds S]    graphs of the seeds from N on
//   random_graphs_suite --replay FILE                           the seeds that once failed, `SEED name` a line
//   random_graphs_suite --coverage                              which operators the graphs of --seed and --count hold, and which none can
//   random_graphs_suite --show SEED                             a seed's graph, and what is wrong with it
//
// NACRE_ISA chooses the kernels. A seed that fails is shrunk and shown; `SEED name` goes to random_graph_cases.txt. Graphs are made
// and run in a child process, so that a crash is the failure of its seed and no more.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/support/graph_check.h"

namespace nacre::test {
namespace {

struct Options {
  uint64_t seed = 1, count = 1000;
  double seconds = 0;  // 0: no limit
  std::string replay;
  bool coverage = false, show = false, small = true;
};

struct Shared {  // between the process that counts and the one that may die
  volatile uint64_t seed, passed, failed, nodes;
};

const RecipeBook& book() {
  static const RecipeBook out;
  return out;
}

bool check_seed(uint64_t seed, const char* name, bool small, volatile uint64_t* nodes) {
  GraphMaker maker(book(), seed);
  const Case c = maker.make();
  *nodes = *nodes + c.graph.nodes.size();
  std::string problem = problem_of(c);
  if (problem.empty()) return true;
  std::printf("FAILED seed %llu %s: %s\n", static_cast<unsigned long long>(seed), name, problem.c_str());
  std::fflush(stdout);
  if (small) std::printf("%s\n", show(shrunk(c)).c_str());
  std::fflush(stdout);
  return false;
}

struct Named {
  uint64_t seed;
  std::string name;
};

/// A child works through `seeds` from the one after a crash on.
template <class SeedAt>
void run_apart(uint64_t count, SeedAt at, const Options& options, Shared* shared) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds > 0 ? options.seconds : 1e9);
  uint64_t next = 0;
  while (next < count) {
    shared->seed = next;
    const pid_t child = fork();
    if (child == 0) {
      for (; next < count && std::chrono::steady_clock::now() < end; ++next) {
        shared->seed = next;
        alarm(120);
        const Named named = at(next);
        if (check_seed(named.seed, named.name.c_str(), options.small, &shared->nodes))
          shared->passed = shared->passed + 1;
        else
          shared->failed = shared->failed + 1;
      }
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    const Named named = at(shared->seed);
    std::printf("FAILED seed %llu %s: died of signal %d\n", static_cast<unsigned long long>(named.seed), named.name.c_str(),
                WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    shared->failed = shared->failed + 1;
    next = shared->seed + 1;
  }
}

/// Rows of the registry that no recipe and no reason speaks of, and recipes of no row.
int unspoken() {
  int out = 0;
  for (const std::string& name : book().unknown) std::printf("FAILED: a recipe for '%s', which is no operator\n", name.c_str()), ++out;
  for (const Op* op : all_ops())
    if (!book().recipes.contains(op) && !book().left_out.contains(op))
      std::printf("FAILED: %s %s has no recipe in tests/support/operator_recipes.h\n", std::string(op->domain).c_str(),
                  std::string(op->name).c_str()),
          ++out;
  return out;
}

int coverage(const Options& options) {
  std::map<const Op*, uint64_t> graphs;
  std::map<const Op*, std::string> refused;
  for (uint64_t seed = options.seed; seed < options.seed + options.count; ++seed) {
    GraphMaker maker(book(), seed);
    for (const Op* op : maker.make().ops) ++graphs[op];
    for (auto& [op, reason] : maker.refused) refused[op] = reason;
  }
  int missing = unspoken();
  for (const auto& [op, recipes] : book().recipes) {
    std::printf("%8llu %s %s%s\n", static_cast<unsigned long long>(graphs[op]), std::string(op->domain).c_str(),
                std::string(op->name).c_str(), graphs[op] ? "" : cat(": ", refused[op]).c_str());
    missing += graphs[op] == 0;
  }
  for (const auto& [op, reason] : book().left_out)
    std::printf("      no %s %s: %s\n", std::string(op->domain).c_str(), std::string(op->name).c_str(), reason.c_str());
  std::printf("%zu operators, %zu made, %zu left out, %d missing\n", all_ops().size(), book().recipes.size(), book().left_out.size(),
              missing);
  return missing > 0;
}

int show_seed(uint64_t seed) {
  GraphMaker maker(book(), seed);
  const Case c = maker.make();
  const std::string problem = problem_of(c);
  std::printf("%s\n%s\n", show(c).c_str(), problem.empty() ? "no problem" : problem.c_str());
  if (!problem.empty()) std::printf("--- smaller\n%s", show(shrunk(c)).c_str());
  return !problem.empty();
}

int run(const Options& options) {
  if (options.coverage) return coverage(options);
  if (options.show) return show_seed(options.seed);
  auto* shared = static_cast<Shared*>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (shared == MAP_FAILED) return 2;
  shared->failed = uint64_t(unspoken());
  std::vector<Named> named;
  if (!options.replay.empty()) {
    std::ifstream file(options.replay);
    for (std::string line; std::getline(file, line);)
      if (!line.empty() && line[0] != '#') named.push_back({std::strtoull(line.c_str(), nullptr, 10), line.substr(line.find(' ') + 1)});
    run_apart(named.size(), [&](uint64_t i) { return named[i]; }, options, shared);
  } else {
    run_apart(options.count, [&](uint64_t i) { return Named{options.seed + i, ""}; }, options, shared);
  }
  std::printf("%llu graphs, %llu nodes\n", static_cast<unsigned long long>(shared->passed + shared->failed),
              static_cast<unsigned long long>(shared->nodes));
  std::printf("%llu passed, %llu failed, 0 skipped\n", static_cast<unsigned long long>(shared->passed),
              static_cast<unsigned long long>(shared->failed));
  return shared->failed > 0;
}

}  // namespace
}  // namespace nacre::test

int main(int argc, char** argv) {
  nacre::test::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (flag == "--seed")
      options.seed = std::strtoull(value(), nullptr, 10);
    else if (flag == "--count")
      options.count = std::strtoull(value(), nullptr, 10);
    else if (flag == "--seconds")
      options.seconds = std::strtod(value(), nullptr);
    else if (flag == "--replay")
      options.replay = value();
    else if (flag == "--coverage")
      options.coverage = true;
    else if (flag == "--show")
      options.show = true, options.seed = std::strtoull(value(), nullptr, 10);
    else if (flag == "--no-shrink")
      options.small = false;
    else
      return std::fprintf(stderr, "random_graphs_suite: unknown option %s\n", flag.c_str()), 2;
  }
  return nacre::test::run(options);
}
