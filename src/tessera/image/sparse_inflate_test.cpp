#include "tessera/image/sparse_inflate.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "tessera/core/random.h"

namespace tessera {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes deflated(const Bytes& data, int level) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(level);
  Bytes zlib(libdeflate_zlib_compress_bound(compressor, data.size()));
  zlib.resize(
      libdeflate_zlib_compress(compressor, data.data(), data.size(), zlib.data(), zlib.size()));
  libdeflate_free_compressor(compressor);
  return zlib;
}

/// Of `period` bytes some are not 0; the same come again and again, each time with one changed.
Bytes sparse_data(std::size_t size, std::size_t period, int touched, Random random) {
  Bytes data(size);
  const auto touch = [&](std::size_t begin, std::size_t count) {
    const auto place = random.uniform_int(0, static_cast<std::int64_t>(count) - 1);
    data[begin + static_cast<std::size_t>(place)] =
        static_cast<std::uint8_t>(random.uniform_int(1, 255));
  };
  for (int i = 0; i < touched; ++i) touch(0, std::min(size, period));
  for (std::size_t begin = period; begin < size; begin += period) {
    const std::size_t count = std::min(size - begin, period);
    std::copy_n(data.data(), count, data.data() + begin);
    touch(begin, count);
  }
  return data;
}

/// The bytes that are not 0, and the end.
std::vector<PlacedByte> listed(const Bytes& data) {
  std::vector<PlacedByte> bytes;
  for (std::size_t i = 0; i < data.size(); ++i)
    if (data[i] != 0) bytes.push_back({static_cast<std::uint32_t>(i), data[i]});
  bytes.push_back({static_cast<std::uint32_t>(data.size()), 1});
  return bytes;
}

std::vector<PlacedByte> inflated(SparseInflater& inflater, const Bytes& zlib, std::size_t size) {
  const auto bytes = inflater.inflate(zlib, size);
  return bytes ? std::vector<PlacedByte>(bytes->begin(), bytes->end()) : std::vector<PlacedByte>();
}

TEST(SparseInflater, ListsTheBytesThatAreNotZero) {
  SparseInflater inflater;  // one for all: nothing of the last stream may be left
  const Random random(3);
  for (const std::size_t size : {1u, 100u, 5000u, 300'000u})
    for (const std::size_t period : {1u, 7u, 100u, 3745u, 32'768u})
      for (const int level : {0, 1, 6, 12}) {
        const int touched = static_cast<int>(period / 40) + (size == 100 ? 1 : 0);
        const Bytes data = sparse_data(size, std::max<std::size_t>(period, size / 2000), touched,
                                       random.fork(size + period));
        EXPECT_EQ(inflated(inflater, deflated(data, level), size), listed(data))
            << size << " bytes, period " << period << ", level " << level;
      }
}

TEST(SparseInflater, AMatchRepeatsItself) {
  Bytes data(20'000);
  for (std::size_t i = 10'000; i < 10'200; i += 5) data[i] = 9;
  SparseInflater inflater;
  EXPECT_EQ(inflated(inflater, deflated(data, 9), data.size()), listed(data));
}

TEST(SparseInflater, LeavesDenseDataToOthers) {
  SparseInflater inflater;
  const Bytes data(100'000, 7);
  EXPECT_FALSE(inflater.inflate(deflated(data, 6), data.size()));
  EXPECT_FALSE(inflater.inflate(deflated(data, 0), data.size()));
}

TEST(SparseInflater, TakesOnlyWholeStreamsOfTheRightSize) {
  const Bytes data = sparse_data(6000, 700, 9, Random(5));
  const Bytes zlib = deflated(data, 6);
  SparseInflater inflater;
  EXPECT_TRUE(inflater.inflate(zlib, data.size()));
  EXPECT_FALSE(inflater.inflate(zlib, data.size() - 1));
  EXPECT_FALSE(inflater.inflate(zlib, data.size() + 1));
  EXPECT_FALSE(inflater.inflate(zlib, std::size_t{1} << 40));
  for (std::size_t length = 0; length < zlib.size(); ++length)
    EXPECT_FALSE(inflater.inflate(std::span(zlib).first(length), data.size())) << length;
  for (std::size_t i = 0; i < zlib.size();
       ++i) {  // the checksum finds any change but of unused bits
    Bytes broken = zlib;
    broken[i] ^= 0x55;
    const auto bytes = inflated(inflater, broken, data.size());
    EXPECT_TRUE(bytes.empty() || bytes == listed(data)) << i;
  }
}

}  // namespace
}  // namespace tessera
