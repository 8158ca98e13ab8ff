#include "parity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::parity {
namespace {

using ::testing::HasSubstr;

/// A golden folder with one family of two cases: "a" stores a tensor, "b" has no runner.
class Parity : public test::TemporaryFolder {
 protected:
  Parity() {
    make_directories(folder_ / "toy");
    write_text_file(folder_ / "toy" / "MANIFEST.json",
                    R"({"cases": {"a": {"file": "a.safetensors", "steps": {"first": [2]},
                                        "tolerance": {"second": 1e-3}},
                                  "b": {}}})");
    const std::string header = R"({"first":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                               R"("second":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})";
    const float values[] = {1, 3, 5};
    const std::uint64_t size = header.size();
    std::string bytes(sizeof(size), '\0');
    std::memcpy(bytes.data(), &size, sizeof(size));
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(values), sizeof(values));
    write_text_file(folder_ / "toy" / "a.safetensors", bytes);
  }

  /// Runs with a runner for case "a" that computes `second`; what was printed lands in output_.
  bool run(const Options& options, double second) {
    const FindRunner find = [second](const Case& c) -> Runner {
      if (c.name != "a") return {};
      return [second](const Case&, Report& report) {
        report.compare("first", {{3}, {1, 2, 3}, false});
        report.compare("second", {{1}, {second}, false});
      };
    };
    std::FILE* file = std::fopen((folder_ / "out").c_str(), "w");
    const bool passed = run_parity(options, find, file);
    std::fclose(file);
    output_ = read_text_file(folder_ / "out");
    return passed;
  }

  std::string output_;
};

TEST_F(Parity, PassesWithinTolerance) {
  EXPECT_TRUE(run({folder_, {"toy"}, "a"}, 5.004));
  EXPECT_THAT(output_, HasSubstr("1 cases passed, 0 failed, 0 cannot run yet"));
}

TEST_F(Parity, NamesTheFirstTensorThatIsOff) {
  EXPECT_FALSE(run({folder_, {"toy"}, "a"}, 6));
  EXPECT_THAT(output_, HasSubstr("toy/a: first off: second"));
  EXPECT_THAT(output_, HasSubstr("element 0: expected 5, got 6"));
  EXPECT_THAT(output_, HasSubstr("worst offenders:\n  0.2 (allowed 0.001)  toy/a  second"));
}

TEST_F(Parity, ACaseWithoutARunnerIsAFailure) {
  EXPECT_FALSE(run({folder_, {}, ""}, 5));
  EXPECT_THAT(output_, HasSubstr("cannot run yet:\n  toy/b"));
}

TEST_F(Parity, UnknownNamesAreWrongUsage) {
  EXPECT_THROW(run({folder_, {"toi"}, ""}, 5), UsageError);
  EXPECT_THROW(run({folder_, {}, "zz"}, 5), UsageError);
}

TEST_F(Parity, ABrokenManifestNamesItsFile) {
  write_text_file(folder_ / "toy" / "MANIFEST.json", "{");
  try {
    run({folder_, {}, ""}, 5);
    FAIL() << "a broken manifest was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("MANIFEST.json: not JSON at byte"));
  }
}

TEST_F(Parity, TheProgramReportsAndExitsWithOne) {
  const auto result = test::run_shell(test::tessera_binary().parent_path().string() +
                                      "/tessera_parity --golden " + folder_.string());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("0 cases passed, 0 failed, 2 cannot run yet"));
  const auto wrong =
      test::run_shell(test::tessera_binary().parent_path().string() + "/tessera_parity --famil x");
  EXPECT_EQ(wrong.exit_code, 2);
}

}  // namespace
}  // namespace tessera::parity
