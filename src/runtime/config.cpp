#include "runtime/config.h"

#include "core/knobs.h"
#include "core/os/file.h"
#include "io/json.h"

namespace nacre {
namespace {

Result<Config> parse(std::string_view text) {
  const Json json = NACRE_TRY(parse_json(text));
  Config out;
  for (const auto& [key, value] : NACRE_TRY(json.entries())) {
    if (key == "backend")
      out.backend = NACRE_TRY(value.text());
    else if (key == "backend_options")
      for (const auto& [name, setting] : NACRE_TRY(value.entries())) out.backend_options.emplace_back(name, NACRE_TRY(setting.text()));
    else
      return fail(ErrorCode::invalid_argument, "key \"", key, "\" is not known; there are backend, backend_options");
  }
  return out;
}

}  // namespace

Result<Config> read_config() {
  const auto path = knob_text(Knob::config);
  if (!path) return Config();
  const MappedFile file = NACRE_TRY(map_file(*path));
  auto config = parse(file.text());
  if (!config) return std::unexpected(config.error().within(cat("NACRE_CONFIG, ", *path)));
  return config;
}

}  // namespace nacre
