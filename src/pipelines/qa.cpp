// Extractive question answering over long contexts, as transformers' question-answering pipeline.
// https://huggingface.co/docs/transformers/main_classes/pipelines#transformers.QuestionAnsweringPipeline
#include "nacre/qa.h"

#include <algorithm>

#include "pipelines/answers.h"
#include "pipelines/text_model.h"
#include "text/unicode.h"

namespace nacre {

struct QuestionAnswerer::State {
  TextModel model;
  QaOptions options;
  std::string start, end;
};

namespace {

constexpr int64_t kWindow = 384, kStride = 128;  // transformers' defaults

struct Logits {
  std::vector<float> start, end;
};

/// The values of one text's tokens from an output [texts, length].
std::vector<float> row_of(const Tensor& output, size_t row, size_t tokens) {
  const auto length = static_cast<size_t>(output.shape()[1]);
  const std::span<const float> values = output.data<float>().subspan(row * length, tokens);
  return {values.begin(), values.end()};
}

Result<std::vector<Encoding>> encode_windows(const TextModel& model, const QaOptions& options, std::span<const Question> questions) {
  EncodeOptions encode = model.encode_options();
  encode.truncation->strategy = Truncation::Strategy::only_second;
  encode.truncation->stride = static_cast<size_t>(options.stride >= 0 ? options.stride : std::min(kStride, model.max_length / 2));
  std::vector<Encoding> out;
  for (size_t i = 0; i < questions.size(); ++i) {
    Result<Encoding> encoding = model.tokenizer.encode(questions[i].question, questions[i].context, encode);
    if (!encoding) encoding.error().within(cat("question ", i));
    out.push_back(NACRE_TRY(std::move(encoding)));
  }
  return out;
}

}  // namespace

QuestionAnswerer QuestionAnswerer::load(const std::filesystem::path& directory, const QaOptions& options) {
  TextModel model = unwrap(TextModel::load(directory, options.task, "ForQuestionAnswering"));
  if (options.task.max_length == 0) model.max_length = std::min(model.max_length, kWindow);
  constexpr std::string_view starts[] = {"start_logits"}, ends[] = {"end_logits"};
  std::string start = unwrap(find_output(model.session, starts, 2, "start_logits")),
              end = unwrap(find_output(model.session, ends, 2, "end_logits"));
  if (start == end) throw Error(ErrorCode::invalid_model, "the model has one output of rank 2, expected start_logits and end_logits");
  return QuestionAnswerer(std::make_shared<State>(State{std::move(model), options, std::move(start), std::move(end)}));
}

std::vector<std::vector<Answer>> QuestionAnswerer::answer(std::span<const Question> questions, const RunOptions& run) const {
  const auto& [model, options, start, end] = *state_;
  std::vector<Question> readable;  // offsets count in the text with replacements
  if (options.task.replace_invalid)
    for (const Question& each : questions) readable.push_back({replace_invalid_utf8(each.question), replace_invalid_utf8(each.context)});
  if (options.task.replace_invalid) questions = readable;
  const std::vector<Encoding> encodings = unwrap(encode_windows(model, options, questions));
  std::vector<const Encoding*> windows;
  for (const Encoding& encoding : encodings)
    for (const Encoding* window : windows_of(encoding)) windows.push_back(window);
  std::vector<Logits> logits(windows.size());
  unwrap(model.run(std::span<const Encoding* const>(windows), run, [&](const Batch& batch) -> Result<void> {
    const Tensor starts = NACRE_TRY(batch.output(start, -2)), ends = NACRE_TRY(batch.output(end, -2));
    for (size_t row = 0; row < batch.texts.size(); ++row) {
      const size_t window = batch.texts[row];
      logits[window] = {row_of(starts, row, windows[window]->size()), row_of(ends, row, windows[window]->size())};
    }
    return {};
  }));
  std::vector<std::vector<Answer>> out;
  for (size_t question = 0, window = 0; question < questions.size(); ++question) {
    std::vector<AnswerWindow> own;
    for (size_t i = 0; i <= encodings[question].overflow.size(); ++i, ++window)
      own.push_back({windows[window], logits[window].start, logits[window].end});
    out.push_back(answers_of(questions[question].context, own, options.rules));
  }
  return out;
}

}  // namespace nacre
