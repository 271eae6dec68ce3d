#include "runtime/targets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/fake_backend.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using test::expect_error;

class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Setting() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::string order_of(const SessionOptions& options) {
  std::vector<std::string> warnings;
  const auto order = targets_of(options, warnings);
  if (!order) return order.error().what();
  std::string out;
  for (const Target& target : *order) out += cat(out.empty() ? "" : ",", target.text());
  return out;
}

TEST(Targets, NamesAreBackendDeviceAndIndex) {
  const auto target = parse_target("native:cpu:0");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->device, "cpu");
  EXPECT_EQ(target->index, 0);
  EXPECT_EQ(target->text(), "native:cpu:0");
  for (const char* bad : {"", "native:cpu:x", "native:cpu:-1", "native:cpu:1:2", "native:cpu:99999999999"})
    EXPECT_FALSE(parse_target(bad)) << bad;
  expect_error(parse_target("warp:9").error(), ErrorCode::not_found, {"'warp'", "native", "onnxruntime", "reference"});
}

TEST(Targets, NothingElseThanWhatWasNamedAndNativeLast) {
  EXPECT_EQ(order_of({}), "native");
  EXPECT_EQ(order_of({.backends = {"reference"}}), "reference,native");
  EXPECT_EQ(order_of({.backends = {"reference"}, .strict = true}), "reference");
  EXPECT_EQ(order_of({.backends = {"reference", "native", "reference"}}), "reference,native");
}

TEST(Targets, CallerThenEnvironmentThenConfigThenNative) {
  const std::string path = testing::TempDir() + "nacre-config.json";
  std::ofstream(path) << R"({"backend": "null,reference"})";
  const Setting config("NACRE_CONFIG", path);
  EXPECT_EQ(order_of({}), "null,reference,native");
  {
    const Setting environment("NACRE_BACKEND", "reference");
    EXPECT_EQ(order_of({}), "reference,native");
    EXPECT_EQ(order_of({.backends = {"native"}}), "native");
  }
  std::ofstream(path) << R"({"backend": "null", "colour": "red"})";
  EXPECT_NE(order_of({}).find("\"colour\" is not known"), std::string::npos) << order_of({});
}

TEST(Targets, AnUnknownDeviceListsThoseThereAre) {
  EXPECT_NE(order_of({.backends = {"native:cuda"}}).find("no device 'cuda'; it has cpu:0"), std::string::npos);
  EXPECT_NE(order_of({.backends = {"native:cpu:7"}}).find("no device 'cpu:7'; it has cpu:0"), std::string::npos);
  Target fake(&test::fake_backend);
  fake.device = "gpu", fake.index = 1;
  EXPECT_TRUE(check_target(fake));
  fake.index = 2;
  expect_error(check_target(fake).error(), ErrorCode::not_found, {"'gpu:2'", "gpu:0 (Fake 9000), gpu:1 (Fake 9000)"});
}

TEST(Targets, AutoIsNativeWhereNothingReportsAnAccelerator) {
  const Setting nowhere("NACRE_DISABLE", "onnxruntime");
  EXPECT_EQ(order_of({.backends = {"auto"}}), "native");
}

TEST(Targets, AnUnavailableBackendIsAnErrorUnlessANextOneIsNamed) {
  const Setting off("NACRE_DISABLE", "onnxruntime");
  EXPECT_NE(order_of({.backends = {"onnxruntime"}}).find("'onnxruntime' is not available: it is switched off by NACRE_DISABLE"),
            std::string::npos);
  std::vector<std::string> warnings;
  const auto order = targets_of({.backends = {"onnxruntime", "reference"}}, warnings);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->front().text(), "reference");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_FALSE(targets_of({.backends = {"onnxruntime", "reference"}, .strict = true}, warnings));
}

TEST(Targets, SettingsThatNobodyKnowsAreErrors) {
  auto error = [](const char* key, const char* value) {
    const auto settings = all_settings({.backend_options = {{key, value}}});
    return settings ? std::string("taken") : std::string(settings.error().what());
  };
  EXPECT_EQ(error("onnxruntime.optimisation", "2"), "taken");
  EXPECT_EQ(error("onnxruntime.config.session.intra_op.allow_spinning", "0"), "taken");
  EXPECT_EQ(error("onnxruntime.xnnpack.intra_op_num_threads", "2"), "taken");
  EXPECT_NE(error("onnxruntime.optimisation", "3").find("takes 0, 1, 2, 99"), std::string::npos);
  EXPECT_NE(error("onnxruntime.speed", "11").find("no option \"speed\"; it has optimisation"), std::string::npos);
  EXPECT_NE(error("onnxruntime.xnnpack.speed", "11")
                .find("provider 'xnnpack' of onnxruntime has no option \"speed\"; it has intra_op_num_threads"),
            std::string::npos);
  EXPECT_NE(error("native.speed", "11").find("'native' has no option \"speed\""), std::string::npos);
  EXPECT_NE(error("warp.speed", "11").find("no backend is called 'warp'"), std::string::npos);
  EXPECT_NE(error("speed", "11").find("BACKEND.NAME"), std::string::npos);
}

}  // namespace
}  // namespace nacre
