// Chat templates: any bytes end in a prompt or an error, within the limits. What is behind a NUL is the conversation's JSON.
#include "text/chat_template.h"

#include <cstdlib>

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t middle = std::min(input.find('\0'), input.size());
  const auto chat = ChatTemplate::parse(input.substr(0, middle));
  if (!chat) return 0;
  const auto given = parse_ordered_json(input.substr(std::min(middle + 1, input.size())));
  const auto usual =
      parse_ordered_json(R"([{"role": "user", "content": "Hi é"}, {"role": "assistant", "content": null, "n": [1, 2.5, true]}])");
  ChatTemplate::Variables variables{{"messages", given ? &*given : &*usual}};
  const auto rendered =
      chat->render(variables, {.add_generation_prompt = true, .now = std::tm{}, .steps = 20'000, .output_bytes = 1 << 16});
  if (rendered && rendered->text.size() > 1 << 16) std::abort();
  return 0;
}
