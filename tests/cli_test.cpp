#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_support.h"

namespace tessera::test {
namespace {

using ::testing::HasSubstr;

TEST(Cli, UnknownCommandNamesTheNearest) {
  const ProgramResult result = run_tessera("inf");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean 'info'?"));
}

TEST(Cli, UnknownOptionNamesTheNearest) {
  const ProgramResult result = run_tessera("info --thread 3");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean '--threads'?"));
}

TEST(Cli, NoCommandIsWrongUsage) {
  const ProgramResult result = run_tessera("");
  EXPECT_EQ(result.exit_code, 2);
}

TEST(Cli, EveryCommandHasHelpWithAnExample) {
  const ProgramResult help = run_tessera("--help");
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"info"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const ProgramResult result = run_tessera(std::string(command) + " --help");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, HasSubstr("Example:"));
  }
}

}  // namespace
}  // namespace tessera::test
