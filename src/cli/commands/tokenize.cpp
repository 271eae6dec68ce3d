// nacre tokenize --tokenizer PATH: texts to tokens, and ids back to text.
#include <charconv>

#include "cli/print.h"
#include "cli/task.h"
#include "core/os/file.h"
#include "importers/huggingface/directory.h"
#include "text/tokenizer.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string tokenizer;
  size_t max_length = 0, stride = 0;
  bool pair = false, decode = false, stored = false, no_special = false, keep_special = false;
};

template <class Item>
std::string list_of(size_t count, const Item& item) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i) {
    if (i) out += ", ";
    append(out, item(i));
  }
  return out + "]";
}

template <class T>
std::string numbers(const std::vector<T>& list) {
  return list_of(list.size(), [&](size_t i) { return static_cast<int64_t>(list[i]); });
}

/// -1, which stands for none, becomes null.
std::string numbers_or_null(const std::vector<int32_t>& list) {
  return list_of(list.size(), [&](size_t i) { return list[i] < 0 ? std::string("null") : std::to_string(list[i]); });
}

std::string ranges(const std::vector<ByteRange>& list) {
  return list_of(list.size(), [&](size_t i) { return cat("[", list[i].begin, ", ", list[i].end, "]"); });
}

std::string members_of(const Encoding& encoding, bool pair) {
  const auto token = [&](size_t i) { return json_quoted(encoding.tokens[i]); };
  std::string out = cat("\"ids\": ", numbers(encoding.ids), ", \"tokens\": ", list_of(encoding.size(), token),
                        ", \"type_ids\": ", numbers(encoding.type_ids), ", \"attention_mask\": ", numbers(encoding.attention_mask),
                        ", \"special_tokens_mask\": ", numbers(encoding.special_tokens_mask), ", \"offsets\": ", ranges(encoding.offsets),
                        ", \"byte_offsets\": ", ranges(encoding.byte_offsets), ", \"word_ids\": ", numbers_or_null(encoding.word_ids));
  if (pair) out += cat(", \"sequence_ids\": ", numbers_or_null(encoding.sequence_ids));
  if (encoding.overflow.empty()) return out;
  const auto window = [&](size_t i) { return cat("{", members_of(encoding.overflow[i], pair), "}"); };
  return out + cat(", \"overflow\": ", list_of(encoding.overflow.size(), window));
}

std::vector<std::vector<std::string>> rows_of(const Encoding& encoding) {
  std::vector<std::vector<std::string>> out;
  for (size_t i = 0; i < encoding.size(); ++i) {
    const ByteRange place = encoding.offsets[i];
    const std::string word = encoding.word_ids[i] < 0 ? "" : std::to_string(encoding.word_ids[i]);
    out.push_back({cat(encoding.ids[i]), std::string(encoding.tokens[i]), cat(place.begin, "-", place.end), word});
  }
  return out;
}

uint32_t id_of(int64_t number) {
  if (number < 0 || number > UINT32_MAX) throw Error(ErrorCode::invalid_argument, cat("no id: ", number));
  return static_cast<uint32_t>(number);
}

/// "101 7592 102", also with commas and brackets; none when the line is something else.
std::optional<std::vector<uint32_t>> ids_of(std::string_view text) {
  std::vector<uint32_t> out;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    if (std::string_view(" \t,[]").find(*at) != std::string_view::npos) {
      ++at;
      continue;
    }
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), out.emplace_back());
    if (error != std::errc()) return std::nullopt;
    at = end;
  }
  return out;
}

class TokenizeTask {
 public:
  TokenizeTask(const Options& options, Tokenizer tokenizer) : options_(options), tokenizer_(std::move(tokenizer)) {
    if (options.stored) encode_ = tokenizer_.stored_options();
    encode_.add_special_tokens = !options.no_special;
    encode_.replace_invalid = options.lines.replace_invalid;
    if (options.max_length == 0) return;
    if (!encode_.truncation) encode_.truncation = Truncation{};
    encode_.truncation->max_length = options.max_length;
    encode_.truncation->stride = options.stride;
  }

