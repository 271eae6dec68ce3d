// Everything an operator file needs.
#pragma once

#include "graph/builder.h"
#include "graph/op.h"
#include "ops/evaluation.h"
#include "ops/inference.h"
