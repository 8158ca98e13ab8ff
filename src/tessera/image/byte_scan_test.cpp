#include "tessera/image/byte_scan.h"

#include <gtest/gtest.h>

#include <vector>

namespace tessera {
namespace {

TEST(ByteScan, AChangeIsFoundAtEveryByte) {
  for (std::size_t size = 2; size < 200; ++size) {
    std::vector<std::uint8_t> row(size, 5);
    EXPECT_EQ(first_change(row.data(), 1, size, 1), size);
    for (std::size_t place = 1; place < size; ++place) {
      row[place] = 6;
      EXPECT_EQ(first_change(row.data(), 1, size, 1), place);
      row[place] = 5;
    }
  }
}

TEST(ByteScan, AByteIsComparedWithTheOneADistanceBefore) {
  std::vector<std::uint8_t> row;
  for (int pixel = 0; pixel < 40; ++pixel) row.insert(row.end(), {9, 8, 7});
  EXPECT_EQ(first_change(row.data(), 3, row.size(), 3), row.size());
  row[3 * 20 + 2] = 6;  // the last byte of pixel 20
  EXPECT_EQ(first_change(row.data(), 3, row.size(), 3), 3u * 20 + 2);
}

TEST(ByteScan, EveryByteThatIsNotZeroHasItsBit) {
  std::vector<std::uint8_t> bytes(64, 0);
  EXPECT_EQ(nonzero_bits(bytes.data()), 0u);
  for (std::size_t place = 0; place < 64; ++place) {
    bytes[place] = 128;
    EXPECT_EQ(nonzero_bits(bytes.data()), std::uint64_t{1} << place);
    bytes[place] = 0;
  }
  bytes[0] = bytes[17] = bytes[63] = 1;
  EXPECT_EQ(nonzero_bits(bytes.data()), 1u | std::uint64_t{1} << 17 | std::uint64_t{1} << 63);
}

}  // namespace
}  // namespace tessera
