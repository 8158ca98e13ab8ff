// Deflated data as in PNGs: what the sparse inflater accepts is what libdeflate finds. Its checksum
// is put right first, since no mutation would guess it.
#include <libdeflate.h>

#include <cstdlib>

#include "tessera/image/sparse_inflate.h"

namespace {

std::vector<tessera::PlacedByte> listed(std::span<const std::uint8_t> data) {
  std::vector<tessera::PlacedByte> bytes;
  for (std::size_t i = 0; i < data.size(); ++i)
    if (data[i] != 0) bytes.push_back({static_cast<std::uint32_t>(i), data[i]});
  bytes.push_back({static_cast<std::uint32_t>(data.size()), 1});
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<std::uint8_t> inflated(1 << 20);
  static libdeflate_decompressor* const plain = libdeflate_alloc_decompressor();
  static tessera::SparseInflater sparse;
  std::size_t used = 0, written = 0;
  const bool valid =
      libdeflate_deflate_decompress_ex(plain, data, size, inflated.data(), inflated.size(), &used,
                                       &written) == LIBDEFLATE_SUCCESS;
  std::vector<std::uint8_t> zlib = {0x78, 0x01};
  zlib.insert(zlib.end(), data, data + (valid ? used : size));
  const std::uint32_t checksum = libdeflate_adler32(1, inflated.data(), written);
  for (int shift = 24; shift >= 0; shift -= 8)
    zlib.push_back(static_cast<std::uint8_t>(checksum >> shift));
  const auto bytes = sparse.inflate(zlib, valid ? written : inflated.size());
  if (!bytes) return 0;
  if (!valid) std::abort();
  const auto expected = listed({inflated.data(), written});
  if (!std::equal(bytes->begin(), bytes->end(), expected.begin(), expected.end())) std::abort();
  return 0;
}
