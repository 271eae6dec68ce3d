// Searches a folder of text files by meaning:
//     semantic_search MODEL FOLDER "how do I mend a bicycle?"
#include <nacre/chunk.h>
#include <nacre/embed.h>
#include <nacre/similarity.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char** argv) try {
  if (argc != 4) return std::cerr << "usage: semantic_search MODEL FOLDER QUERY\n", 2;
  const auto chunker = nacre::Chunker::load(argv[1], {.method = nacre::ChunkMethod::sentence, .size = 200, .overlap = 20});
  const auto embedder = nacre::Embedder::load(argv[1]);

  std::vector<std::string> texts, files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[2])) {
    if (!entry.is_regular_file() || entry.path().extension() != ".txt") continue;
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    for (nacre::Chunk& chunk : chunker.chunk(content.str())) {
      texts.push_back(std::move(chunk.text));
      files.push_back(entry.path().string());
    }
  }
  const nacre::Tensor corpus = embedder.embed(texts).vectors;
  const nacre::Tensor query = embedder.embed(std::vector<std::string>{argv[3]}).vectors;
  for (const nacre::Neighbour& each : nacre::nearest(corpus, query.data<float>(), 5, nacre::Metric::cosine))
    std::cout << each.score << "  " << files[each.index] << "\n    " << texts[each.index] << "\n";
  return 0;
} catch (const nacre::Error& error) {
  return std::cerr << "semantic_search: " << error.what() << "\n", 1;
}
