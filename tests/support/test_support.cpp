#include "test_support.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tessera::test {
namespace fs = std::filesystem;
namespace {

fs::path make_temporary_folder() {
  std::string name = (fs::temp_directory_path() / "tessera_test_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
  return name;
}

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

fs::path source_dir() { return TESSERA_SOURCE_DIR; }
fs::path golden_dir() { return source_dir() / "tests" / "golden"; }
fs::path tessera_binary() { return fs::path(TESSERA_BINARY_DIR) / "bin" / "tessera"; }

TemporaryFolder::TemporaryFolder() : folder_(make_temporary_folder()) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

ProgramResult run_shell(const std::string& command_line) {
  const fs::path folder = make_temporary_folder();
  const std::string redirected = "{ " + command_line + "\n} >" + (folder / "out").string() + " 2>" +
                                 (folder / "err").string() + " </dev/null";
  const int status = std::system(redirected.c_str());
  ProgramResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = slurp(folder / "out");
  result.err = slurp(folder / "err");
  fs::remove_all(folder);
  return result;
}

ProgramResult run_tessera(const std::string& arguments) {
  return run_shell(tessera_binary().string() + " " + arguments);
}

}  // namespace tessera::test
