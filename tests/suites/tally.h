// Counts cases against a list of expected failures (`name reason` a line, # for comments), strict both ways.
#pragma once

#include <cstdio>
#include <fstream>
#include <set>
#include <string>

namespace nacre::suites {

class Tally {
 public:
  explicit Tally(const std::string& expected_failures, bool quiet = false) : quiet_(quiet) {
    std::ifstream file(expected_failures);
    for (std::string line; std::getline(file, line);)
      if (!line.empty() && line[0] != '#') expected_.insert(line.substr(0, line.find(' ')));
  }

  /// `problem` is empty when the case passed.
  void add(const std::string& name, const std::string& problem) {
    const bool listed = expected_.contains(name);
    if (problem.empty() && !listed)
      ++passed_;
    else if (!problem.empty() && listed)
      ++as_expected_;
    else {
      ++failed_;
      if (!quiet_)
        std::printf("FAILED %s: %s\n", name.c_str(), problem.empty() ? "is listed as an expected failure and passes" : problem.c_str());
    }
  }

  /// Prints the counts; the exit code.
  int close() const {
    if (as_expected_) std::printf("%d failed as expected\n", as_expected_);
    std::printf("%d passed, %d failed, 0 skipped\n", passed_, failed_);
    return failed_ ? 1 : 0;
  }

 private:
  std::set<std::string> expected_;
  bool quiet_;
  int passed_ = 0, failed_ = 0, as_expected_ = 0;
};

}  // namespace nacre::suites
