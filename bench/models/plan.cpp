// What a new shape costs: the time of a decoder's first run at each length, less that of a second run at the same one.
//
//     nacre_bench_plan gpt2-124m.onnx [STEPS] [THREADS]
//
// Inputs: int64 ones; past_key_values.* and other floats zeros. Symbolic dims that grow with the sequence are those whose name has "past"
// in it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "nacre/session.h"

namespace {

int64_t size_of(const nacre::Port& port, size_t d, int64_t past) {
  const std::string& dim = port.dims[d];
  if (port.sizes[d] >= 0) return port.sizes[d];
  if (dim.find("past") == std::string::npos) return 1;
  return dim.find('+') == std::string::npos ? past : past + 1;
}

nacre::Inputs inputs_for(const nacre::Session& session, int64_t past) {
  nacre::Inputs out;
  for (const nacre::Port& port : session.inputs()) {
    nacre::Shape shape;
    for (size_t d = 0; d < port.dims.size(); ++d) shape.push_back(size_of(port, d, past));
    nacre::Tensor tensor(port.dtype, shape);
    if (port.dtype == nacre::DType::int64)
      for (int64_t& x : tensor.mutable_data<int64_t>()) x = 1;
    out.emplace_back(port.name, std::move(tensor));
  }
  return out;
}

double timed(const nacre::Session& session, const nacre::Inputs& inputs) {
  const auto begin = std::chrono::steady_clock::now();
  session.run(inputs);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "nacre_bench_plan MODEL [STEPS] [THREADS]\n"), 2;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 8;
  nacre::SessionOptions options;
  options.threads = argc > 3 ? std::atoi(argv[3]) : 1;
  const nacre::Session session = nacre::Session::load(argv[1], options);
  timed(session, inputs_for(session, 32));
  for (int step = 1; step <= steps; ++step) {
    const nacre::Inputs inputs = inputs_for(session, 32 + step);
    const double first = timed(session, inputs), second = timed(session, inputs), third = timed(session, inputs);
    std::printf("past %3d  first %8.2f ms  again %8.2f ms  plan %8.2f ms\n", 32 + step, first, third,
                first - (second < third ? second : third));
  }
}
