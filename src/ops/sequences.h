// Shared by the sequence operators.
#pragma once

#include "ops/op.h"

namespace nacre {

/// The fact of one item: items may differ in the dims that inference made a symbol for (`?5`), so each gets fresh ones.
inline Fact item_of(Inference& inference, const Fact& sequence) {
  Fact item = sequence.element ? *sequence.element : Fact{};
  if (item.shape)
    for (SymDim& dim : *item.shape)
      if (dim.text().find('?') != std::string::npos) dim = inference.fresh();
  item.values = nullptr;
  return item;
}

}  // namespace nacre
