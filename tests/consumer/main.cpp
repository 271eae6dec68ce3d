// What an application does with the installed library: values, the version, and errors that cross its edge.
#include <nacre/error.h>
#include <nacre/tensor.h>
#include <nacre/version.h>
#if __has_include(<nacre/session.h>)
#include <nacre/session.h>
#endif

#include <cstdio>
#include <cstring>
#include <string>

static bool loading_nothing_is_an_error() {
#if __has_include(<nacre/session.h>)
  try {
    nacre::Session::load("no/such/model.onnx");
    return false;
  } catch (const nacre::Error& error) {
    return error.code() == nacre::ErrorCode::not_found && std::string(error.what()).find("no/such/model.onnx") != std::string::npos;
  }
#else
  return true;
#endif
}

int main() {
  auto ids = nacre::Tensor::of<int64_t>({1, 3}, {101, 7592, 102});
  bool sound = ids.data<int64_t>()[1] == 7592 && nacre::to_string(ids.shape()) == "[1,3]" && loading_nothing_is_an_error();
  std::printf("nacre %s\n", std::string(nacre::version()).c_str());
  return sound && nacre::version() == EXPECTED_VERSION ? 0 : 1;
}
