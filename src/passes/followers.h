// What a product takes along from the nodes behind it: at most a bias row, a residual and an activation, the last two in either order.
//
//     Followers found{.last = &product};
//     take_followers(graph, match, found);
//     become(*found.last, "Linear", {x, w, found.bias, found.residual}, attributes_of(found), "nacre");
//
#pragma once

#include "ops/nacre/activation.h"
#include "passes/match.h"

namespace nacre {

struct Followers {
  Edge bias = kAbsent, residual = kAbsent;
  bool after = false;  // the residual is added to the activation's result
  FusedActivation activation;
  Node* last =
      nullptr;  // the last one taken, the product itself at first: the fused node takes its place, where the residual is made already
};

/// Goes on from `found.last` for as long as what follows fits.
void take_followers(Graph& graph, const Match& match, Followers& found);

/// `residual_after` and the activation's.
Attributes attributes_of(const Followers& found);

}  // namespace nacre
