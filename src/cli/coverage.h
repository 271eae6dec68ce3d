// Which operators there are and how each backend runs them, asked of the registry and of the backends themselves.
//
//     for (const Coverage& row : coverage()) print(cat(row.op->name, " ", row.kernels.at("native"), "\n"));
//
#pragma once

#include <map>

#include "graph/op.h"

namespace nacre::cli {

struct Coverage {
  const Op* op = nullptr;
  /// By backend: the kernels' names, "reference" for plain evaluation, empty when it does not run there.
  std::map<std::string, std::string> kernels;
};

/// One row an operator, by domain and name. Each backend is shown small graphs with the operator in typical forms
/// (float32, constant weights), so "reference" means: no kernel for those.
std::vector<Coverage> coverage();

/// "ai.onnx" for "".
std::string domain_text(std::string_view domain);

}  // namespace nacre::cli
