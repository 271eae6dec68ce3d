// The command `nacre`: parses, runs one command of src/cli/commands, and turns what went wrong into messages and exit codes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/print.h"
#include "core/log.h"
#include "nacre/version.h"

namespace nacre::cli {

#define COMMAND(stem) extern const Command command_##stem;
#include "commands_rows.inc"
#undef COMMAND

namespace {

const Command* const kCommands[] = {
#define COMMAND(stem) &command_##stem,
#include "commands_rows.inc"
#undef COMMAND
};

/// The caller's doing is wrong use; what a model or the machine cannot do is a failed run. Errors of a node are the model's.
int exit_code(const Error& error) {
  const bool callers = error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::not_found;
  return callers && error.node().empty() ? kWrongUse : kCheckFailed;
}

// Errors of the file system name the file themselves.
int report(const std::string& subject, const Error& error) {
  const bool named = subject.empty() || error.message().find(cat('"', subject, '"')) != std::string::npos;
  print_error(cat("nacre: ", named ? "" : subject, named ? "" : ": ", error.what(), "\n"));
  return exit_code(error);
}

int run_action(const Action& action) {
  try {
    return action();
  } catch (const OutputClosed&) { return kDone; } catch (const Failure& failure) {
    return report(failure.subject, failure.error);
  } catch (const Error& error) { return report("", error); } catch (const std::bad_alloc&) {
    return report("", Error(ErrorCode::resource_exhausted, "out of memory"));
  } catch (const std::exception& error) {
    return report("", Error(ErrorCode::internal, error.what(), "this is a bug in nacre: please report it"));
  }
}

/// The first option before "--" that the command does not have: CLI11 names a text behind it instead.
std::string unknown_option(const CLI::App& command, std::span<char*> words) {
  for (const std::string_view word : words) {
    if (word == "--") break;
    const std::string name(word.substr(0, word.find('=')));
    if (word.starts_with("--") && !command.get_option_no_throw(name)) return name;
  }
  return "";
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words) {
  const CLI::App* deepest = &app;
  std::string command = "nacre";
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands().front();
    command += " " + deepest->get_name();
  }
  std::string message = error.what();
  while (!message.empty() && message.back() == '\n') message.pop_back();
  const bool left_over = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (const std::string option = left_over ? unknown_option(*deepest, words) : ""; !option.empty())
    message = cat("there is no option ", option);
  print_error(cat(command, ": ", message, "\n  hint: ", command, " --help\n"));
  return kWrongUse;
}

void log_to_stderr(LogLevel level, std::string_view text, void*) { print_error(cat("nacre: ", to_string(level), ": ", text, "\n")); }

// CLI11 reads a word in brackets as a list. After "--" words are text: a mark at the end hides the bracket, and
// plain_text() takes it off again.
std::vector<std::string> protected_words(int argc, char** argv) {
  std::vector<std::string> out;
  bool text = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (text && word.size() > 1 && word.front() == '[' && word.back() == ']') word += kTextMark;
    text = text || word == "--";
    out.push_back(std::move(word));
  }
  return out;
}

bool is_command(std::string_view word) {
  return std::any_of(std::begin(kCommands), std::end(kCommands), [&](const Command* command) { return command->name == word; });
}

int refuse_command(std::string_view word) {
  std::string known;
  for (const Command* command : kCommands) known += cat(known.empty() ? "" : ", ", command->name);
  print_error(cat("nacre: no command is called '", word, "'; there are ", known, "\n  hint: nacre --help\n"));
  return kWrongUse;
}

int run(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-' && !is_command(argv[1])) return refuse_command(argv[1]);
  CLI::App app("Runs, checks and measures ONNX models and Hugging Face checkpoints.", "nacre");
  app.set_version_flag("--version", cat("nacre ", version()), "Show the version");
  app.set_help_flag("-h,--help", "Show this help");
  app.footer(
      "`nacre COMMAND --help` shows the options of a command, and an example.\n"
      "Exit codes: 0 done, 1 a run or check failed, 2 wrong use.");
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Command* command : kCommands) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->about));
    sub->footer(cat("Example:\n  ", command->example));
    Arguments arguments(*sub);
    actions.emplace_back(sub, command->configure(arguments));
  }
  try {
    std::vector<std::string> words = protected_words(argc, argv);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app.parse(std::move(words));
  } catch (const CLI::Success& asked) {  // --help, --version
    return run_action([&] {
      if (dynamic_cast<const CLI::CallForVersion*>(&asked))
        print(cat(asked.what(), "\n"));
      else
        print(app.help());
      return kDone;
    });
  } catch (const CLI::ParseError& error) { return report_parse_error(app, error, {argv, static_cast<size_t>(argc)}); }
  for (const auto& [sub, action] : actions)
    if (sub->parsed()) return run_action(action);
  print_error(app.help());
  return kWrongUse;
}

}  // namespace
}  // namespace nacre::cli

int main(int argc, char** argv) {
#ifdef SIGPIPE
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, which `print` turns into a quiet end
#endif
  nacre::set_log_sink(nacre::cli::log_to_stderr);
  return nacre::cli::run(argc, argv);
}
