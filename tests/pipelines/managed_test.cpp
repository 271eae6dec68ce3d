// A task behind nacre::Models: one embedder, loaded once, shared.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "nacre/embed.h"
#include "nacre/models.h"

namespace nacre {
namespace {

std::atomic<int> loads{0};

LoadedModel embedder_loader(const ModelSpec& spec) {
  ++loads;
  auto embedder = std::make_shared<Embedder>(Embedder::load(spec.path, {.session = spec.session}));
  return {std::make_shared<const Session>(embedder->session()), embedder, 0};
}

TEST(ManagedEmbedder, ManyThreadsShareOneAndGetItsVectors) {
  const std::string directory = NACRE_SOURCE_DIR "/tests/cli/data/bert";
  const std::vector<std::string> texts{"hello world", "hello"};
  const Embeddings direct = Embedder::load(directory).embed(texts);
  Models models;
  ModelSpec spec;
  spec.path = directory, spec.loader = embedder_loader, spec.slots = 2;
  models.add("bert", spec);
  std::atomic<int> equal{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&] {
        const Model model = models.acquire("bert");
        const Model::Slot slot = model.slot();
        const Embeddings result = static_cast<const Embedder*>(model.task().get())->embed(texts);
        equal += std::ranges::equal(result.vectors.data<float>(), direct.vectors.data<float>());
      });
  }
  EXPECT_EQ(equal, 16);
  EXPECT_EQ(loads, 1);
  EXPECT_GT(models.bytes(), 0);
  models.unload("bert");
  EXPECT_EQ(models.bytes(), 0);
}

}  // namespace
}  // namespace nacre
