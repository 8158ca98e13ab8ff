// Round trips through the real torch.save and torch.load (Debian's python3-torch).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/error.h"
#include "test_support.h"

namespace tessera {
namespace {

class PythonTest : public test::TemporaryFolder {
 protected:
  void run(const std::string& action) {
    const auto script = test::source_dir() / "src/tessera/checkpoint/python_test.py";
    const auto result = test::run_shell("/usr/bin/python3 " + script.string() + " " + action + " " +
                                        folder_.string());
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  void convert(const std::string& in, const std::string& out) {
    convert_checkpoint(folder_ / in, folder_ / out);
  }
};

TEST_F(PythonTest, ReadsWhatTorchWritesAndWritesWhatTorchReads) {
  ASSERT_NO_FATAL_FAILURE(run("write"));
  for (const std::string name : {"zip", "legacy", "module", "zip64"})
    convert(name + ".pth", name + ".out.pth");
  convert("half.pth", "half.safetensors");
  convert("half.safetensors", "half.out.pth");
  convert("dtypes.pth", "dtypes.safetensors");
  for (int protocol = 0; protocol < 6; ++protocol) {
    const std::string name = "plain" + std::to_string(protocol);
    convert(name + ".pkl", name + ".safetensors");
  }
  run("compare");
}

TEST_F(PythonTest, WhatCannotBeReadIsNamedWithAWayOut) {
  ASSERT_NO_FATAL_FAILURE(run("write"));
  const std::pair<const char*, const char*> expected[] = {
      {"quantized.pth", "save its tensors as plain dense CPU tensors"},
      {"sparse.pth", "save it as a plain dense CPU tensor"},
      {"script.pth", "TorchScript"},
      {"tar.pth", "a tar archive"},
      {"big_endian.pth", "big-endian"}};
  for (const auto& [name, message] : expected)
    EXPECT_THAT([&] { open_checkpoint(folder_ / name); },
                ::testing::ThrowsMessage<Error>(::testing::HasSubstr(message)))
        << name;
}

}  // namespace
}  // namespace tessera
