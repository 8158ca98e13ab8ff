// Files that lie, are cut short or mean harm: each ends in one clear line, and nothing is run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/checkpoint/checkpoint.h"
#include "tessera/checkpoint/torch_file.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using namespace std::string_literals;

std::shared_ptr<const ValueTree> parse(const std::string& pickle) {
  auto held = std::make_shared<const std::string>(pickle);
  return parse_torch_file({reinterpret_cast<const std::uint8_t*>(held->data()), held->size()},
                          held);
}

void expect_error(const std::string& pickle, const std::string& message) {
  EXPECT_THAT([&] { parse(pickle); }, ThrowsMessage<Error>(HasSubstr(message)));
}

using HostileFile = test::TemporaryFolder;

TEST_F(HostileFile, CallsAreKeptAsDataAndNeverRun) {
  const std::string victim = (folder_ / "victim").string();
  const auto tree = parse("cos\nsystem\n(S'touch " + victim + "'\ntR.");
  ASSERT_NE(tree->root->as<Object>(), nullptr);
  EXPECT_EQ(tree->root->as<Object>()->class_name, "os.system");
  EXPECT_FALSE(std::filesystem::exists(victim));
}

TEST(HostilePickle, LyingLengthsAndCounts) {
  expect_error("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "truncated or lies");
  expect_error("\x80\x02X\xff\xff\xff\xff.", "truncated or lies");
  expect_error("\x8b\xff\xff\xff\xff.", "truncated or lies");
  expect_error("L" + std::string(100000, '9') + "L\n.", "is not a whole number");
}

TEST(HostilePickle, BrokenStacksAndMemos) {
  expect_error(".", "empty stack");
  expect_error("R.", "empty stack");
  expect_error("u.", "misses a mark");
  expect_error("h\x05.", "never stored");
  expect_error("\x80\x09.", "protocol 9");
  expect_error("world\n", "is it a checkpoint?");
  expect_error(std::string(5'000'000, ']') + ".", "more than 4000000 values");
  expect_error("N" + std::string(5'000'000, '2') + ".", "stack grows");
}

TEST(HostilePickle, DeepNestingCostsNoStack) {
  const int depth = 1'000'000;
  const auto tree = parse(std::string(depth, ']') + std::string(depth - 1, 'a') + ".");
  EXPECT_LT(describe(*tree->root).size(), 100u);
}

// Ten levels of ten references each would be 10^10 values if they were not shared.
std::string laughs() {
  std::string pickle = "}q"s + '\0' + "0]q\x01";
  for (char level = 1; level < 40; ++level) {
    pickle += "(";
    for (int i = 0; i < 10; ++i) {
      pickle += '}';
    }
    pickle += "e0]q";
    pickle += static_cast<char>(level + 1);
    pickle += "(";
    for (int i = 0; i < 10; ++i) (pickle += 'h') += level;
    pickle += "e";
  }
  return pickle + ".";
}

TEST(HostilePickle, BillionLaughsStaySmall) {
  const auto tree = parse(laughs());
  EXPECT_LT(tree->values.size(), 1000u);
  EXPECT_LT(describe(*tree->root).size(), 100u);
}

TEST(HostilePickle, OneTextDecodedOverAndOverIsRefused) {
  // A text of 100,000 letters in the memo, turned into bytes 1,000 times.
  std::string pickle = "X"s + "\xa0\x86\x01\x00"s + std::string(100'000, 'x') + "q\x01";
  for (int i = 0; i < 1000; ++i) pickle += "c_codecs\nencode\nh\x01\x85R";
  expect_error(pickle + ".", "copies its data over and over");
}

TEST_F(HostileFile, SharedDictsThatMultiplyAreRefused) {
  std::string pickle = "}q"s + '\0';
  for (char level = 0; level < 30; ++level) {
    pickle += "}q";
    pickle += static_cast<char>(level + 1);
    for (const char* key : {"a", "b", "c"})
      pickle += "U\x01"s + key + "h" + std::string(1, level) + "s";
  }
  write_text_file(folder_ / "bomb.pkl", pickle + ".");
  EXPECT_THAT([&] { open_checkpoint(folder_ / "bomb.pkl"); },
              ThrowsMessage<Error>(HasSubstr("nested too deeply or too often")));
}

TEST_F(HostileFile, CyclesAreRefused) {
  write_text_file(folder_ / "cycle.pkl", "}q\x01U\x01"s + "ah\x01s.");
  EXPECT_THAT([&] { open_checkpoint(folder_ / "cycle.pkl"); },
              ThrowsMessage<Error>(HasSubstr("nested too deeply")));
}

TEST_F(HostileFile, EveryTruncationIsAnErrorOfOneLine) {
  for (const char* name : {"tiny_bare.zip.pth", "tiny_bare.legacy.pth"}) {
    const auto bytes = read_file(test::golden_dir() / "knet_det" / "pth" / name);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 40) {
      write_file(folder_ / "cut.pth", std::span(bytes).first(size));
      try {
        open_checkpoint(folder_ / "cut.pth");
        ADD_FAILURE() << name << " cut to " << size << " was read";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("cut.pth"));
        EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
      }
    }
  }
}

TEST_F(HostileFile, WrongKindsOfFile) {
  EXPECT_THAT([&] { open_checkpoint(folder_); }, ThrowsMessage<Error>(HasSubstr("is a directory")));
  EXPECT_THAT([&] { open_checkpoint(folder_ / "none.pth"); },
              ThrowsMessage<Error>(HasSubstr("no such file")));
  write_text_file(folder_ / "text.pth", "#!/bin/sh\n");
  EXPECT_THAT([&] { open_checkpoint(folder_ / "text.pth"); },
              ThrowsMessage<Error>(HasSubstr("is it a checkpoint?")));
}

TEST_F(HostileFile, PathsThatAnOrdinaryUserMayNotUse) {
  const auto in = test::golden_dir() / "knet_det" / "pth" / "tiny_bare.zip.pth";
  const std::string copy = (folder_ / "secret.pth").string();
  std::filesystem::copy_file(in, copy);
  std::filesystem::permissions(copy, std::filesystem::perms::none);
  const std::string user = test::run_shell("[ $(id -u) = 0 ]").exit_code == 0
                               ? "setpriv --reuid=65534 --regid=65534 --clear-groups -- "
                               : "";
  std::filesystem::permissions(folder_, static_cast<std::filesystem::perms>(0555));
  const auto program = folder_.string();
  const auto read = test::run_shell(user + "cat " + copy);
  ASSERT_NE(read.exit_code, 0) << "the file can be read in spite of its mode";
  const auto inspect = test::run_shell(user + test::tessera_binary().string() + " inspect " + copy);
  EXPECT_EQ(inspect.exit_code, 1);
  EXPECT_THAT(inspect.err, HasSubstr("Permission denied"));
  const auto convert = test::run_shell(user + test::tessera_binary().string() + " convert " +
                                       in.string() + " " + program + "/out.safetensors");
  EXPECT_EQ(convert.exit_code, 1);
  EXPECT_THAT(convert.err, HasSubstr("cannot be written"));
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace tessera
