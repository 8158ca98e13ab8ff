#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

/// What tests share: where things are, and a folder of their own.
namespace tessera::test {

/// The root of the source tree.
std::filesystem::path source_dir();
/// The goldens that the project carries, a folder a family.
std::filesystem::path golden_dir();
/// The command-line program that was built with the tests.
std::filesystem::path tessera_binary();

/// A fixture with an empty folder of its own that is gone afterwards.
class TemporaryFolder : public ::testing::Test {
 protected:
  TemporaryFolder();
  ~TemporaryFolder() override;

  const std::filesystem::path folder_;
};

/// What a program did.
struct ProgramResult {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Runs a shell command line and waits for it.
ProgramResult run_shell(const std::string& command_line);

/// Runs `tessera ARGUMENTS` (a shell command line's tail).
ProgramResult run_tessera(const std::string& arguments);

}  // namespace tessera::test
