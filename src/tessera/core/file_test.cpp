#include "tessera/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using FileTest = test::TemporaryFolder;

TEST_F(FileTest, WritesWholeAndReadsBack) {
  write_text_file(folder_ / "a.txt", "hello");
  EXPECT_EQ(read_text_file(folder_ / "a.txt"), "hello");
  const MappedFile mapped(folder_ / "a.txt");
  EXPECT_EQ(std::string(mapped.bytes().begin(), mapped.bytes().end()), "hello");
}

TEST_F(FileTest, AbandonedWriteLeavesTheOldFileAndNothingElse) {
  write_text_file(folder_ / "a.txt", "old");
  {
    AtomicFile file(folder_ / "a.txt");
    file.write("new but never committed");
  }
  EXPECT_EQ(read_text_file(folder_ / "a.txt"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, NamesWhatIsWrong) {
  EXPECT_THAT([&] { read_file(folder_ / "none"); },
              ThrowsMessage<Error>(HasSubstr("none: no such file")));
  EXPECT_THAT([&] { MappedFile m(folder_); }, ThrowsMessage<Error>(HasSubstr("is a directory")));
  EXPECT_THAT([&] { write_text_file(folder_ / "no" / "a", ""); },
              ThrowsMessage<Error>(HasSubstr("cannot be written")));
  EXPECT_THAT([&] { list_files(folder_ / "none", ".png"); },
              ThrowsMessage<Error>(HasSubstr("no such folder")));
}

TEST_F(FileTest, ListsSortedByNameAsText) {
  for (const char* name : {"10.png", "9.png", "1.png", "x.jpg"})
    write_text_file(folder_ / name, "");
  make_directories(folder_ / "sub.png");
  std::vector<std::string> names;
  for (const fs::path& path : list_files(folder_, ".png")) names.push_back(path.filename());
  EXPECT_THAT(names, ::testing::ElementsAre("1.png", "10.png", "9.png"));
  EXPECT_EQ(list_folders(folder_).size(), 1u);
}

TEST_F(FileTest, EmptyFile) {
  write_text_file(folder_ / "empty", "");
  EXPECT_TRUE(read_file(folder_ / "empty").empty());
  EXPECT_TRUE(MappedFile(folder_ / "empty").bytes().empty());
}

}  // namespace
}  // namespace tessera
