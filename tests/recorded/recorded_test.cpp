// Models with inputs and outputs that other programs recorded: FOLDER/NAME.onnx and NAME.npz, which the scripts here make.
// The archive holds the inputs by name, and the outputs by name; a list of maps as NAME.keys and NAME.values. Each runs as it is, and with
// every dim of every input a symbol of its own: nothing but the values may tell a size then.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>

#include "core/convert.h"
#include "core/os/file.h"
#include "io/npy.h"
#include "io/onnx_reader.h"
#include "io/onnx_writer.h"
#include "nacre/session.h"
#include "tests/suites/compare.h"

namespace fs = std::filesystem;

namespace nacre {
namespace {

struct Recorded {
  fs::path path;
  std::string backend;
  bool symbolic;
};
void PrintTo(const Recorded& recorded, std::ostream* out) {
  *out << recorded.path.stem().string() << " on " << recorded.backend << (recorded.symbolic ? ", symbolic" : "");
}

std::vector<Recorded> all_recorded() {
  std::vector<Recorded> out;
  for (const char* folder : {"ml", "ml_operators", "microsoft", "onnx", "old"}) {
    const fs::path path = fs::path(NACRE_SOURCE_DIR) / "tests/recorded" / folder;
    if (!fs::is_directory(path)) continue;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".onnx")
        for (const char* backend : {"native", "reference"})
          for (bool symbolic : {false, true}) out.push_back({entry.path(), backend, symbolic});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return std::tie(a.path, a.backend, a.symbolic) < std::tie(b.path, b.backend, b.symbolic); });
  return out;
}

std::string name_of(const testing::TestParamInfo<Recorded>& info) {
  std::string out = info.param.path.parent_path().filename().string() + "_" + info.param.path.stem().string() + "_" + info.param.backend +
                    (info.param.symbolic ? "_symbolic" : "");
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return out;
}

// Quantized results may lie one step apart where two roundings of a tie meet; 16-bit floats are compared to their precision.
suites::Tolerance tolerance_of(DType dtype) {
  if (dtype == DType::uint8 || dtype == DType::int8) return {0, 1};
  if (dtype == DType::float16) return {4e-3, 4e-3};
  return {1e-4, 2e-5};
}

Value maps_of(const Tensor& keys, const Tensor& values) {
  std::vector<Value> rows;
  const int64_t width = keys.size();
  for (int64_t row = 0; row < values.shape()[0]; ++row) {
    Tensor of_row(values.dtype(), {width});
    std::copy_n(values.data<float>().data() + row * width, width, of_row.mutable_data<float>().data());
    rows.push_back(Value::map(keys, std::move(of_row)));
  }
  return Value::sequence(std::move(rows));
}

std::string compare(const Value& got, const std::string& name, const std::map<std::string, Tensor>& arrays) {
  if (const auto keys = arrays.find(name + ".keys"); keys != arrays.end())
    return suites::mismatch(got, maps_of(keys->second, arrays.at(name + ".values")), {1e-4, 2e-5});
  const auto want = arrays.find(name);
  if (want == arrays.end()) return "nothing was recorded for it";
  if (!got.is_tensor()) return "is no tensor";
  return suites::mismatch(got.tensor(), want->second, tolerance_of(want->second.dtype()));
}

Session load(const Recorded& recorded) {
  const SessionOptions options{.backends = {recorded.backend}, .strict = true, .threads = 1};
  if (!recorded.symbolic) return Session::load(recorded.path, options);
  const auto file = map_file(recorded.path.string());
  if (!file) throw file.error();
  auto model = onnx::parse_model(file->bytes());
  if (!model) throw model.error();
  std::deque<std::string> names;
  for (onnx::ValueInfoProto& input : model->graph.input)
    for (auto& dim : input.type.shape.dim) dim = {onnx::Dimension::param_kind, 0, names.emplace_back(cat("d", names.size())), {}};
  const auto bytes = onnx::serialise(*model);
  if (!bytes) throw bytes.error();
  return Session::from_bytes(*bytes, nullptr, options);
}

class RecordedModel : public testing::TestWithParam<Recorded> {};

TEST_P(RecordedModel, SaysWhatWasRecorded) {
  fs::path archive = GetParam().path;
  auto loaded = load_npz(archive.replace_extension(".npz").string());
  ASSERT_TRUE(loaded) << loaded.error().what();
  const std::map<std::string, Tensor> arrays(loaded->begin(), loaded->end());
  try {
    Session session = load(GetParam());
    Inputs inputs;
    for (const Port& port : session.inputs()) {
      ASSERT_TRUE(arrays.contains(port.name)) << port.name;
      inputs.emplace_back(port.name, arrays.at(port.name));
    }
    const Outputs outputs = session.run(inputs);
    for (size_t i = 0; i < outputs.size(); ++i) EXPECT_EQ(compare(outputs.value(i), outputs.name(i), arrays), "") << outputs.name(i);
  } catch (const std::exception& error) { FAIL() << error.what(); }
}

INSTANTIATE_TEST_SUITE_P(All, RecordedModel, testing::ValuesIn(all_recorded()), name_of);

}  // namespace
}  // namespace nacre
