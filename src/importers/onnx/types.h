// Between ONNX's type messages and facts.
#pragma once

#include "graph/graph.h"
#include "io/onnx_proto.h"

namespace nacre {

/// The fact a file declares. Unnamed and negative dims become fresh symbols of `graph`.
Fact fact_of(const onnx::TypeProto& type, Graph& graph);

}  // namespace nacre
