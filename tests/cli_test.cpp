#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

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

/// The commands that `tessera --help` lists: the first words of the lines below "Subcommands:".
std::vector<std::string> listed_commands() {
  std::istringstream lines(run_tessera("--help").out);
  std::vector<std::string> commands;
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (listed && line.size() > 2 && line.starts_with("  ") && line[2] != ' ')
      commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = listed || line == "Subcommands:";
  }
  return commands;
}

TEST(Cli, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::string> commands = listed_commands();
  EXPECT_THAT(commands, ::testing::Contains("info"));
  for (const std::string& command : commands) {
    const ProgramResult result = run_tessera(command + " --help");
    EXPECT_EQ(result.exit_code, 0) << command;
    EXPECT_THAT(result.out, HasSubstr("Example:")) << command;
  }
}

TEST(Cli, EveryCommandRefusesUnknownOptionsAndMissingValues) {
  for (const std::string& command : listed_commands())
    for (const char* arguments : {" --no-such-option", " --seed", " --threads many"}) {
      const ProgramResult result = run_tessera(command + arguments);
      EXPECT_EQ(result.exit_code, 2) << command << arguments;
      EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
      EXPECT_THAT(result.err, HasSubstr("tessera " + command));
    }
}

TEST(Cli, ANumberThatIsTooSmallIsToldInShort) {
  for (const auto& [arguments, complaint] :
       {std::pair{"train c.yaml --nproc 0", "--nproc: '0' is no whole number from 1 on"},
        std::pair{"ablate s.yaml --jobs 1.5", "--jobs: '1.5' is no whole number from 1 on"},
        std::pair{"eval vpq --windows 1,0", "--windows: '0' is no whole number from 1 on"},
        std::pair{"info --threads -1", "--threads: '-1' is no whole number from 0 on"}}) {
    const ProgramResult result = run_tessera(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments;
    EXPECT_THAT(result.err, HasSubstr(complaint));
  }
}

// Hours of drawing are asked for, so a program that draws first does not come back.
TEST(Cli, SynthRefusesAnOutputThatCannotBeWrittenBeforeItDraws) {
  for (const std::string out : {"/proc", "/proc/street", "/dev/null/street"})
    for (const char* force : {"", " --force"}) {
      const ProgramResult result = run_shell("timeout 60 " + tessera_binary().string() + " synth " +
                                             out + " --frames 100000" + force);
      EXPECT_EQ(result.exit_code, 1) << out << force;
      EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
      EXPECT_THAT(result.err, HasSubstr(out.starts_with("/proc") ? "/proc" : "/dev/null"));
    }
}

TEST(Cli, InfoSaysWhatItRunsOn) {
  const ProgramResult text = run_tessera("info");
  EXPECT_EQ(text.exit_code, 0) << text.err;
  for (const char* name : {"libtorch", "BLAS", "OpenCV", "processor", "memory"})
    EXPECT_THAT(text.out, HasSubstr(name));
  const ProgramResult json = run_tessera("info --json --threads 3");
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_THAT(json.out, HasSubstr("\"threads\": 3"));
}

}  // namespace
}  // namespace tessera::test
