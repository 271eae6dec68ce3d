// Models by name: loaded once however many ask, shared, run with bounds, and unloaded when memory is wanted.
//
//     nacre::Models models({.memory_budget = int64_t{4} << 30});
//     models.add("minilm", {.path = "models/minilm.onnx", .session = {.threads = 2}, .slots = 2});
//     nacre::Model model = models.acquire("minilm");                  // loads it unless it is; others wait for the same load
//     auto ids = nacre::Tensor::of<int64_t>({1, 3}, {101, 7592, 102});
//     nacre::Outputs outputs = model.run({{"input_ids", ids}});       // in one of its slots, waiting for a free one
//     models.swap("minilm", {.path = "models/minilm-v2.onnx"});       // verified and warmed before it takes over
//     models.unload("minilm");                                        // waits for those who hold it
//
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nacre/session.h"

namespace nacre {

/// Why Models refused something, and when asking again may help.
class Refusal : public Error {
 public:
  enum class Kind : uint8_t {
    unknown_model,  ///< no model has that name
    exists,         ///< another has it
    load_failed,    ///< now or shortly before; the message is the load's own
    too_large,      ///< larger than the whole budget
    no_memory,      ///< what is loaded is in use or pinned
    busy,           ///< as many wait for a slot as may
    timed_out,      ///< waiting for a load, a slot or the last user took longer than was allowed
    swap_rejected,  ///< the new version is not served; the old one is
  };
  Refusal(Kind kind, ErrorCode code, std::string message, std::chrono::milliseconds retry_after)
      : Error(code, std::move(message)), kind_(kind), retry_after_(retry_after) {}
  Kind kind() const noexcept { return kind_; }
  /// 0: now; negative: never, unless something changes.
  std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }

 private:
  Kind kind_;
  std::chrono::milliseconds retry_after_;
};

enum class LoadMode : uint8_t {
  lazy,    ///< at the first acquire
  eager,   ///< when it is added; it may be unloaded later
  pinned,  ///< when it is added, and kept until it is unloaded by name
};

struct ModelSpec;
/// What a model is in memory: a session, and what an application builds around one (an Embedder, say).
struct LoadedModel {
  std::shared_ptr<const Session> session;
  std::shared_ptr<void> task;
  int64_t bytes = 0;  ///< beside the session's own
};
/// Throws Error.
using ModelLoader = LoadedModel (*)(const ModelSpec&);

struct ModelSpec {
  std::filesystem::path path;
  SessionOptions session;
  LoadMode mode = LoadMode::lazy;
  int slots = 1;                                     ///< runs at one time
  int queue = 64;                                    ///< callers that may wait for a slot
  std::chrono::milliseconds keep_alive{5 * 60'000};  ///< unloaded when nobody used it for so long; negative: never
  ModelLoader loader = nullptr;                      ///< null: Session::load
};

struct ModelsOptions {
  int64_t memory_budget = 0;                  ///< bytes of all loaded models; 0: 80 % of the machine's memory
  int most_loaded = 0;                        ///< models at one time; 0: no limit
  std::chrono::milliseconds timeout{60'000};  ///< for loads and slots, where the caller gives none
};

struct ModelStatus {
  enum class State : uint8_t { cold, loading, ready };
  std::string name;
  State state = State::cold;
  int64_t bytes = 0;  ///< measured: weights, packed copies, what is kept between runs
  int users = 0;      ///< Model handles
  int running = 0, waiting = 0;
  int64_t loads = 0, runs = 0, version = 0;  ///< version: how often it was swapped
  double mean_run_milliseconds = 0;
};

namespace detail {
struct ModelStore;
struct ModelInUse;
}  // namespace detail

/// A loaded model in somebody's hands: it is not unloaded while one of these exists. Movable.
class Model {
 public:
  /// Runs in a free slot; waits for one. Throws Refusal (busy, timed_out), and Error as Session::run does.
  Outputs run(const Inputs& inputs, const RunOptions& options = {}) const;
  /// A slot of its own for several runs, or for state that belongs to a caller.
  class Slot;
  Slot slot() const;

  const Session& session() const noexcept;
  /// What the loader built around the session; null for none.
  const std::shared_ptr<void>& task() const noexcept;
  int64_t version() const noexcept;

  explicit Model(std::shared_ptr<detail::ModelInUse> use) : use_(std::move(use)) {}

 private:
  std::shared_ptr<detail::ModelInUse> use_;
};

class Model::Slot {
 public:
  int index() const noexcept;  ///< in [0, slots): nobody else has this one now
  Outputs run(const Inputs& inputs, const RunOptions& options = {}) const;

  struct Held;
  explicit Slot(std::shared_ptr<Held> held) : held_(std::move(held)) {}

 private:
  std::shared_ptr<Held> held_;
};

/// May be used from many threads at once. Models in use outlive it.
class Models {
 public:
  explicit Models(const ModelsOptions& options = {});
  ~Models();
  Models(const Models&) = delete;
  Models& operator=(const Models&) = delete;

  /// Names a model. Throws Refusal (exists), and what `acquire` throws where it is loaded now.
  void add(const std::string& name, const ModelSpec& spec);
  /// Unloads it and forgets the name.
  void remove(const std::string& name);

  /// The model, loaded. Throws Refusal.
  Model acquire(const std::string& name);
  Model acquire(const std::string& name, std::chrono::milliseconds timeout);

  /// Gives its memory back when its last user is gone, and waits for that; the name stays, cold. Throws Refusal (timed_out; then
  /// it goes when they do).
  void unload(const std::string& name);

  /// Loads `spec`, compares its inputs and outputs with the old version's, runs both on `probe` (none: zeros of its inputs),
  /// and then lets it take the name over; those who hold the old version keep it. Throws Refusal (swap_rejected) and leaves
  /// everything as it was when the new version does not load, has other ports, or fails or gives NaN where the old one did not.
  void swap(const std::string& name, const ModelSpec& spec, const Inputs& probe = {});

  std::vector<ModelStatus> list() const;
  /// Bytes of all that is in memory, those included that wait for their last user.
  int64_t bytes() const;

 private:
  std::shared_ptr<detail::ModelStore> store_;
};

}  // namespace nacre
