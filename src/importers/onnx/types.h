// Between ONNX's type messages and facts.
#pragma once

#include "graph/graph.h"
#include "io/onnx_proto.h"

namespace nacre {

/// The fact a file declares. Dims without a name ("?" and "None" are none) and negative ones become fresh symbols of `graph`.
Fact fact_of(const onnx::TypeProto& type, Graph& graph);

}  // namespace nacre