  TaskAnswer answer(const TaskLine& line) const {
    if (options_.decode) {
      if (line.fields.has("ids")) return decoded(ids_member(line.fields));
      if (line.fields.is_null())
        if (const auto ids = ids_of(line.text)) return decoded(*ids);
    }
    const std::string text = text_of(line);
    const auto second = second_of(line, text);
    const std::string_view first = std::string_view(text).substr(0, second && line.fields.is_null() ? text.find('\t') : text.npos);
    Result<Encoding> encoding = tokenizer_.encode({first, second}, encode_);
    if (!encoding) throw std::move(encoding).error();
    TaskAnswer out{.members = members_of(*encoding, second.has_value()), .rows = rows_of(*encoding)};
    if (options_.decode) out.members += cat(", \"decoded\": ", json_quoted(text_of_ids(encoding->ids)));
    return out;
  }

 private:
  static std::vector<uint32_t> ids_member(const Json& fields) {
    Result<std::vector<int64_t>> numbers = fields.at("ids")->integers();
    if (!numbers) throw std::move(numbers).error();
    std::vector<uint32_t> out;
    for (const int64_t number : *numbers) out.push_back(id_of(number));
    return out;
  }

  std::string text_of_ids(std::span<const uint32_t> ids) const {
    Result<std::string> text = tokenizer_.decode(ids, !options_.keep_special);
    if (!text) throw std::move(text).error();
    return *std::move(text);
  }

  TaskAnswer decoded(const std::vector<uint32_t>& ids) const {
    const std::string text = text_of_ids(ids);
    return {.members = cat("\"text\": ", json_quoted(text)), .rows = {{numbers(ids), text, "", ""}}};
  }

  /// The second text: "pair" or "text_pair" of an object; behind the tab of a line of text.
  std::optional<std::string> second_of(const TaskLine& line, const std::string& text) const {
    if (line.fields.is_null()) {
      if (!options_.pair) return std::nullopt;
      const size_t tab = text.find('\t');
      if (tab == text.npos) throw Error(ErrorCode::invalid_argument, "--pair: the line has no tab between two texts");
      return text.substr(tab + 1);
    }
    if (!options_.pair && !line.fields.has("pair") && !line.fields.has("text_pair")) return std::nullopt;
    return text_of(line, {"pair", "text_pair"});
  }

  const Options& options_;
  Tokenizer tokenizer_;
  EncodeOptions encode_;
};

int tokenize(const Options& options) {
  if (options.max_length == 0 && options.stride > 0) throw wrong_use("", "--stride needs --max-length: it says what windows share");
  const bool file = is_file(options.tokenizer);
  const std::string path = file ? options.tokenizer : check(ModelDirectory::open(options.tokenizer), options.tokenizer).path();
  const TokenizeTask task(options, check(Tokenizer::load(path)));
  return run_lines(options.lines, {"id", "token", "place", "word"}, [&](std::span<const TaskLine> lines) {
    std::vector<TaskAnswer> out;
    for (const TaskLine& line : lines) out.push_back(task.answer(line));
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--tokenizer", options->tokenizer, "a tokenizer.json, a SentencePiece model, a model's directory or its Hub name")
      .required();
  arguments.flag("--pair", options->pair, "two texts a line: \"text\" and \"pair\" of an object, or a tab between them");
  arguments
      .option("--max-length", options->max_length, "cuts to so many tokens, special ones included; 0: not at all. The rest is \"overflow\"")
      .not_negative();
  arguments.option("--stride", options->stride, "tokens that neighbouring windows of a cut text share").not_negative();
  arguments.flag("--stored", options->stored, "truncation and padding as the file has them; without it nothing is cut or padded");
  arguments.flag("--decode", options->decode,
                 "lines of ids (\"ids\" of an object, or numbers) become text; lines of text get their decoded text, too");
  arguments.flag("--no-special-tokens", options->no_special, "leaves out [CLS] and the like when encoding");
  arguments.flag("--keep-special-tokens", options->keep_special, "leaves them in when decoding");
  add_line_options(arguments, options->lines, "the texts");
  return [options] { return tokenize(*options); };
}

}  // namespace

extern const Command command_tokenize;
const Command command_tokenize{.name = "tokenize",
                               .about = "Turns texts into token ids with offsets, and ids into text",
                               .example = "nacre tokenize --tokenizer all-MiniLM-L6-v2 \"Hello, world!\"",
                               .configure = configure};

}  // namespace nacre::cli
