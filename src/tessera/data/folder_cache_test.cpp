#include "tessera/data/folder_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using FolderCacheTest = test::TemporaryFolder;

TEST_F(FolderCacheTest, ListsSortedAndKnowsWhatIsThere) {
  make_directories(folder_ / "b");
  for (const char* name : {"10.png", "2.png", "a.jpg", ".hidden.png"})
    write_text_file(folder_ / name, "x");
  FolderCache cache;
  EXPECT_THAT(cache.files_ending(folder_, ".png"), testing::ElementsAre("10.png", "2.png"));
  EXPECT_THAT(cache.folders(folder_), testing::ElementsAre("b"));
  EXPECT_TRUE(cache.has_file(folder_ / "a.jpg"));
  EXPECT_FALSE(cache.has_file(folder_ / "b"));
  EXPECT_FALSE(cache.has_file(folder_ / "none" / "a.jpg"));
  EXPECT_TRUE(cache.has_folder(folder_ / "b"));
  EXPECT_FALSE(cache.has_folder(folder_ / "none"));
}

}  // namespace
}  // namespace tessera
