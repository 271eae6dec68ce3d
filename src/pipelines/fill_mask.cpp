// Masked language modelling, as transformers' fill-mask pipeline.
// https://huggingface.co/docs/transformers/main_classes/pipelines#transformers.FillMaskPipeline
#include "nacre/fill_mask.h"

#include <algorithm>

#include "pipelines/fills.h"
#include "pipelines/text_model.h"

namespace nacre {

struct MaskFiller::State {
  TextModel model;
  FillMaskOptions options;
  std::string output, mask;
  uint32_t mask_id;
  std::vector<uint32_t> targets;
};

namespace {

/// As the tokenizer writes it inside a text, or as it is in the vocabulary.
Result<uint32_t> target_id(const Tokenizer& tokenizer, const std::string& target) {
  if (const auto id = tokenizer.find(target)) return *id;
  const Encoding encoding = NACRE_TRY(tokenizer.encode(target, {.add_special_tokens = false}));
  if (encoding.size() == 1 && encoding.ids[0] != tokenizer.unknown_id()) return encoding.ids[0];
  return fail(ErrorCode::invalid_argument, "target \"", target, "\" is ", encoding.size(), " tokens of this model, expected one");
}

}  // namespace

MaskFiller MaskFiller::load(const std::filesystem::path& directory, const FillMaskOptions& options) {
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForMaskedLM"));
  constexpr std::string_view names[] = {"logits"};
  std::string output = unwrap(find_output(model.session, names, 3, "logits for each token")), mask = unwrap(model.mask_token());
  std::vector<uint32_t> targets;
  for (const std::string& target : options.targets) targets.push_back(unwrap(target_id(model.tokenizer, target)));
  const uint32_t mask_id = *model.tokenizer.find(mask);
  return MaskFiller(
      std::make_shared<State>(State{std::move(model), options, std::move(output), std::move(mask), mask_id, std::move(targets)}));
}

std::vector<std::vector<std::vector<Fill>>> MaskFiller::fill(std::span<const std::string> texts, const RunOptions& run) const {
  const State& s = *state_;
  std::vector<TextInput> inputs;
  for (const std::string& text : texts) inputs.push_back({text, {}});
  const std::vector<Encoding> encodings = unwrap(s.model.encode(inputs));
  for (size_t i = 0; i < encodings.size(); ++i)
    if (std::count(encodings[i].ids.begin(), encodings[i].ids.end(), s.mask_id) == 0)
      throw Error(ErrorCode::invalid_argument,
                  cat("text ", i, " has no ", s.mask, encodings[i].overflow.empty() ? "" : " in the part the model takes"));
  const FillRules rules{s.model.tokenizer, s.mask_id, s.model.pad_id, s.options.top_k, s.targets};
  std::vector<std::vector<std::vector<Fill>>> out(texts.size());
  unwrap(s.model.run(encodings, run, [&](const Batch& batch) -> Result<void> {
    const Tensor logits = NACRE_TRY(batch.output(s.output, 3));
    const auto vocabulary = static_cast<size_t>(logits.shape()[2]), row_size = static_cast<size_t>(batch.length) * vocabulary;
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const std::vector<uint32_t>& ids = encodings[batch.texts[row]].ids;
      out[batch.texts[row]] = NACRE_TRY(fills_of(rules, ids, logits.data<float>().subspan(row * row_size, ids.size() * vocabulary)));
    }
    return {};
  }));
  return out;
}

const std::string& MaskFiller::mask() const noexcept { return state_->mask; }

}  // namespace nacre
