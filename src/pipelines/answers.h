// Logits of starts and ends to answers: what remains of question answering without the model.
//
//     std::vector<AnswerWindow> windows{{.encoding = &encoding, .start = starts, .end = ends}};
//     std::vector<Answer> best = answers_of(context, windows, {.top_k = 3});
#pragma once

#include <span>

#include "nacre/qa.h"
#include "text/encoding.h"

namespace nacre {

struct AnswerWindow {
  const Encoding* encoding = nullptr;  ///< of question and context; sequence 1 is the context
  std::span<const float> start, end;   ///< a logit each token
};

std::vector<Answer> answers_of(std::string_view context, std::span<const AnswerWindow> windows, const AnswerRules& rules);

}  // namespace nacre
