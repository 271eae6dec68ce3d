#include "nacre/models.h"

#include "runtime/model_store.h"

namespace nacre {

using detail::ModelInUse;
using detail::ModelStore;

struct Model::Slot::Held {
  Held(std::shared_ptr<ModelInUse> user, int taken) : use(std::move(user)), index(taken) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  std::shared_ptr<ModelInUse> use;
  const int index;
  double milliseconds = -1;  // of the last run; -1: none
  ~Held() { use->store->give_slot(*use->version, index, milliseconds); }
};

int Model::Slot::index() const noexcept { return held_->index; }

Outputs Model::Slot::run(const Inputs& inputs, const RunOptions& options) const {
  const Stopwatch watch;
  Outputs out = held_->use->version->loaded.session->run(inputs, options);
  held_->milliseconds = watch.seconds() * 1e3;
  return out;
}

Model::Slot Model::slot() const {
  const int index = use_->store->take_slot(*use_->version);
  return Slot(std::make_shared<Slot::Held>(use_, index));
}

Outputs Model::run(const Inputs& inputs, const RunOptions& options) const { return slot().run(inputs, options); }
const Session& Model::session() const noexcept { return *use_->version->loaded.session; }
const std::shared_ptr<void>& Model::task() const noexcept { return use_->version->loaded.task; }
int64_t Model::version() const noexcept { return use_->version->version; }

Models::Models(const ModelsOptions& options) : store_(std::make_shared<ModelStore>(options)) { store_->start_reaper(); }
Models::~Models() { store_->stop(); }

void Models::add(const std::string& name, const ModelSpec& spec) { store_->add(name, spec); }
void Models::remove(const std::string& name) { store_->unload(name, true); }
Model Models::acquire(const std::string& name) { return acquire(name, store_->options_.timeout); }
Model Models::acquire(const std::string& name, std::chrono::milliseconds timeout) {
  auto version = store_->acquire(name, timeout);
  return Model(std::make_shared<ModelInUse>(store_, std::move(version)));
}
void Models::unload(const std::string& name) { store_->unload(name, false); }
void Models::swap(const std::string& name, const ModelSpec& spec, const Inputs& probe) { store_->swap(name, spec, probe); }
std::vector<ModelStatus> Models::list() const { return store_->list(); }
int64_t Models::bytes() const { return store_->bytes(); }

}  // namespace nacre
