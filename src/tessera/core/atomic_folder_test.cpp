#include "tessera/core/atomic_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

class AtomicFolderTest : public test::TemporaryFolder {
 protected:
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
};

TEST_F(AtomicFolderTest, AppearsWithCommitOnly) {
  const fs::path path = folder_ / "deep" / "out";
  {
    AtomicFolder out(path, false);
    write_text_file(out.path() / "a.txt", "a");
    EXPECT_FALSE(fs::exists(path));
    out.commit();
  }
  EXPECT_EQ(read_text_file(path / "a.txt"), "a");
}

TEST_F(AtomicFolderTest, LeavesNothingWithoutCommit) {
  {
    AtomicFolder out(folder_ / "out", false);
    write_text_file(out.path() / "a.txt", "a");
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(AtomicFolderTest, ReplacesAFullFolderOnlyWhenAsked) {
  const fs::path path = folder_ / "out";
  make_directories(path);
  write_text_file(path / "old.txt", "old");
  EXPECT_THAT([&] { AtomicFolder(path, false); },
              Throws<Error>(Property(&Error::what, HasSubstr("not empty"))));
  AtomicFolder out(path, true);
  write_text_file(out.path() / "new.txt", "new");
  out.commit();
  EXPECT_FALSE(fs::exists(path / "old.txt"));
  EXPECT_TRUE(fs::exists(path / "new.txt"));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(AtomicFolderTest, NamesAFileInItsPlace) {
  write_text_file(folder_ / "out", "file");
  EXPECT_THAT([&] { AtomicFolder(folder_ / "out", true); },
              Throws<Error>(Property(&Error::what, HasSubstr("a folder was expected"))));
}

// The superuser may write into any folder, but nobody can put another in a mount point's place.
TEST_F(AtomicFolderTest, RefusesAtOnceWhatCannotBeReplaced) {
  EXPECT_THAT([] { AtomicFolder("/proc", true); },
              Throws<Error>(Property(&Error::what, HasSubstr("/proc: "))));
}

TEST_F(AtomicFolderTest, RefusesAtOnceAFolderThatCannotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write into any folder";
  const fs::path path = folder_ / "out";
  make_directories(path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT([&] { AtomicFolder(path, true); },
              Throws<Error>(Property(&Error::what, HasSubstr("out: cannot be written"))));
}

TEST_F(AtomicFolderTest, RefusesAtOnceAPlaceBelowAFile) {
  write_text_file(folder_ / "file", "file");
  EXPECT_THAT([&] { AtomicFolder(folder_ / "file" / "out", true); },
              Throws<Error>(Property(&Error::what, HasSubstr("cannot be created"))));
}

}  // namespace
}  // namespace tessera
