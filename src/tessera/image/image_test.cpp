#include "tessera/image/image.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Image, PixelsLieRowByRowWithInterleavedChannels) {
  Image image({4, 3}, 3);
  image.at(2, 1, 1) = 9;
  EXPECT_EQ(image.data()[(1 * 4 + 2) * 3 + 1], 9);
  EXPECT_EQ(image.row(1)[7], 9);
  EXPECT_EQ(image.values().size(), 36u);
  EXPECT_EQ(to_string(image.size()), "4x3");
}

}  // namespace
}  // namespace tessera
