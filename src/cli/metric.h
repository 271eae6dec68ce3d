// Names of metrics, for the commands that compare vectors.
#pragma once

#include <string>

#include "nacre/similarity.h"

namespace nacre::cli {

inline Metric metric_named(const std::string& name) {
  if (name == "dot") return Metric::dot;
  if (name == "euclidean") return Metric::euclidean;
  return name == "manhattan" ? Metric::manhattan : Metric::cosine;
}

}  // namespace nacre::cli
